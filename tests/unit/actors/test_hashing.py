"""The hashing actor on a stage: real hashers, real files and real sockets, a collector made of paper."""

from __future__ import annotations

import hashlib
import os
import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from thespian.actors import WatchMessage

from daemoneye.actors import foreman, hashers, hashing
from daemoneye.actors.hashing import PULSE_S, HashingActor
from daemoneye.actors.openings import AT_ONCE, PATIENCE_S
from daemoneye.hashing.packets import LONGEST, Alive, Ping, decode_order, encode
from daemoneye.hashing.roster import IDLE_S
from daemoneye.host import hasher
from daemoneye.host.handing import send_file, send_refusal
from daemoneye.messages.delivery import Taken
from daemoneye.messages.hashing import (
    Answers,
    Ask,
    Digested,
    FileAnswer,
    HashingState,
    OpenFile,
    Question,
    ReplaceWorker,
    Workers,
)
from daemoneye.messages.supervision import HashingSettings, Ready, SettingsApplied
from daemoneye.model.process import FileIdentity, HashStatus
from daemoneye.tree import COLLECTOR, FILES_IN, GATEWAY, INTEGRITY
from tests.fakes.actor_stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.model.reports import WorkerReport

# Another test may have left a thread behind, of which Python warns when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
LONG_S = 20.0
MIB = 1 << 20


def identity(path: Path) -> FileIdentity:
    found = path.stat()
    return FileIdentity(
        dev=found.st_dev,
        ino=found.st_ino,
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
        ctime_ns=found.st_ctime_ns,
    )


class Scene(Stage[HashingActor]):
    """With a collector that opens the file of which a test says that the process runs it."""

    def __init__(self, out: socket.socket, into: socket.socket) -> None:
        super().__init__(HashingActor(), sockets={FILES_IN: into})
        self.out = out
        self.runs: dict[int, Path] = {}
        self.numbers = iter(range(1, 100_000))
        self.answered = 0
        self.opens = True

    def close(self) -> None:
        self.stop()
        super().close()

    def ask(self, *paths: Path, priority: int = 1) -> list[int]:
        questions = []
        for path in paths:
            number = next(self.numbers)
            self.runs[number] = path
            questions.append(self.question(number, identity(path), priority))
        self.deliver(Ask(number=questions[0].number, questions=tuple(questions)), INTEGRITY)
        return [each.number for each in questions]

    def question(self, number: int, file: FileIdentity, priority: int = 1) -> Question:
        return Question(
            number=number,
            file=file,
            pid=number,
            start_ticks=0,
            there=False,
            priority=priority,
            mount_namespace=None,
        )

    def turn(self, then_s: float = 0.05) -> None:
        """Whatever is to be read, with the collector and the others doing their part; time passes when all is quiet."""
        self.play_others()
        while ready := select.select(self.watched, [], [], 0.02)[0]:
            self.deliver(WatchMessage(ready))
            self.play_others()
        self.pass_time(then_s)

    def until_readable(self, count: int) -> None:
        end_s = time.monotonic() + LONG_S
        while len(select.select(self.watched, [], [], 0.01)[0]) < count:
            assert time.monotonic() < end_s, "nobody says anything"

    def wait(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.turn(min(PULSE_S, until_s - self.now_s))

    def play_others(self) -> None:
        new, self.answered = self.said[self.answered :], len(self.said)
        for listener, message in new:
            match message:
                case OpenFile() if self.opens:
                    self.open(message)
                case Answers(number=number) | Digested(number=number) | HashingState(number=number):
                    self.deliver(Taken(number=number), listener)

    def open(self, order: OpenFile) -> None:
        try:
            with self.runs[order.pid].open("rb") as file:
                assert send_file(self.out, order.number, file.fileno())
        except FileNotFoundError:
            send_refusal(self.out, order.number, HashStatus.GONE, "the process has\x1b ended")

    def until(self, true: Callable[[], Any]) -> Any:
        end_s = time.monotonic() + LONG_S
        while not (found := true()):
            assert time.monotonic() < end_s, "it did not come to that"
            self.turn()
        return found

    def answer(self, number: int) -> FileAnswer:
        def found() -> list[FileAnswer]:
            return [each for message in self.heard(Answers) for each in message.answers if number in each.questions]

        self.until(found)
        (only,) = found()
        return only

    @property
    def workers(self) -> dict[str, WorkerReport]:
        return {each.name: each for each in self.heard(Workers)[-1].workers}

    @property
    def pids(self) -> list[int]:
        return [each.pid for each in self.workers.values() if each.pid]

    def reader(self, path: Path) -> int | None:
        """The worker that has it open."""
        for pid in self.pids:
            with suppress(FileNotFoundError):
                if path in [each.readlink() for each in Path(f"/proc/{pid}/fd").iterdir()]:
                    return pid
        return None

    def states(self) -> list[str]:
        return [each.state for each in self.workers.values()]

    def all_run(self) -> bool:
        return set(self.states()) == {"running"}


@pytest.fixture
def settings(tmp_path: Path) -> HashingSettings:
    (tmp_path / "state").mkdir()
    return HashingSettings(
        state_dir=str(tmp_path / "state"),
        enabled=True,
        workers=2,
        bytes_per_second=50 * MIB,
        file_timeout_s=30.0,
        max_file_size=512 * MIB,
        ssdeep=True,
        md5=True,
    )


@pytest.fixture
def scene() -> Iterator[Scene]:
    out, into = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    with out, into:
        made = Scene(out, into)
        yield made
        pids = [each.pid for message in made.heard(Workers) for each in message.workers if each.pid]
        made.close()
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, Any]]]:
    lines: list[tuple[str, str, dict[str, Any]]] = []
    for module in (hashing, foreman, hashers):
        monkeypatch.setattr(module, "log", lambda level, name, **fields: lines.append((level, name, fields)))
    return lines


@pytest.fixture
def begun(scene: Scene, settings: HashingSettings) -> Scene:
    scene.begin(settings)
    for role in (INTEGRITY, COLLECTOR, GATEWAY):
        scene.introduce(role)
    scene.until(scene.all_run)
    return scene


def old(path: Path, content: bytes) -> Path:
    """A file that has not been touched for long, as far as the actor's clock can tell."""
    path.write_bytes(content)
    return path


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


# -- digests


def test_a_file_is_hashed_and_everybody_is_told(begun: Scene, tmp_path: Path) -> None:
    """The one who asked gets the digests by the number of its question, the collector those of the file."""
    path = old(tmp_path / "program", b"program" * 100_000)
    (number,) = begun.ask(path)
    assert begun.said_to(INTEGRITY)[0] == Taken(number=number)
    answer = begun.answer(number)
    content = path.read_bytes()
    assert (answer.status, answer.file) == (HashStatus.HASHED, identity(path))
    assert answer.content
    assert answer.content.sha256 == hashlib.sha256(content).hexdigest()
    assert answer.content.ssdeep
    assert answer.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    begun.until(lambda: begun.heard(Digested))
    (digest,) = begun.heard(Digested)[0].files
    assert (digest.ino, digest.sha256, digest.ssdeep) == (
        path.stat().st_ino,
        answer.content.sha256,
        answer.content.ssdeep,
    )
    assert (digest.status, digest.ssdeep_missing) == (HashStatus.HASHED, False)


def test_a_file_that_moved_is_told_by_both_of_its_identities(begun: Scene, tmp_path: Path) -> None:
    """A program that was unlinked meanwhile has a later time of change than the record that is to be stamped."""
    path = old(tmp_path / "program", b"program" * 1000)
    asked = identity(path)
    number = next(begun.numbers)
    begun.runs[number] = path
    os.link(path, tmp_path / "other")
    begun.deliver(Ask(number=1, questions=(begun.question(number, asked),)), INTEGRITY)
    assert begun.answer(number).file == identity(path) != asked
    begun.until(lambda: begun.heard(Digested))
    assert [each.ctime_ns for each in begun.heard(Digested)[0].files] == [asked.ctime_ns, path.stat().st_ctime_ns]


def test_what_cannot_be_opened_is_told_with_the_reason(begun: Scene, tmp_path: Path) -> None:
    """As the collector has it, with nothing in it that a terminal would obey."""
    path = old(tmp_path / "program", b"x")
    begun.runs[50] = tmp_path / "no such file"
    begun.deliver(Ask(number=1, questions=(begun.question(50, identity(path)),)), INTEGRITY)
    answer = begun.answer(50)
    assert (answer.status, answer.reason, answer.content) == (HashStatus.GONE, "the process has\\x1b ended", None)
    begun.until(lambda: begun.heard(Digested))
    (digest,) = begun.heard(Digested)[0].files
    assert (digest.status, digest.sha256) == (HashStatus.GONE, "")


def test_a_thousand_questions_cost_no_descriptors(begun: Scene, tmp_path: Path) -> None:
    """Files are opened when somebody is free to read them, and not before; nobody is asked for all at once."""
    paths = [old(tmp_path / f"program {number}", b"%d" % number) for number in range(1000)]
    before = open_descriptors()
    begun.opens = False
    numbers = begun.ask(*paths)
    begun.turn()
    assert len(begun.heard(OpenFile)) == 2
    assert open_descriptors() == before
    begun.opens = True
    begun.introduce(COLLECTOR)
    begun.until(lambda: sum(len(each.answers) for each in begun.heard(Answers)) == 1000)
    assert {number for each in begun.heard(Answers) for answer in each.answers for number in answer.questions} == {
        *numbers
    }


def test_what_is_known_is_answered_at_once_and_after_a_restart(
    begun: Scene, tmp_path: Path, settings: HashingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From memory, and by the next from the store."""
    path = old(tmp_path / "program", b"program")
    wall_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall_ns() + 10**10)  # it has not been touched for long
    first = begun.answer(begun.ask(path)[0])
    number = begun.ask(path)[0]
    assert begun.answer(number).status is HashStatus.CACHED
    assert len(begun.heard(OpenFile)) == 1
    begun.stop()
    later = Scene(begun.out, begun.sockets[FILES_IN])
    later.begin(settings)
    later.introduce(INTEGRITY)
    again = later.answer(later.ask(path)[0])
    assert (again.status, again.content, again.md5) == (HashStatus.CACHED, first.content, first.md5)
    later.close()


def test_a_question_that_comes_twice_in_one_breath_is_answered(begun: Scene, tmp_path: Path) -> None:
    """Be it known or not; what a sibling says is no reason to die."""
    path = old(tmp_path / "program", b"program")
    begun.runs[7] = path
    question = begun.question(7, identity(path), priority=99)
    begun.deliver(Ask(number=1, questions=(question, question)), INTEGRITY)
    assert begun.answer(7).status is HashStatus.HASHED


def test_settings_change_while_it_works(begun: Scene, settings: HashingSettings, tmp_path: Path) -> None:
    """Limits and the number of workers; switched off there is nobody, and whoever asks is told so."""
    begun.apply(replace(settings, workers=3, max_file_size=1024))
    assert begun.heard(SettingsApplied)
    begun.until(lambda: begun.states() == ["running"] * 3)
    assert begun.answer(begun.ask(old(tmp_path / "large", b"x" * 2000))[0]).status is HashStatus.TOO_LARGE
    begun.apply(replace(settings, workers=1, enabled=False))
    begun.until(lambda: set(begun.states()) == {"idle"})
    begun.turn()
    assert begun.answer(begun.ask(old(tmp_path / "small", b"x"))[0]).status is HashStatus.DISABLED


# -- workers


def test_all_workers_are_there_at_the_start_and_end_when_there_is_nothing_to_do(begun: Scene) -> None:
    """By names that stay, with what there is to know of each."""
    assert list(begun.workers) == ["hasher_1", "hasher_2"]
    for each in begun.workers.values():
        assert each.pid
        assert Path(f"/proc/{each.pid}/cmdline").read_bytes().startswith(f"daemoneye: {each.name} [none]".encode())
        assert (each.restarts, each.generation, each.began_s, each.last_words) == (0, 1, 1000.0, "")
    begun.wait(IDLE_S)
    begun.until(lambda: begun.states() == ["idle", "idle"])
    assert [each.restarts for each in begun.workers.values()] == [0, 0]


def test_a_worker_that_is_killed_is_back_at_once(begun: Scene, lines: list[Any]) -> None:
    """In its place, by its name, with nothing to do or not."""
    pid = begun.workers["hasher_1"].pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    begun.until(lambda: begun.all_run() and begun.workers["hasher_1"].pid != pid)
    after = begun.workers["hasher_1"]
    assert (after.restarts, after.generation, after.last_words) == (1, 2, "killed by SIGKILL")
    assert ("warning", "hashing.worker_lost", {"worker": "hasher_1", "because": "killed by SIGKILL"}) in lines


def test_a_file_in_the_hand_of_one_that_is_killed_is_hashed_by_another(begun: Scene, tmp_path: Path) -> None:
    """Nobody notices, but for the time it takes."""
    paths = [old(tmp_path / f"program {n}", os.urandom(16 * MIB)) for n in range(2)]
    numbers = begun.ask(*paths)
    for path in paths:
        os.kill(begun.until(lambda: begun.reader(path)), signal.SIGKILL)  # noqa: B023
    assert {begun.answer(number).status for number in numbers} == {HashStatus.HASHED}


def test_a_file_that_is_the_end_of_its_workers_is_left_alone(
    begun: Scene, tmp_path: Path, lines: list[Any], settings: HashingSettings
) -> None:
    """After two of them; a line in the log, and others are hashed."""
    begun.apply(replace(settings, bytes_per_second=MIB))  # slow enough to be found at it
    deadly, harmless = old(tmp_path / "deadly", os.urandom(4 * MIB)), old(tmp_path / "harmless", b"x")
    (number,) = begun.ask(deadly)
    for _ in range(2):
        pid = begun.until(lambda: begun.reader(deadly))
        os.kill(pid, signal.SIGKILL)
        begun.until(lambda: pid not in begun.pids)  # noqa: B023
    answer = begun.answer(number)
    assert (answer.status, answer.reason) == (HashStatus.QUARANTINED, "its worker died 2 times")
    assert begun.answer(begun.ask(harmless)[0]).status is HashStatus.HASHED
    assert [name for level, name, _ in lines if level == "warning" and name != "hashing.worker_lost"] == [
        "hashing.quarantined",
        "hashing.degraded",
    ]
    begun.until(lambda: begun.heard(HashingState)[-1].report.quarantined == 1)


def test_a_stopped_worker_without_work_is_found_and_replaced(begun: Scene) -> None:
    """Within ten seconds; nothing is held against anybody."""
    pid = begun.workers["hasher_2"].pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    begun.wait(9)
    begun.until(lambda: begun.all_run() and begun.workers["hasher_2"].pid != pid)
    assert begun.now_s <= 1010
    assert begun.workers["hasher_2"].last_words == "killed by SIGKILL: was stopped"


def test_a_worker_that_gives_no_answer_is_found_and_replaced(begun: Scene) -> None:
    """Within ten seconds, though it had nothing to do."""

    def be_deaf(own: socket.socket) -> None:
        own.send(encode(Alive(0)))
        time.sleep(LONG_S)

    strange(begun, be_deaf)
    begun.until(begun.all_run)
    lives_like(begun, hasher.live)
    begun.wait(9)
    begun.until(begun.all_run)
    assert {each.last_words for each in begun.workers.values()} == {"killed by SIGKILL: gave no answer"}


def test_a_worker_that_is_stopped_at_work_is_replaced(begun: Scene, tmp_path: Path) -> None:
    """Within ten seconds, and another one hashes what it had in hand: nobody hears of anything."""
    for each in begun.workers.values():
        assert each.pid
        os.kill(each.pid, signal.SIGSTOP)
    numbers = begun.ask(*(old(tmp_path / f"program {n}", b"program %d" % n) for n in range(4)))
    begun.wait(9)
    assert {begun.answer(number).status for number in numbers} == {HashStatus.HASHED}
    assert begun.now_s <= 1010
    assert {each.last_words for each in begun.workers.values()} == {"killed by SIGKILL: was stopped"}
    begun.until(lambda: begun.heard(HashingState)[-1].report.files == (("hashed", 4),))


def test_a_worker_that_hangs_at_work_is_killed_at_its_deadline(
    begun: Scene, tmp_path: Path, settings: HashingSettings
) -> None:
    """Whoever asked hears of a timeout; meanwhile the actor is not held up."""
    begun.apply(replace(settings, workers=1, file_timeout_s=3.0))
    begun.until(lambda: begun.states() == ["idle", "running"])

    def hang(own: socket.socket) -> None:
        own.send(encode(Alive(0)))
        while isinstance(order := decode_order(own.recv(LONGEST)), Ping):
            own.send(encode(Alive(order.number)))
        time.sleep(LONG_S)

    strange(begun, hang)
    begun.until(lambda: begun.states() == ["running"])
    (number,) = begun.ask(old(tmp_path / "program", b"program"))
    assert begun.heartbeat().idle
    lives_like(begun, hasher.live)
    begun.wait(5)
    assert begun.answer(number).status is HashStatus.TIMEOUT
    begun.until(lambda: begun.states() == ["running"])
    assert begun.answer(begun.ask(tmp_path / "program")[0]).status is HashStatus.HASHED


def test_an_operator_can_have_a_worker_replaced(begun: Scene, tmp_path: Path) -> None:
    """As often as he likes: no restart is counted, and no file blamed; one that was let go comes back."""
    paths = [old(tmp_path / f"program {n}", os.urandom(8 * MIB)) for n in range(2)]
    numbers = begun.ask(*paths)
    for _ in range(3):
        begun.turn()
        pid = begun.workers["hasher_1"].pid
        begun.deliver(ReplaceWorker(name="hasher_1"))
        begun.until(lambda: begun.all_run() and begun.workers["hasher_1"].pid != pid)  # noqa: B023
    assert {begun.answer(number).status for number in numbers} == {HashStatus.HASHED}
    assert (begun.workers["hasher_1"].restarts, begun.workers["hasher_1"].generation) == (0, 4)
    begun.wait(IDLE_S)
    begun.until(lambda: begun.states() == ["idle", "idle"])
    begun.deliver(ReplaceWorker(name="hasher_1"))
    begun.until(lambda: begun.states() == ["running", "idle"])


def lives_like(begun: Scene, live: Callable[[socket.socket], object]) -> None:
    """From now on workers do."""
    begun.actor._hashers._start.keywords["live"] = live  # type: ignore[attr-defined]


def strange(begun: Scene, live: Callable[[socket.socket], object]) -> None:
    """Of those that there are, too."""
    lives_like(begun, live)
    for pid in begun.pids:
        os.kill(pid, signal.SIGKILL)
        begun.until(lambda: pid not in begun.pids)  # noqa: B023


@pytest.mark.parametrize(
    "packet",
    [b"\x00", b"\xff" * 100, encode(Alive(0)), b"\x05" + bytes(16), b"\x06" + bytes(23), b"\x06" + b"\xff" * 2000],
    ids=["no word", "noise", "its name again", "asks for nothing", "reports nothing", "a long report"],
)
def test_a_worker_that_says_what_cannot_be_is_killed(begun: Scene, packet: bytes, lines: list[Any]) -> None:
    """A hostile file that has taken a worker over gets nothing out of it but its end."""

    def live(own: socket.socket) -> None:
        own.send(encode(Alive(0)))
        own.send(packet)
        own.recv(1)

    strange(begun, live)
    begun.until(lambda: any("said what cannot be" in fields["because"] for _, _, fields in lines))


def test_workers_that_die_at_once_are_started_ever_more_slowly(begun: Scene) -> None:
    """What they came upon is shown; they cost next to nothing."""

    def live(_: socket.socket) -> None:
        raise MemoryError("no room\n")

    strange(begun, live)
    begun.wait(12)
    begun.until(lambda: "backing_off" in begun.states())
    worker = max(begun.workers.values(), key=lambda each: each.restarts)
    assert worker.last_words == "exited with 70: MemoryError: no room\\x0a"
    assert worker.restarts < 12


def test_one_that_cannot_be_started_is_told_and_tried_again(begun: Scene, lines: list[Any]) -> None:
    """No process is to be had at the moment."""
    start = begun.actor._hashers._start

    def refuse(_: str) -> Any:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    begun.actor._hashers._start = refuse
    pid = begun.workers["hasher_1"].pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    begun.until(lambda: any(name == "hashing.worker_not_started" for _, name, _ in lines))
    assert begun.workers["hasher_1"].state == "backing_off"
    begun.actor._hashers._start = start
    begun.until(begun.all_run)


# -- the collector


def test_a_file_that_nobody_asked_for_is_closed(begun: Scene, tmp_path: Path) -> None:
    """An unknown number, or a known one twice."""
    path = old(tmp_path / "program", b"program")
    before = open_descriptors()
    (number,) = begun.ask(path)
    assert begun.answer(number).status is HashStatus.HASHED
    (order,) = begun.heard(OpenFile)
    with path.open("rb") as file:
        for each in (order.number, order.number + 1, 0):
            send_file(begun.out, each, file.fileno())
        begun.turn()
    assert open_descriptors() == before


def test_a_file_from_anybody_else_is_closed(begun: Scene, tmp_path: Path) -> None:
    """The process that the kernel names has to be the collector that we were introduced to."""
    begun.opens = False
    path = old(tmp_path / "program", b"program")
    begun.ask(path)
    (order,) = begun.heard(OpenFile)
    pid = os.fork()
    if not pid:
        with path.open("rb") as file:
            send_file(begun.out, order.number, file.fileno())
        os._exit(0)
    os.waitpid(pid, 0)
    before = open_descriptors()
    begun.turn()
    assert open_descriptors() == before
    assert not begun.heard(Answers)


def test_a_collector_that_is_restarted_is_asked_again(begun: Scene, tmp_path: Path) -> None:
    """Nothing that it was to open is missing in the end, and no coverage is lost for it, however long it takes."""
    begun.opens = False
    numbers = begun.ask(*(old(tmp_path / f"program {n}", b"%d" % n) for n in range(5)))
    begun.turn()
    assert len(begun.heard(OpenFile)) == 2
    begun.wait(PATIENCE_S - 5)
    begun.opens = True
    begun.introduce(COLLECTOR)
    assert {begun.answer(number).status for number in numbers} == {HashStatus.HASHED}


def test_without_a_collector_everybody_waits(scene: Scene, settings: HashingSettings, tmp_path: Path) -> None:
    """It is not there yet, or is being restarted: that is nobody's shortage."""
    scene.begin(settings)
    scene.introduce(INTEGRITY)
    assert scene.heard(Ready)
    numbers = scene.ask(*(old(tmp_path / f"program {n}", b"%d" % n) for n in range(5)))
    scene.wait(300)
    assert not scene.heard(Answers)
    scene.introduce(COLLECTOR)
    assert {scene.answer(number).status for number in numbers} == {HashStatus.HASHED}


def test_a_collector_that_opens_nothing_is_given_up_and_not_flooded(begun: Scene, tmp_path: Path) -> None:
    """Whoever asked hears of a timeout; what is on its way to it is never more than a few messages."""
    begun.opens = False
    numbers = begun.ask(*(old(tmp_path / f"program {n}", b"%d" % n) for n in range(40)))
    for _ in range(10):
        begun.wait(PATIENCE_S + PULSE_S)
    assert len(begun.heard(OpenFile)) == AT_ONCE
    answer = begun.answer(numbers[0])
    assert (answer.status, answer.reason) == (HashStatus.TIMEOUT, "was not opened in time")
    # a late answer makes room for another question, and does no harm
    begun.open(begun.heard(OpenFile)[0])
    begun.until(lambda: len(begun.heard(OpenFile)) == AT_ONCE + 1)


# -- telling


def test_how_it_is_is_told_once_a_second_and_only_when_it_was_taken(begun: Scene, tmp_path: Path) -> None:
    """In numbers, to whoever shows them."""
    begun.answer(begun.ask(old(tmp_path / "program", b"program"))[0])
    begun.until(lambda: begun.heard(HashingState)[-1].report.files == (("hashed", 1),))
    report = begun.heard(HashingState)[-1].report
    assert (report.bytes_read, report.waiting, report.share, report.trouble) == (7, 0, report.share, "")
    assert {each[0] for each in report.bounded} >= {"hash_cache", "hash_questions"}
    told = len(begun.heard(HashingState))
    begun.wait(30)
    assert len(begun.heard(HashingState)) - told <= 2
    begun.play_others()
    begun.introduce(GATEWAY)
    assert len(begun.heard(HashingState)) > told


def test_a_store_that_cannot_be_written_is_told_once(
    scene: Scene, settings: HashingSettings, tmp_path: Path, lines: list[Any]
) -> None:
    """Files are hashed all the same; when it can be written again, that is told, too."""
    scene.begin(replace(settings, state_dir=str(tmp_path / "nowhere")))
    scene.introduce(INTEGRITY)
    scene.introduce(COLLECTOR)
    for each in range(3):
        path = old(tmp_path / f"program {each}", b"%d" % each)
        assert scene.answer(scene.ask(path)[0]).status is HashStatus.HASHED
    assert [name for _, name, _ in lines if name.startswith("hashing")] == ["hashing.cannot_remember"]


def test_a_store_that_can_be_written_again_is_told_though_there_is_nothing_to_write(
    scene: Scene, settings: HashingSettings, tmp_path: Path, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble that is over does not last until the next program is started."""
    monkeypatch.setattr(hashing, "wall_ms", lambda: int(scene.now_s * 1000))
    scene.begin(replace(settings, state_dir=str(tmp_path / "later")))
    scene.introduce(GATEWAY)
    (tmp_path / "later").mkdir()
    scene.wait(PULSE_S + 1)
    assert [name for _, name, _ in lines] == ["hashing.cannot_remember", "hashing.remembers_again"]
    assert scene.actor._report().trouble == ""


def test_a_damaged_store_is_put_aside_and_told(
    scene: Scene, settings: HashingSettings, tmp_path: Path, lines: list[Any]
) -> None:
    """It is begun anew."""
    (tmp_path / "state/hashes.db").write_bytes(b"no database" * 1000)
    scene.begin(settings)
    assert [name for _, name, _ in lines] == ["hashing.put_aside"]


def test_asked_to_stop_it_leaves_nobody_behind_and_nobody_blamed(
    begun: Scene, settings: HashingSettings, tmp_path: Path
) -> None:
    """Those at work and those that are stopped included, in a few seconds."""
    os.kill(begun.workers["hasher_1"].pid or 0, signal.SIGSTOP)
    begun.ask(*(old(tmp_path / f"program {n}", os.urandom(8 * MIB)) for n in range(2)))
    begun.turn()
    before_s = time.monotonic()
    begun.stop()
    assert time.monotonic() - before_s < 4
    later = Scene(begun.out, begun.sockets[FILES_IN])
    later.begin(settings)
    assert later.actor._foreman.pool.occupancies[-1].entries == 0
    later.close()


def test_silence_is_judged_after_what_was_said_was_read(begun: Scene) -> None:
    """An actor that was kept from reading for long does not take its workers for silent."""
    pids = {each.pid for each in begun.workers.values()}
    for _ in range(2):
        begun.now_s += 5 * PULSE_S
        begun.pass_time(0)
        begun.until_readable(2)
    begun.turn()
    assert {each.pid for each in begun.workers.values()} == pids

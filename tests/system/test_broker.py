"""The broker among real processes: what it lends, what it takes back, and what it does when they die."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.system.toy_tree import knock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
SOON_S = 10.0  # a loaded machine
# What main has open, whatever it has done before; each lease is one more.
IDLE_DESCRIPTORS = (
    *("standard input", "standard output", "standard error", "the toys' notes"),
    *("the door", "signals", "signals' other end", "the init system", "the runner", "the control"),
    "the supervisor",
)


def within(seconds: float, happens: Callable[[], object]) -> bool:
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Stage:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(directory / "notify"))
        self.notified.settimeout(SOON_S)
        self.seen: set[int] = set()  # everybody who ever was below main
        self.process: subprocess.Popen[bytes] | None = None

    def play(self, *, wait: bool = True, **options: object) -> Stage:
        environment = os.environ | {"NOTIFY_SOCKET": str(self.directory / "notify")}
        command = [sys.executable, "-m", "tests.system.toy_tree", str(self.directory), json.dumps(options)]
        with (self.directory / "errors").open("wb") as errors:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
            )
        if wait:
            self.await_tree(1)
        return self

    @property
    def main(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def notes(self) -> list[dict[str, Any]]:
        path = self.directory / "notes"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def noted(self, key: str) -> list[Any]:
        return [each[key] for each in self.notes if key in each]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.notes if each.get("event") == name]

    def await_tree(self, number: int) -> None:
        orders = self.directory / "orders"
        assert within(SOON_S, lambda: len(self.noted("supervisor")) >= number), self.notes
        # a new tree moves its own socket over that of the one before
        wanted = self.noted("supervisor")[-1]
        assert within(SOON_S, lambda: orders.exists() and self.answers(wanted)), self.notes
        self.look()

    def answers(self, pid: int) -> bool:
        try:
            return bool(self.order("descriptors")) and self.noted("supervisor")[-1] == pid
        except OSError:
            return False

    def order(self, do: str, **how: object) -> Any:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(SOON_S)
            connection.connect(str(self.directory / "orders"))
            connection.send(json.dumps({"do": do, **how}).encode())
            answer = connection.recv(65536)
        self.look()
        return json.loads(answer) if answer else None  # who is killed for it does not answer

    def look(self) -> None:
        """Remember who is there."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.seen = self.seen | {each.pid for each in psutil.Process(self.main).children(recursive=True)}

    @property
    def survivors(self) -> set[int]:
        return {pid for pid in self.seen | set(self.noted("grandchild")) if lives(pid)}

    def zombies(self) -> list[int]:
        return [each.pid for each in psutil.Process(self.main).children() if each.status() == psutil.STATUS_ZOMBIE]

    def send(self, number: int) -> None:
        os.kill(self.main, number)

    def exit_code(self) -> int:
        assert self.process
        return self.process.wait(SOON_S)

    def heard(self, until: str) -> list[str]:
        """What the init system was told, up to that line."""
        lines: list[str] = []
        while until not in lines:
            lines += self.notified.recv(4096).decode().splitlines()
        return lines

    def hear_nothing(self, line: str, during_s: float) -> bool:
        deadline = time.monotonic() + during_s
        while (left_s := deadline - time.monotonic()) > 0:
            self.notified.settimeout(left_s)
            try:
                if line in self.notified.recv(4096).decode().splitlines():
                    return False
            except TimeoutError:
                pass
        self.notified.settimeout(SOON_S)
        return True

    def leave(self) -> None:
        """Twice, and so at once; a main that is measured has to write down what was."""
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            self.send(signal.SIGTERM)
            self.send(signal.SIGTERM)
            assert self.process
            self.process.wait(2)

    def end(self) -> None:
        if self.process:
            self.look()
            self.leave()
            self.process.kill()
            self.process.wait()
        for pid in self.survivors:
            os.kill(pid, signal.SIGKILL)
        self.notified.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    directory = Path(tempfile.mkdtemp(prefix="de-"))  # short: the path of a socket has 108 bytes
    stage = Stage(directory)
    yield stage
    stage.end()
    assert (directory / "errors").read_text() == ""  # nobody ever saw a traceback
    shutil.rmtree(directory)


# lending


def test_a_process_is_lent_and_taken_back(stage: Stage) -> None:
    """Who borrows a process gets it from main, and ends it by giving it back."""
    stage.play()
    pid = stage.order("start", role="sleeper")
    assert psutil.Process(pid).ppid() == stage.main
    assert within(SOON_S, lambda: os.getpgid(pid) == pid)  # Ctrl-C at a terminal is for main alone
    assert stage.order("kill", pid=pid) == "killed by SIGKILL"
    assert not psutil.pid_exists(pid)


def test_closing_is_enough(stage: Stage) -> None:
    """The connection is the lease: when it closes, the process goes, and nothing else does."""
    stage.play()
    stays, goes = stage.order("start", role="sleeper"), stage.order("start", role="sleeper")
    stage.order("close", pid=goes)
    assert within(SOON_S, lambda: not psutil.pid_exists(goes))
    assert lives(stays)
    assert stage.zombies() == []


@pytest.mark.parametrize(
    ("role", "end"),
    [
        ("crasher", r"exited with 70: ValueError: bad\x1b[31m input (toy_tree.py:"),
        ("talker", r"exited with 3: out of \x1b[31mideas"),
        ("quitter", "exited with 0"),
    ],
)
def test_a_lent_process_is_heard_when_it_ends(stage: Stage, role: str, end: str) -> None:
    """How a process ended and what it said last arrive together, harmless to a terminal."""
    stage.play()
    assert stage.order("outcome", pid=stage.order("start", role=role)).startswith(end)
    assert stage.zombies() == []


def test_two_hundred_leases_leave_nothing_behind(stage: Stage) -> None:
    """Neither side has a descriptor more after months of restarts."""
    stage.play()
    stage.order("kill", pid=stage.order("start", role="sleeper"))
    main = psutil.Process(stage.main)
    assert within(SOON_S, lambda: main.num_fds() == len(IDLE_DESCRIPTORS))
    before = stage.order("descriptors")
    for number in range(200):
        stage.order("outcome" if number % 2 else "kill", pid=stage.order("start", role="quitter"))
    assert within(SOON_S, lambda: main.num_fds() == len(IDLE_DESCRIPTORS))  # it closes after it has told us
    assert stage.order("descriptors") == before
    assert stage.zombies() == []
    assert len(stage.events("refused")) == 0


def test_leases_are_bounded(stage: Stage) -> None:
    """A supervisor gone mad starts sixty-four processes and no more."""
    stage.play()
    answers = [stage.order("start", role="sleeper") for _ in range(66)]
    assert answers[64:] == ["LeaseRefusedError: EUSERS"] * 2
    assert stage.order("kill", pid=answers[0]) == "killed by SIGKILL"
    assert isinstance(stage.order("start", role="sleeper"), int)


def test_a_child_holds_nothing_of_mains(stage: Stage) -> None:
    """What main can do is not handed down: of its sockets, a lent process has none."""
    stage.play()
    pids = [stage.order("start", role="sleeper") for _ in range(3)]
    assert within(SOON_S, lambda: [sockets(pid) for pid in pids] == [[], [], []])
    assert len(sockets(stage.main)) >= len(pids)


def sockets(pid: int) -> list[str]:
    opened = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
    return [each for each in opened if each.startswith("socket:")]


# refusing


@pytest.mark.parametrize(
    "first",
    [
        "",
        "start sleeper",
        "control\n",
        "stopped",
        "start /bin/sh 1 1 supervisor.{pid}.0123abcd logger.1.0123abcd 1",
        "start root 1 1 supervisor.{pid}.0123abcd logger.1.0123abcd 1",
        "start sleeper 1 1 supervisor.1.0123abcd logger.1.0123abcd 1",
        "start sleeper 1 1 admin logger.1.0123abcd 1",
        "start sleeper 1 1 supervisor.{pid}.0123abcd ../logger 1",
        "start sleeper 99999999999 1 supervisor.{pid}.0123abcd logger.1.0123abcd 1",
        "\x80\x04\x95" + "A" * 100,
        "A" * 10_000,
        "control",  # there is one already
    ],
)
def test_what_is_no_word_is_refused_and_nobody_notices(stage: Stage, first: str) -> None:
    """Garbage, another role, another parent, a second control: main hangs up and serves on."""
    stage.play()
    pid = stage.order("start", role="sleeper")
    before = stage.seen
    assert stage.order("knock", first=first.format(pid=stage.noted("supervisor")[0])) == "hung up"
    assert lives(pid)
    assert isinstance(stage.order("start", role="sleeper"), int)
    assert len(stage.seen) == len(before) + 1
    assert len(stage.events("refused")) == 1
    assert stage.events("tree_lost") == []


def test_a_lease_takes_one_order(stage: Stage) -> None:
    """Who says more than one word over a lease loses what was lent."""
    stage.play()
    word = f"start sleeper 1 1 supervisor.{stage.noted('supervisor')[0]}.0123abcd logger.1.0123abcd 1"
    assert stage.order("knock", first=word, then=word).startswith("started ")
    assert within(SOON_S, lambda: len(psutil.Process(stage.main).children()) == 2)  # the runner and the admin


def test_strangers_are_not_heard(stage: Stage) -> None:
    """Any process but the supervisor, whatever its user, is refused before it is read, and told of once a minute."""
    stage.play()
    word = f"start sleeper 1 1 supervisor.{os.getpid()}.0123abcd logger.1.0123abcd 1".encode()
    assert [knock(stage.directory / "broker.sock", word) for _ in range(20)] == ["hung up"] * 20
    assert [each["kind"] for each in stage.events("refused")] == ["stranger"]
    assert isinstance(stage.order("start", role="sleeper"), int)


def test_a_supervisor_that_babbles_is_replaced(stage: Stage) -> None:
    """What cannot be said over the control is the end of that tree, and of nothing else."""
    stage.play()
    pid = stage.order("start", role="sleeper")
    stage.order("babble", text="state running all\x1b[2J well")
    stage.await_tree(2)
    assert not lives(pid)
    assert stage.events("tree_lost")[0]["reason"] == "supervisor: said what it cannot say"


# dying


@pytest.mark.parametrize("who", ["supervisor", "admin", "runner"])
def test_whoever_of_the_tree_is_killed_the_agent_comes_back(stage: Stage, who: str) -> None:
    """A new tree is there at once, and nothing of the old one lives on."""
    stage.play()
    stage.order("start", role="sleeper")
    stage.order("start", role="breeder")
    assert within(SOON_S, lambda: stage.noted("grandchild"))
    stage.look()
    old = stage.seen | set(stage.noted("grandchild"))
    started = time.monotonic()
    os.kill(stage.noted(who)[0], signal.SIGKILL)
    stage.await_tree(2)
    assert time.monotonic() - started < 2
    assert [pid for pid in old if lives(pid)] == []
    assert stage.zombies() == []
    assert isinstance(stage.order("start", role="sleeper"), int)


def test_when_main_is_killed_nothing_survives(stage: Stage) -> None:
    """Not even SIGKILL of main leaves an orphan, as far as each process has tied itself to main."""
    stage.play()
    for _ in range(3):
        stage.order("start", role="sleeper")
    assert len(stage.survivors) == 6
    stage.send(signal.SIGKILL)
    assert stage.exit_code() == -signal.SIGKILL
    assert within(2, lambda: not stage.survivors)


def test_a_stopped_supervisor_is_replaced(stage: Stage) -> None:
    """Who does not answer for its patience is killed with all that it had."""
    stage.play()
    pid = stage.order("start", role="sleeper")
    started = time.monotonic()
    os.kill(stage.noted("supervisor")[0], signal.SIGSTOP)
    stage.await_tree(2)
    assert 0.3 < time.monotonic() - started < 3  # twice 0.3 s, less what had passed of a beat
    assert "no heartbeat" in stage.events("tree_lost")[0]["reason"]
    assert not lives(pid)


def test_a_tree_that_cannot_live_is_given_up(stage: Stage) -> None:
    """Dying again and again ends in exit code 70, with the reason each time."""
    stage.play(wait=False, runner="raises", numbers={"intensity": 3, "period_s": 5.0})
    assert stage.exit_code() == 70
    reasons = [each["reason"] for each in stage.events("tree_lost")]
    assert len(reasons) == 4
    assert all(
        re.fullmatch(r"runner: exited with 70: ValueError: no such settings \(toy_tree.py:\d+\)", each)
        for each in reasons
    )
    assert stage.heard("STOPPING=1")


def test_a_tree_that_does_not_come_up_is_replaced(stage: Stage) -> None:
    """A runner that names no supervisor in time has no second chance."""
    stage.play(wait=False, runner="mute", numbers={"intensity": 1, "start_timeout_s": 0.3})
    assert stage.exit_code() == 70
    assert [each["reason"] for each in stage.events("tree_lost")] == ["no supervisor within 0.3 s"] * 2


def test_a_runner_that_talks_nonsense_is_replaced(stage: Stage) -> None:
    """The runner, too, has its few words and no other."""
    stage.play(wait=False, named="supervisor 1; reboot", numbers={"intensity": 0})
    assert stage.exit_code() == 70
    assert stage.events("tree_lost")[0]["reason"].endswith(": said what it cannot say")


def test_main_lives_on_when_it_cannot_lend(stage: Stage) -> None:
    """What is missing for a new process is told by name, and it is there again when that is."""
    stage.play()
    main = psutil.Process(stage.main)
    enough = main.rlimit(psutil.RLIMIT_NOFILE)
    main.rlimit(psutil.RLIMIT_NOFILE, (main.num_fds() + 1, enough[1]))
    assert stage.order("start", role="sleeper") == "LeaseRefusedError: EMFILE"
    main.rlimit(psutil.RLIMIT_NOFILE, enough)
    assert isinstance(stage.order("start", role="sleeper"), int)


def test_main_does_not_spin_without_descriptors(stage: Stage) -> None:
    """A connection that cannot be accepted waits; main rests meanwhile, and serves it afterwards."""
    stage.play()
    main = psutil.Process(stage.main)
    enough = main.rlimit(psutil.RLIMIT_NOFILE)
    main.rlimit(psutil.RLIMIT_NOFILE, (main.num_fds(), enough[1]))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as waiting:
        waiting.connect(str(stage.directory / "broker.sock"))
        assert within(SOON_S, lambda: stage.events("refused"))
        before = sum(main.cpu_times()[:2])
        time.sleep(0.5)
        assert sum(main.cpu_times()[:2]) - before < 0.2
        main.rlimit(psutil.RLIMIT_NOFILE, enough)
        assert isinstance(stage.order("start", role="sleeper"), int)
    assert {each["kind"] for each in stage.events("refused")} == {"no room", "stranger"}


# stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_ordered_stop(stage: Stage, number: int) -> None:
    """The supervisor stops its children in its order, then the runner goes, then main, with 0."""
    stage.play()
    for _ in range(2):
        stage.order("start", role="sleeper")
    stage.send(number)
    assert stage.exit_code() == 0
    assert stage.noted("ended") == ["killed by SIGKILL"] * 2
    assert stage.survivors == set()
    assert "STATUS=up" in stage.heard("STOPPING=1")


def test_stopping_during_the_start(stage: Stage) -> None:
    """A stop that comes early is passed on as soon as there is somebody to tell."""
    stage.play(wait=False, slow_s=0.5)
    assert within(SOON_S, lambda: stage.noted("supervisor"))
    stage.look()
    stage.send(signal.SIGTERM)
    assert stage.exit_code() == 0
    assert stage.noted("stop") == [1]
    assert stage.survivors == set()


def test_stopping_a_start_that_hangs(stage: Stage) -> None:
    """Nothing was up that could be stopped in order: the second request ends it at once."""
    stage.play(wait=False, runner="mute")
    assert within(SOON_S, lambda: stage.noted("runner"))
    stage.look()
    stage.send(signal.SIGTERM)
    assert within(SOON_S, lambda: stage.events("stopping"))
    stage.send(signal.SIGTERM)
    assert stage.exit_code() == 0
    assert stage.survivors == set()


def test_a_second_request_hurries(stage: Stage) -> None:
    """The supervisor is told again, and knows what that means."""
    stage.play(stops=2)
    stage.send(signal.SIGTERM)
    assert within(SOON_S, lambda: stage.noted("stop") == [1])
    stage.send(signal.SIGINT)
    assert stage.exit_code() == 0
    assert stage.noted("stop") == [1, 2]


def test_a_supervisor_that_does_not_stop_is_killed(stage: Stage) -> None:
    """An ordered stop has an end, and says when it was not orderly."""
    stage.play(stops=99, numbers={"stop_timeout_s": 0.5})
    stage.order("start", role="breeder")
    stage.send(signal.SIGTERM)
    assert stage.exit_code() == 70
    assert stage.events("tree_lost")[0]["reason"] == "not stopped within 0.5 s"
    assert stage.survivors == set()


def test_a_runner_that_does_not_leave_is_killed(stage: Stage) -> None:
    """When all children have stopped in order, a runner that hangs takes nothing away from that."""
    stage.play(runner="lingers")
    stage.send(signal.SIGTERM)
    assert within(SOON_S, lambda: stage.noted("stop") == [1])
    assert within(SOON_S, lambda: not lives(stage.noted("supervisor")[0]))
    stage.send(signal.SIGTERM)  # or five seconds later by itself
    assert stage.exit_code() == 0
    assert stage.survivors == set()


def test_an_escalation_ends_in_failure(stage: Stage) -> None:
    """When the supervisor gives up, the init system learns of it by exit code 70."""
    stage.play()
    stage.order("say", word="escalated")
    assert within(SOON_S, lambda: stage.events("stopping"))
    stage.send(signal.SIGTERM)  # in the real tree the supervisor stops by itself
    assert stage.exit_code() == 70


# the words of an init system


def test_hangup_and_reopen_are_passed_on(stage: Stage) -> None:
    """SIGHUP and the reload command reach the runner, SIGUSR1 reaches the supervisor."""
    stage.play()
    stage.send(signal.SIGHUP)
    assert within(SOON_S, lambda: stage.noted("runner_heard") == ["reload"])
    stage.order("say", word="reload")
    assert within(SOON_S, lambda: stage.noted("runner_heard") == ["reload"] * 2)
    stage.send(signal.SIGUSR1)
    assert within(SOON_S, lambda: stage.noted("reopen") == [True])
    assert stage.events("tree_lost") == []


def test_a_reload_is_announced(stage: Stage) -> None:
    """A reload begins and ends for the init system when it does for the supervisor."""
    stage.play()
    stage.heard("READY=1")
    stage.order("say", word="reloading")
    stage.order("say", word="reloaded")
    lines = stage.heard("READY=1")
    announced = lines.index("RELOADING=1")
    begun = re.fullmatch(r"MONOTONIC_USEC=(\d+)", lines[announced + 1])
    assert begun
    assert 0 <= time.clock_gettime(time.CLOCK_MONOTONIC) - int(begun[1]) / 1e6 < SOON_S


def test_the_watchdog_is_fed_by_progress_only(stage: Stage) -> None:
    """A supervisor whose children are stuck answers, and the watchdog starves all the same."""
    stage.play()
    lines = stage.heard("WATCHDOG=1")
    assert lines.index("READY=1") < lines.index("WATCHDOG=1")
    stage.order("move", moving=False)
    time.sleep(0.3)  # what was on its way
    while stage.hear_nothing("WATCHDOG=1", 0.05) is False:
        pass
    assert stage.hear_nothing("WATCHDOG=1", 1.0)
    assert stage.events("tree_lost") == []
    stage.order("move", moving=True)
    stage.heard("WATCHDOG=1")

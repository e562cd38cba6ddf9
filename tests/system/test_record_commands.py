"""`daemoneye alerts`, `events` and `at`: on the file, through an agent, and from one to the other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.cli.record import Record
from daemoneye.errors import OperatorError
from daemoneye.journal.entry import Entry, Moment, Severity, Stream, canonical
from daemoneye.model.alert import Rule
from daemoneye.model.lookup import EntriesRequest
from daemoneye.outputs.recorded import of_alert
from tests.fakes.answering_agent import AnsweringAgent
from tests.fakes.forked import in_a_child
from tests.fakes.journals import World
from tests.fakes.outgoing import alert
from tests.system.program import DAEMONEYE, daemoneye, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOT = "6c1d6e86-0000-4000-8000-000000000000"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
DAY_MS = 24 * 3600 * 1000


def moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Host:
    """A state directory with a journal, and an agent that may or may not be there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.world = World(directory, wall_ms=time.time_ns() // 1_000_000 - DAY_MS)
        self.environment = {
            "DAEMONEYE_PATHS__STATE_DIR": str(directory),
            "DAEMONEYE_PATHS__RUNTIME_DIR": str(directory),
        }

    def record(self, *entries: Entry) -> None:
        journal = self.world.journal()
        assert len(journal.append(entries)) == len(entries)
        journal.close()

    def process(self, kind: str, pid: int, parent: int, name: str = "bash", later_ms: int = 1000, **body: Any) -> Entry:
        self.world.wall_ms += later_ms
        return self._event(
            f"process.{kind}",
            pid=pid,
            entity_id=f"{pid:032x}",
            parent_entity_id=f"{parent:032x}",
            name=name,
            sha256="ab" * 32,
            said={"process": {"pid": pid, "parent_pid": parent, "name": name, "command_line": [name, "-x"]}} | body,
        )

    def began(self, count: int, kind: str = "scan.began") -> Entry:
        self.world.wall_ms += 1000
        return self._event(kind, said={"message": "began", "processes": count})

    def _event(self, kind: str, said: dict[str, Any], **columns: Any) -> Entry:
        return Entry(
            id=self.world.new_id(),
            stream=Stream.EVENTS,
            severity=Severity.INFO,
            kind=kind,
            occurred=Moment(wall_ms=self.world.wall_ms, monotonic_ns=1, boot_id=BOOT),
            body=canonical({"schema": 1, "stream": "events", "kind": kind} | said),
            **columns,
        )

    def alert(self, severity: Severity = Severity.HIGH, rule: Rule = Rule.DISK_MISMATCH, text: str = "bad") -> Entry:
        self.world.wall_ms += 1000
        made = alert(
            id=self.world.new_id(), severity=severity, rule=rule, message=text, wall_ms=self.world.wall_ms, boot_id=BOOT
        )
        return of_alert(made)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return daemoneye(*arguments, env=self.environment)

    def documents(self, *arguments: str) -> list[dict[str, Any]]:
        outcome = self.run(*arguments, "--json")
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return [json.loads(line) for line in outcome.stdout.splitlines()]

    def agent(self, **changed: Any) -> AnsweringAgent:
        return AnsweringAgent(self.directory / "agent.sock", settings={"state_dir": str(self.directory)} | changed)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def lived(host: Host) -> None:
    """1 started 10, which started 20, which started 30; 20 has ended."""
    host.record(
        host.began(2),
        *(host.process("seen", pid, parent, name, 0) for pid, parent, name in ((1, 0, "init"), (10, 1, "sshd"))),
    )
    host.record(
        host.process("started", 20, 10, "bash"),
        host.process("started", 30, 20, "make"),
        host.process("exited", 20, 10, "bash", run_time_s=2.0),
        host.process("exec", 30, 20, "cc1"),
    )


def sequences(documents: list[dict[str, Any]]) -> list[int]:
    return [each["event"]["sequence"] for each in documents]


def one_line(outcome: subprocess.CompletedProcess[str]) -> str:
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1
    return outcome.stderr


# -- what is found


def test_alerts_have_the_fields_of_the_contract(host: Host) -> None:
    """And are those that were asked for."""
    host.record(host.alert(), host.alert(Severity.LOW, Rule.FILELESS), host.alert(Severity.CRITICAL))
    first, *_ = found = host.documents("alerts")
    assert sequences(found) == [1, 2, 3]
    assert (first["event"]["severity"], first["rule"]["id"], first["process"]["pid"]) == (
        70,
        "integrity.disk_mismatch",
        4242,
    )
    assert {"@timestamp", "message", "host", "daemoneye"} <= first.keys()
    assert sequences(host.documents("alerts", "--severity", "high")) == [1, 3]
    assert sequences(host.documents("alerts", "--rule", "integrity.fileless")) == [2]
    assert sequences(host.documents("alerts", "--since", moment(host.world.wall_ms))) == [3]


def test_events_answer_what_ran_started_by_whom_with_what_digest(host: Host) -> None:
    """By every word that they can be looked for with."""
    lived(host)
    assert len(host.documents("events", "--since", "2d")) == 7
    assert sequences(host.documents("events", "--pid", "20")) == [4, 6]
    assert sequences(host.documents("events", "--name", "bash")) == [4, 6]
    assert sequences(host.documents("events", "--name", "[bm]a*", "--kind", "process.started")) == [4, 5]
    assert sequences(host.documents("events", "--sha256", "AB" * 32, "--pid", "30")) == [5, 7]
    until = moment(host.world.wall_ms - 1000)
    assert sequences(host.documents("events", "--since", "2d", "--until", until, "--kind", "process.exited")) == []
    (line,) = host.run("events", "--kind", "process.exited").stdout.splitlines()[1:]
    assert line.split()[1:] == ["exited", "20", "10", "abababababab", "(after", "2.0s)", "bash", "-x"]


def test_a_chain_of_causes_is_followed_past_the_dead(host: Host) -> None:
    """The first cause first; of a process by its number or its name for ever."""
    lived(host)
    for who in ("30", f"{30:032x}"):
        found = host.documents("events", "--ancestor-of", who)
        assert [each["process"]["pid"] for each in found] == [1, 10, 20, 20]
    assert sequences(host.documents("events", "--ancestor-of", "30", "--name", "sshd")) == [3]
    assert host.documents("events", "--ancestor-of", "1") == []


def test_formats_are_those_of_the_outputs(host: Host) -> None:
    """For whoever reads another schema."""
    host.record(host.alert())
    (native,) = host.documents("alerts", "--format", "native")
    (ocsf,) = host.documents("alerts", "--format", "ocsf")
    assert (native["sequence"], native["kind"]) == (1, "integrity.disk_mismatch")
    assert ocsf["metadata"]["sequence"] == 1


def test_what_a_host_made_up_is_safe_to_look_at(host: Host) -> None:
    """In tables and documents, on file names and all."""
    host.record(host.alert(text="\x1b[2Jboom\n"), host.process("started", 5, 1, "\x1b]0;x\x07"))
    for arguments in (
        ("alerts",),
        ("events",),
        ("alerts", "--json"),
        ("events", "--json"),
        ("at", "now"),
        ("at", "now", "--json"),
    ):
        outcome = host.run(*arguments)
        assert outcome.returncode == 0
        assert all(line.isprintable() for line in outcome.stdout.splitlines())
        assert "\x1b" not in outcome.stdout


# -- the past


def test_the_tree_of_a_moment_is_that_of_then(host: Host) -> None:
    """Who had ended is gone, who had not yet started is not there."""
    lived(host)
    end = host.world.wall_ms
    before, after = host.run("at", moment(end - 2000)), host.run("at", moment(end))
    assert [line.split(maxsplit=1)[0] for line in before.stdout.splitlines()[:1]] == ["1"]
    assert before.stdout.splitlines()[:4] == ["1 init -x", "└─ 10 sshd -x", "   └─ 20 bash -x", "      └─ 30 make -x"]
    assert before.stdout.splitlines()[4:] == [f"4 processes at {moment(end - 2000)}"]
    assert after.stdout.splitlines()[:3] == ["1 init -x", "└─ 10 sshd -x", "30 cc1 -x"]


def test_the_past_as_documents_ends_with_how_sure_it_is(host: Host) -> None:
    """One line for each process, and one about the moment."""
    lived(host)
    *processes, about = host.documents("at", "now")
    assert [(each["pid"], each["depth"]) for each in processes] == [(1, 0), (10, 1), (30, 0)]
    assert processes[2]["recorded"]["kind"] == "process.exec"
    assert processes[2]["sha256"] == "ab" * 32
    assert (about["processes"], about["whole"], about["boot_id"], about["next"]) == (3, True, BOOT, None)
    assert about["doubts"] == [f"the last look that had something to record was at {moment(host.world.wall_ms)}"]


def test_what_is_not_on_record_is_said(host: Host) -> None:
    """A time before it, a look that is missing, a stretch in which nobody looked."""
    host.record(host.process("started", 5, 1))
    fragment = host.world.wall_ms
    outcome = host.run("at", moment(fragment - 500))
    assert outcome.returncode == 66
    assert f"begins at {moment(fragment)}: a record of {moment(fragment - 500)}" in one_line(outcome)
    assert "no look at everybody is on record before this" in host.run("at", moment(fragment)).stdout
    lived(host)
    gap = host.run("at", moment(fragment + 10)).stdout
    assert f"nobody may have looked between {moment(fragment)} and " in gap


def test_the_past_rests_on_the_look_before_it_and_on_nothing_older(host: Host) -> None:
    """The first look may have gone by the limits; who is seen again is once in a table, and each time in documents."""
    lived(host)
    everybody = ((1, 0, "init"), (10, 1, "sshd"), (30, 20, "cc1"))
    host.record(
        host.began(3, "scan.again"), *(host.process("seen", pid, parent, name, 0) for pid, parent, name in everybody)
    )
    floor = moment(host.world.wall_ms)
    host.record(host.process("started", 40, 30, "as"))
    *processes, about = host.documents("at", "now")
    assert [each["pid"] for each in processes] == [1, 10, 30, 40]
    assert (about["floor"], about["whole"]) == (floor, True)
    assert len(about["doubts"]) == 1
    before = host.documents("at", moment(host.world.wall_ms - 2000))[-1]
    assert (before["next"], before["doubts"]) == (floor, [])
    table = host.run("events").stdout.splitlines()[1:]
    assert [line.split()[1] for line in table] == [
        *("scan.began", "seen", "seen", "started", "started", "exited", "exec", "scan.again", "started"),
    ]
    assert len(host.run("events", "--pid", "10").stdout.splitlines()) == 2
    assert len(host.run("events", "--pid", "10", "--kind", "process.seen").stdout.splitlines()) == 3
    assert len(host.documents("events", "--pid", "10")) == 2
    assert len(host.documents("events")) == 12
    assert host.run("events", "--since", floor, "--pid", "10").stdout.split()[7:8] == ["seen"]


# -- where it comes from


def test_with_an_agent_it_comes_through_the_agent(host: Host, tmp_path: Path) -> None:
    """The file is not even looked for where the settings of the client have it."""
    host.record(*(host.process("started", pid, 1) for pid in range(1, 300)))
    with host.agent(max_frame=65536):
        host.environment["DAEMONEYE_PATHS__STATE_DIR"] = str(tmp_path / "nowhere")
        found = host.documents("events")
        table = host.run("events").stdout.splitlines()
    assert sequences(found) == list(range(1, 300))
    assert len(table) == 300


def test_an_agent_without_a_record_leaves_it_to_the_file(host: Host) -> None:
    """As one does whose gateway has no answer."""
    host.record(host.alert())
    with host.agent(state_dir=str(host.directory / "nowhere")):
        assert sequences(host.documents("alerts")) == [1]


def test_a_copy_is_read_without_asking_anybody(host: Host) -> None:
    """Evidence is examined elsewhere, and does not say that it comes from here."""
    host.record(host.alert())
    copy = host.directory / "copy.db"
    copy.write_bytes(host.world.path.read_bytes())
    copy.chmod(0o400)
    host.world.path.unlink()
    (document,) = host.documents("alerts", "--file", str(copy))
    assert "hostname" not in document.get("host", {})


@pytest.mark.parametrize("command", [("alerts",), ("events",), ("events", "--ancestor-of", "1"), ("at", "now")])
def test_without_a_record_there_is_one_line(host: Host, command: tuple[str, ...]) -> None:
    """Neither an agent nor a file: 66."""
    outcome = host.run(*command)
    assert outcome.returncode == 66
    assert one_line(outcome) == f"{host.directory}/daemoneye.db: no such file: a journal\n"


def test_a_file_that_is_none_is_an_error_of_reading(host: Host) -> None:
    """And no traceback."""
    host.world.path.write_bytes(b"\xa5" * 9000)
    outcome = host.run("events")
    assert outcome.returncode == 74
    assert "file is not a database" in one_line(outcome)


def test_a_process_that_is_not_on_record_is_said(host: Host) -> None:
    """It may have lived between two looks."""
    lived(host)
    outcome = host.run("events", "--ancestor-of", "99")
    assert (outcome.returncode, one_line(outcome)) == (66, "pid 99: not on record: a process that was seen\n")


@needs_root
@pytest.mark.parametrize("listening", [False, True])
def test_who_may_not_is_told_so(host: Host, monkeypatch: pytest.MonkeyPatch, *, listening: bool) -> None:
    """With neither the file nor the socket open to this account: 77."""
    host.record(host.alert())
    host.world.path.chmod(0o600)
    host.directory.chmod(0o755)
    config = host.directory / "daemoneye.yaml"
    config.write_text(json.dumps({"paths": {"state_dir": str(host.directory), "runtime_dir": str(host.directory)}}))
    record = Record(config)

    def ask() -> tuple[int, str]:
        os.setgroups([])
        os.setresuid(65534, 65534, 65534)
        try:
            record.ask(EntriesRequest(stream="alerts"))
        except OperatorError as error:
            return error.exit_code, str(error)
        return 0, ""

    monkeypatch.chdir(host.directory)  # the directories above are root's alone
    record.path = Path("daemoneye.db")
    with host.agent() if listening else nullcontext():
        if listening:
            (host.directory / "agent.sock").chmod(0o600)
        assert in_a_child(ask) == [77, "daemoneye.db: permission denied: a journal"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("events", "--since", "so\x1bon"), "so\\x1bon"),
        (("events", "--follow", "--until", "now"), "--until: with --follow"),
    ],
)
def test_wrong_usage_is_one_clear_line(host: Host, arguments: tuple[str, ...], named: str) -> None:
    """With 64, and nothing that a terminal would act on."""
    outcome = host.run(*arguments)
    assert outcome.returncode == 64
    assert named in one_line(outcome)
    assert "\x1b" not in outcome.stderr


# -- following


class Follower:
    def __init__(self, host: Host, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [DAEMONEYE, *arguments, "--follow", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(host.environment),
        )
        assert self.process.stdout
        self._lines = self.process.stdout

    def next(self) -> int:
        return int(json.loads(self._lines.readline())["event"]["sequence"])

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, error = self.process.communicate(timeout=10)
        return self.process.returncode, error


@pytest.fixture
def follower(host: Host) -> Iterator[Follower]:
    host.record(host.process("started", 1, 0))
    follower = Follower(host, "events", "--since", "2d")
    yield follower
    follower.process.kill()
    follower.process.communicate()


def test_following_goes_on_whoever_answers(host: Host, follower: Follower) -> None:
    """The file, an agent, the file again; nothing is lost or told twice, and Ctrl-C ends it."""
    assert follower.next() == 1
    host.record(host.process("started", 2, 1))
    assert follower.next() == 2
    with host.agent():
        host.record(host.process("started", 3, 1))
        assert follower.next() == 3
        time.sleep(0.6)  # so that it has found the agent
    host.record(*(host.process("started", pid, 1) for pid in range(4, 7)))
    assert [follower.next() for _ in range(3)] == [4, 5, 6]
    (host.directory / "agent.sock").unlink()
    with host.agent():
        host.record(host.process("started", 7, 1))
        assert follower.next() == 7
    assert follower.interrupt() == (130, "")


def test_following_waits_for_a_record_that_is_away(host: Host, follower: Follower) -> None:
    """It says so once, and goes on; a new journal is read from its beginning."""
    assert follower.next() == 1
    host.record(host.process("started", 2, 1))
    assert follower.next() == 2
    for path in host.directory.glob("daemoneye.db*"):
        path.unlink()
    (host.directory / "journal.seal").unlink()
    time.sleep(1.2)  # two polls
    host.record(host.process("started", 1, 1))
    assert follower.next() == 1
    code, error = follower.interrupt()
    assert code == 130
    assert error.count("no such file: a journal: waiting") == 1

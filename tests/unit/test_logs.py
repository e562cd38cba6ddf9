"""One line for each event, whatever happens to it on the way."""

from __future__ import annotations

import fcntl
import json
import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from loguru import logger

from daemoneye.logs.lines import Entry, for_a_person, in_color, line
from daemoneye.logs.rates import LINES, NAMES, PERIOD_S, Limiter
from daemoneye.logs.stream import Stream, is_journald, take_over
from daemoneye.logs.voice import Voice
from tests.fakes.forked import in_a_child

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemoneye.logs.lines import Field

PIPE = 65536  # what a pipe holds, pipe(7)


class Ear:
    """The other end of a pipe, and a clock that is turned by hand."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.now_s = 100.0
        self.pipe, self.descriptor = os.pipe()
        os.set_blocking(self.pipe, False)
        self.voice = Voice()
        self.voice.configure(self.descriptor, environment=environment or {}, monotonic=lambda: self.now_s)

    def raw(self) -> str:
        pieces = []
        while True:
            try:
                pieces.append(os.read(self.pipe, PIPE))
            except BlockingIOError:
                return b"".join(pieces).decode()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(each) for each in self.raw().splitlines()]

    def events(self) -> list[str]:
        return [each["event"] for each in self.lines()]

    def fill(self) -> None:
        os.write(self.descriptor, b"#" * PIPE)

    def close(self) -> None:
        logger.remove()
        for each in (self.pipe, self.descriptor):
            os.close(each)


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()


def entry(level: str = "info", **fields: Field) -> Entry:
    when = datetime(2026, 11, 20, 9, 13, 4, 5000, UTC)
    return Entry(when=when, level=level, event="child.terminated", role="supervisor", pid=7, fields=fields)


def test_a_line_says_when_how_bad_what_who_and_the_rest(ear: Ear) -> None:
    """The same five keys on every line, and then what belongs to the event, as it was given."""
    ear.voice.log("warning", "child.terminated", child="collector", restarts=3, share=0.5, known=True, gone=None)
    (said,) = ear.lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said.pop("ts"))
    assert said == {
        "level": "warning", "event": "child.terminated", "role": "main", "pid": os.getpid(),
        "child": "collector", "restarts": 3, "share": 0.5, "known": True, "gone": None,
    }  # fmt: skip


def test_each_process_speaks_for_itself(ear: Ear) -> None:
    """After a fork a line has the role and the pid of who wrote it, and the parent's debts stay the parent's."""
    for _ in range(LINES + 1):
        ear.voice.log("info", "a.b")

    def child() -> int:
        ear.voice.become("collector")
        ear.now_s += PERIOD_S
        ear.voice.log("info", "a.b")
        return os.getpid()

    pid = in_a_child(child)
    said = ear.lines()
    assert [each["role"] for each in said] == ["main"] * LINES + ["collector"]
    assert (said[-1]["pid"], said[-1]["event"]) == (pid, "a.b")


def test_half_a_line_is_finished_by_who_began_it(ear: Ear) -> None:
    """A child that is forked in the middle of a line does not write its end a second time."""
    assert ear.voice._stream
    ear.voice._stream._rest = b'"the end"}\n'

    def child() -> None:
        ear.voice.become("collector")
        ear.voice.log("info", "a.b")

    in_a_child(child)
    assert ear.events() == ["a.b"]
    ear.voice.log("info", "a.c")
    assert ear.raw().startswith('"the end"}\n{')


def test_a_field_cannot_pass_for_what_every_line_has(ear: Ear) -> None:
    """Whatever is in a field, who wrote the line and what it is about stay true."""
    ear.voice.log("info", "a.b", pid=1, role="init", event="x", ts="y", level="z", name="n")
    (said,) = ear.lines()
    assert (said["pid"], said["role"], said["event"], said["level"]) == (os.getpid(), "main", "a.b", "info")
    assert said["name"] == "n"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\nERROR forged", r"a\x0aERROR forged"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        (b"caf\xe9".decode(errors="surrogateescape"), r"caf\xe9"),
        ("{} <red> {0}", "{} <red> {0}"),
        ("x" * 512, "x" * 512),
        ("x" * 513, "x" * 511 + "…"),
        ("\x00" * 512, r"\x00" * 127 + r"\x0" + "…"),
    ],
)
def test_a_string_of_the_host_is_seen_as_what_it_is(ear: Ear, hostile: str, shown: str) -> None:
    """Nothing in a field starts a line, colours a terminal, or grows without end."""
    ear.voice.log("info", "a.b", path=hostile)
    (said,) = ear.lines()
    assert said["path"] == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(float("nan"), "nan"), (float("-inf"), "-inf"), (2**64, "a number of 65 bits"), (2**64 - 1, 2**64 - 1)],
)
def test_a_number_without_a_place_in_json_is_text(ear: Ear, value: float, shown: object) -> None:
    """A reader never finds a line that is no JSON."""
    ear.voice.log("info", "a.b", value=value)
    assert ear.lines()[0]["value"] == shown


def test_a_line_stays_below_what_a_pipe_writes_at_once() -> None:
    """Fields are cut shorter together until they fit; when they are too many, their number is told."""
    wide = {f"f{n}": "\U0001f642" * 600 for n in range(5)}
    data = line(entry(**wide), for_a_person)
    assert len(data) <= 4096
    assert data.count("🙂".encode()) == 5 * 127
    data = line(entry(**{f"f{n}": "x" * 40 for n in range(200)}), for_a_person)
    assert data.decode().endswith("child.terminated fields_left_out=200\n")


def test_a_person_reads_a_sentence() -> None:
    """At a terminal: when, who, what; how bad only where it is."""
    said: dict[str, Any] = {"message": "73 processes seen, 72 fully read", "seen": 73}
    assert line(entry(**said), for_a_person) == b"09:13:04 supervisor: 73 processes seen, 72 fully read\n"
    assert line(entry("error", message="gone"), for_a_person) == b"09:13:04 supervisor: error: gone\n"
    assert line(entry("error", message="gone"), in_color) == b"09:13:04 supervisor: \x1b[31merror\x1b[0m: gone\n"
    assert line(entry(message="fine"), in_color) == b"09:13:04 supervisor: fine\n"


def test_without_a_sentence_a_person_reads_name_and_fields() -> None:
    """Where a value begins and ends is plain."""
    said = line(entry(child="collector", reason='signal "9"', restarts=3), for_a_person)
    assert said == b'09:13:04 supervisor: child.terminated child=collector reason="signal \\"9\\"" restarts=3\n'


def test_a_storm_of_one_event_is_twenty_lines_a_minute_and_a_number(ear: Ear) -> None:
    """Other events are not hidden by it, and nothing is left out silently."""
    for _ in range(100):
        ear.voice.log("error", "child.terminated")
    ear.voice.log("info", "config.accepted")
    assert ear.events() == ["child.terminated"] * LINES + ["config.accepted"]
    ear.now_s += PERIOD_S
    ear.voice.log("info", "config.accepted")
    first, second = ear.lines()
    assert (first["event"], first["name"], first["count"]) == ("log.left_out", "child.terminated", 80)
    assert second["event"] == "config.accepted"


def test_who_falls_silent_can_still_say_what_was_left_out(ear: Ear) -> None:
    """It is said once, and not before its minute is over."""
    for _ in range(LINES + 2):
        ear.voice.log("info", "a.b")
    ear.raw()
    ear.voice.settle()
    assert ear.events() == []
    ear.now_s += PERIOD_S
    ear.voice.settle()
    ear.voice.settle()
    assert [each["count"] for each in ear.lines()] == [2]


def test_the_names_that_are_counted_are_bounded() -> None:
    """A mistake that makes names out of data costs no memory; the oldest name begins anew."""
    limiter = Limiter()
    for _ in range(LINES):
        assert limiter.admit("first", 0.0)
    assert not limiter.admit("first", 0.0)
    for n in range(NAMES):
        assert limiter.admit(f"name{n}", 0.0)
    assert len(limiter._windows) == NAMES
    assert limiter.admit("first", 0.0)


def test_a_full_pipe_loses_lines_and_says_how_many(ear: Ear) -> None:
    """Nobody waits for a log reader that hangs."""
    ear.fill()
    for n in range(3):
        ear.voice.log("info", f"a.b{n}")
    assert set(ear.raw()) == {"#"}
    ear.voice.log("info", "a.c")
    lost, said = ear.lines()
    assert (lost["event"], lost["count"], lost["level"]) == ("log.lost", 3, "warning")
    assert said["event"] == "a.c"
    ear.voice.log("info", "a.d")
    assert ear.events() == ["a.d"]


def test_lines_that_are_lost_again_are_counted_on() -> None:
    """The number is that of all lines since the last one that got through."""
    ear = Ear()
    ear.fill()
    for _ in range(5):
        ear.voice.log("info", "a.b")
    os.read(ear.pipe, 4096)  # room for one line: the number takes it
    os.write(ear.descriptor, b"#" * 3900)
    ear.voice.log("info", "a.b", path="x" * 500)
    ear.raw()
    ear.voice.log("info", "a.c")
    assert [each["count"] for each in ear.lines() if each["event"] == "log.lost"] == [6]
    ear.close()


@pytest.mark.parametrize("end", ["pipe", "descriptor"])
def test_a_reader_that_left_is_no_error(end: str) -> None:
    """EPIPE and EBADF are the log reader's trouble, not the agent's."""
    ear = Ear()
    os.close(getattr(ear, end))
    ear.voice.log("info", "a.b")
    assert ear.voice._lost == 1
    setattr(ear, end, os.open(os.devnull, os.O_RDONLY))
    ear.close()


def test_half_a_line_is_finished_before_the_next() -> None:
    """What is slow to take a line gets the rest of it first; the next line does not begin in the middle of the last."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    page = os.sysconf("SC_PAGESIZE")
    room = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)
    os.write(writer, b"#" * (room - page))
    stream = Stream(writer)
    long = b"x" * 2 * page + b"\n"  # longer than lines are, because a pipe takes those whole or not at all
    assert stream.write(long)
    assert not stream.write(b"lost\n")
    assert os.read(reader, room).endswith(b"#" + b"x" * page)
    assert stream.write(b"next\n")
    assert os.read(reader, room) == b"x" * page + b"\nnext\n"
    os.close(reader)
    os.close(writer)


def test_the_pipe_of_others_keeps_waiting_for_them() -> None:
    """What shares the pipe with us, a shell or the program before us, is not made non-blocking behind its back."""
    reader, theirs = os.pipe()
    ours = os.dup(theirs)
    take_over(ours)
    assert fcntl.fcntl(ours, fcntl.F_GETFL) & os.O_NONBLOCK
    assert not fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK
    os.write(ours, b"x")
    assert os.read(reader, 9) == b"x"
    for each in (reader, theirs, ours):
        os.close(each)


def test_a_closed_descriptor_is_left_alone() -> None:
    """Starting without a standard error is possible."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.close(descriptor)
    take_over(descriptor)
    assert not is_journald(descriptor, "1:2")


def test_the_journal_gets_priorities() -> None:
    """`journalctl -p warning` works, and only where the stream is the journal's own."""
    reader, writer = os.pipe()
    status = os.fstat(writer)
    voice = Voice()
    environment = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    voice.configure(writer, environment=environment)
    for level in ("info", "warning", "error", "critical"):
        voice.log(level, "a.b")
    said = os.read(reader, PIPE).decode().splitlines()
    assert [each[:3] for each in said] == ["<6>", "<4>", "<3>", "<2>"]
    assert json.loads(said[0][3:])["event"] == "a.b"
    ear = Ear(environment)  # redirected: the variable stays, the pipe is another
    ear.voice.log("info", "a.b")
    assert ear.raw().startswith("{")
    ear.close()
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    ("environment", "color"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_a_terminal_gets_sentences(environment: dict[str, str], color: bool) -> None:
    """In colour only where somebody wants it."""
    mine, terminal = os.openpty()

    def child() -> None:  # it gives up a signal, which the runner of the tests should keep
        voice = Voice()
        voice.configure(terminal, environment=environment)
        voice.become("collector")
        voice.log("warning", "collector.sees_less", message="one of 73 processes is hidden")

    in_a_child(child)
    shown = os.read(mine, 4096).decode()
    assert ("\x1b[33m" in shown) == color
    plain = re.sub(r"\x1b\[\d+m", "", shown)
    assert re.fullmatch(r"\d\d:\d\d:\d\d collector: warning: one of 73 processes is hidden\r\n", plain)
    os.close(mine)
    os.close(terminal)


def test_nothing_is_said_before_it_is_clear_where(capfd: pytest.CaptureFixture[str]) -> None:
    """Who uses a part of this program as a library finds nothing of it on standard error."""
    Voice().log("error", "a.b")
    assert capfd.readouterr() == ("", "")

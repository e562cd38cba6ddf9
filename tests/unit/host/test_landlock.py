"""Giving up writing, on the kernel that runs the tests and on those that do not."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.host import landlock
from daemoneye.host.capabilities import gain_nothing_by_exec
from daemoneye.host.landlock import Right, handled, restrict
from tests.fakes.forked import errno_name, in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

VERSION = landlock.version()
has_landlock = pytest.mark.skipif(VERSION == 0, reason="a kernel without Landlock")
has_tcp_rules = pytest.mark.skipif(VERSION < 4, reason="Landlock without TCP rules")
has_scopes = pytest.mark.skipif(VERSION < 6, reason="Landlock without scopes")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("ours", "sockets", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("before", encoding="ascii")
    listening(tmp_path / "sockets" / "sibling").close()
    return tmp_path


def listening(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    return server


def confined(
    place: Path, attempts: Mapping[str, Callable[[], object]], *, tcp: bool = False, signals: bool = True
) -> Any:
    """What came of each attempt, made in a child that has given up everything but its place."""

    def work() -> dict[str, str]:
        gain_nothing_by_exec()
        inside, sockets = (place / "ours",), place / "sockets"
        assert restrict(inside, make_sockets_in=sockets, tcp=tcp, scope_signals=signals) == VERSION
        return {name: errno_name(attempt) for name, attempt in attempts.items()}

    return in_a_child(work)


@has_landlock
def test_inside_its_place_everything_can_be_written(place: Path) -> None:
    """A role does its work as before."""
    ours = place / "ours"
    assert confined(
        place,
        {
            "change": lambda: (ours / "file").write_text("after", encoding="ascii"),
            "make": (ours / "new").touch,
            "rename": lambda: (ours / "new").rename(ours / "renamed"),
            "remove": (ours / "renamed").unlink,
            "directory": (ours / "sub").mkdir,
            "move": lambda: (ours / "file").rename(ours / "sub" / "file"),
            "socket": lambda: listening(ours / "socket"),
            "nothing": lambda: Path(os.devnull).write_text("x", encoding="ascii"),
        },
    ) == dict.fromkeys(("change", "make", "rename", "remove", "directory", "move", "socket", "nothing"), "ok")
    assert (ours / "sub" / "file").read_text(encoding="ascii") == "after"


@has_landlock
def test_outside_of_it_nothing_can_be_written(place: Path) -> None:
    """Whatever the file modes say, as root too."""
    theirs, ours = place / "theirs", place / "ours"
    refused = confined(
        place,
        {
            "change": lambda: (theirs / "file").write_text("after", encoding="ascii"),
            "append": lambda: (theirs / "file").open("a", encoding="ascii").close(),
            "make": (theirs / "new").touch,
            "remove": (theirs / "file").unlink,
            "directory": (theirs / "sub").mkdir,
            "link": lambda: (theirs / "link").symlink_to("file"),
            "socket": lambda: listening(theirs / "socket"),
            "pipe": lambda: os.mkfifo(theirs / "pipe"),
        },
    )
    assert refused == dict.fromkeys(refused, "EACCES")
    across = confined(
        place,
        {
            "take": lambda: (theirs / "file").rename(ours / "taken"),
            "give": lambda: (ours / "file").rename(theirs / "given"),
        },
    )
    assert set(across.values()) <= {"EACCES", "EXDEV"}
    assert [each.name for each in theirs.iterdir()] == ["file"]
    assert (theirs / "file").read_text(encoding="ascii") == "before"


@has_landlock
@pytest.mark.skipif(VERSION < 3, reason="Landlock that does not know truncate")
def test_a_file_elsewhere_cannot_be_cut(place: Path) -> None:
    """Emptying is writing."""
    assert confined(place, {"cut": lambda: os.truncate(place / "theirs" / "file", 0)}) == {"cut": "EACCES"}


@has_landlock
def test_reading_works_everywhere(place: Path) -> None:
    """What an agent has to read cannot be listed in advance."""
    read = {
        "file": (place / "theirs" / "file").read_bytes,
        "directory": lambda: list((place / "theirs").iterdir()),
        "proc": Path("/proc/self/status").read_bytes,
    }
    assert confined(place, read) == dict.fromkeys(read, "ok")


@has_landlock
def test_a_sibling_s_socket_can_be_used_but_not_replaced(place: Path) -> None:
    """A compromised role cannot sit down in another's place."""
    sockets = place / "sockets"
    (sockets / "sibling").unlink()
    with listening(sockets / "sibling"):
        assert confined(
            place,
            {
                "make": lambda: listening(sockets / "mine"),
                "talk": lambda: socket.socket(socket.AF_UNIX).connect(str(sockets / "sibling")),
                "remove": (sockets / "sibling").unlink,
                "replace": lambda: (sockets / "mine").rename(sockets / "sibling"),
                "file": (sockets / "new").touch,
            },
        ) == {"make": "ok", "talk": "ok", "remove": "EACCES", "replace": "EACCES", "file": "EACCES"}


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


@has_tcp_rules
def test_the_network_is_closed_unless_asked_for(place: Path, server: tuple[str, int]) -> None:
    """Only the role that forwards can be reached or reach out; sockets of files are for all."""
    attempts: dict[str, Callable[[], object]] = {
        "connect": lambda: socket.create_connection(server, timeout=5).close(),
        "serve": lambda: socket.socket().bind(("127.0.0.1", 0)),
        "pair": socket.socketpair,
    }
    assert confined(place, attempts) == {"connect": "EACCES", "serve": "EACCES", "pair": "ok"}
    assert confined(place, attempts, tcp=True) == dict.fromkeys(attempts, "ok")


@pytest.fixture
def bystander() -> Iterator[int]:
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process.pid
        process.kill()


@has_scopes
def test_signals_do_not_leave_unless_they_must(place: Path, bystander: int) -> None:
    """One account for all roles, and none can end another; the supervisor can."""
    attempts: dict[str, Callable[[], object]] = {
        "outside": partial(os.kill, bystander, 0),
        "itself": lambda: os.kill(os.getpid(), 0),
    }
    assert confined(place, attempts) == {"outside": "EPERM", "itself": "ok"}
    assert confined(place, attempts, signals=False) == {"outside": "ok", "itself": "ok"}


@has_scopes
def test_an_abstract_socket_outside_is_out_of_reach(place: Path) -> None:
    """Names that no file mode guards are guarded all the same."""
    name = f"\0daemoneye-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as outside:
        outside.bind(name)
        outside.listen()
        assert confined(place, {"talk": lambda: socket.socket(socket.AF_UNIX).connect(name)}) == {"talk": "EPERM"}


@has_landlock
def test_even_the_right_to_trace_does_not_look_out_of_it(place: Path, bystander: int) -> None:
    """Why the collector is not confined this way: the day this fails, it can be."""
    assert errno_name(Path(f"/proc/{bystander}/exe").readlink) == "ok"
    assert confined(place, {"look": Path(f"/proc/{bystander}/exe").readlink}) == {"look": "EACCES"}


@has_landlock
def test_a_place_that_is_not_there_confines_nobody(place: Path) -> None:
    """A wrong path is an error at the start, not a role that cannot write later."""

    def work() -> list[str]:
        gain_nothing_by_exec()
        attempt = partial(restrict, (place / "missing",), make_sockets_in=None, tcp=False, scope_signals=True)
        return [errno_name(attempt), errno_name((place / "theirs" / "new").touch)]

    assert in_a_child(work) == ["ENOENT", "ok"]


VERSIONS = [
    (1, Right.TRUNCATE | Right.REFER, 0, 0),
    (2, Right.TRUNCATE, 0, 0),
    (3, Right(0), 0, 0),
    (4, Right(0), 3, 0),
    (5, Right(0), 3, 0),
    (6, Right(0), 3, 3),
    (7, Right(0), 3, 3),
    (99, Right(0), 3, 3),
]


@pytest.mark.parametrize(("version", "unknown", "tcp", "scopes"), VERSIONS)
def test_an_older_kernel_is_asked_for_what_it_knows(version: int, unknown: Right, tcp: int, scopes: int) -> None:
    """Half a confinement is better than a refused one."""
    found = handled(version, tcp=False, scope_signals=True)
    assert found == (landlock._ALL & ~unknown, tcp, scopes)
    freer = handled(version, tcp=True, scope_signals=False)
    assert freer == (found.files, 0, scopes & 1)


class OldKernel:
    """Answers as a kernel of that version does, and refuses what it could not know."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.known = handled(version, tcp=False, scope_signals=True)
        self.size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(version, 24)
        self.rules = 0
        self.restricted = False

    def call(self, _name: str, number: int, *arguments: Any) -> int:
        calls: dict[int, Callable[..., int]] = {444: self._create, 445: self._rule, 446: self._restrict}
        return calls[number](*arguments)

    def _create(self, attributes: bytes | None, _size: int, flags: int) -> int:
        if attributes is None:
            assert flags == 1
            return self.version
        assert len(attributes) <= self.size
        words = struct.unpack(f"={len(attributes) // 8}Q", attributes)
        assert all(asked & ~known == 0 for asked, known in zip(words, self.known, strict=False))
        return os.open(os.devnull, os.O_RDONLY)

    def _rule(self, _ruleset: int, kind: int, rule: bytes, flags: int) -> int:
        rights, _descriptor = struct.unpack("=Qi", rule)
        assert (kind, flags) == (1, 0)
        assert rights
        assert rights & ~self.known.files == 0
        self.rules += 1
        return 0

    def _restrict(self, _ruleset: int, flags: int) -> int:
        assert flags == 0
        self.restricted = True
        return 0


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_every_version_gets_a_request_it_accepts(monkeypatch: pytest.MonkeyPatch, place: Path, version: int) -> None:
    """No kernel that has Landlock is answered with an error for being old."""
    kernel = OldKernel(version)
    monkeypatch.setattr(landlock, "_call", kernel.call)
    writable = (place / "ours", place / "theirs" / "file")
    assert restrict(writable, make_sockets_in=place / "sockets", tcp=False, scope_signals=True) == version
    assert kernel.restricted
    assert kernel.rules == 4


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_kernel_without_it_is_no_error(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """The agent runs there as well, and says that this is missing."""
    monkeypatch.setattr(landlock, "_call", failing(code))
    assert restrict((), make_sockets_in=None, tcp=False, scope_signals=True) == 0


def test_any_other_failure_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that should be confined and is not does not go on."""
    monkeypatch.setattr(landlock, "_call", failing(errno.EPERM))
    with pytest.raises(PermissionError, match="landlock"):
        restrict((), make_sockets_in=None, tcp=False, scope_signals=True)


def failing(code: int) -> Callable[..., int]:
    def call(name: str, *_: object) -> int:
        raise OSError(code, f"{name}: {os.strerror(code)}")

    return call


def test_a_refused_call_is_named() -> None:
    """The log says which of the three calls it was."""
    with pytest.raises(OSError, match="landlock_restrict_self"):
        landlock._call("landlock_restrict_self", 446, -1, 0)


def test_the_numbers_are_those_of_the_header() -> None:
    """A bit in the wrong place would allow what it should refuse."""
    header = Path("/usr/include/linux/landlock.h")
    if not header.exists():
        pytest.skip("no kernel headers here")
    lines = [line.split() for line in header.read_text(encoding="utf-8").splitlines()]
    theirs = {w[1].removeprefix("LANDLOCK_ACCESS_FS_"): w[2] for w in lines if len(w) == 3 and "_ACCESS_FS_" in w[1]}
    for right in Right:
        if right.name in theirs:
            assert theirs[right.name] == f"(1ULL << {right.bit_length() - 1})"

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.procfs.command import (
    COUNTED,
    KEPT,
    CommandLines,
    RawCommand,
    full_name,
    read_command,
    split_command,
)
from daemoneye.host.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.mark.parametrize(
    ("data", "arguments"),
    [
        (b"sleep\x0060\0", [b"sleep", b"60"]),
        (b"sh\0-c\0echo a\nb\0", [b"sh", b"-c", b"echo a\nb"]),
        (b"prog\0\0x\0", [b"prog", b"", b"x"]),
        (b"prog\0\0", [b"prog", b""]),
        (b"\0", [b""]),
        (b"nginx: master process /usr/sbin/nginx", [b"nginx:", b"master", b"process", b"/usr/sbin/nginx"]),
        (b"sshd: root@pts/0\0\0\0\0\0", [b"sshd:", b"root@pts/0"]),
        (b"mysql -psecret\0", [b"mysql", b"-psecret"]),
        (b"/opt/my app/run\0", [b"/opt/my app/run"]),
    ],
)
def test_arguments_and_titles(data: bytes, arguments: list[bytes]) -> None:
    """Arguments stay as given; a title that a program wrote over them is split into words, so that masking applies."""
    assert split_command(data, b"/opt/my app/run") == arguments


def test_bytes_that_are_not_utf8_are_escaped() -> None:
    """What is not UTF-8 appears as an escape, never as an error."""
    assert CommandLines(tuple).masked(RawCommand(b"a\0\xff\xe9\0", 0), None) == ("a", "\\xff\\xe9")


def test_nobody_sees_an_argument_before_it_is_masked() -> None:
    """Whatever the mask returns is all that is kept, also when the same command line comes again."""
    calls: list[list[str]] = []

    def mask(arguments: Sequence[str]) -> tuple[str, ...]:
        calls.append(list(arguments))
        return ("masked",)

    lines = CommandLines(mask)
    assert [lines.masked(RawCommand(b"x\0y\0", 0), None) for _ in range(3)] == [("masked",)] * 3
    assert calls == [["x", "y"]]


@pytest.mark.parametrize(
    ("kept", "marked"),
    [
        (("x", "y…truncated 7 bytes"), ("x", "y…truncated 1007 bytes")),
        (("x", "…truncated 7 bytes"), ("x", "…truncated 1007 bytes")),
        (("x", "y"), ("x", "y", "…truncated 1000 bytes")),
        ((), ("…truncated 1000 bytes",)),
    ],
)
def test_bytes_that_were_not_read_are_counted(kept: tuple[str, ...], marked: tuple[str, ...]) -> None:
    """The mark of a cut counts everything that is missing, in one number."""
    lines = CommandLines(lambda _: kept)
    assert lines.masked(RawCommand(b"x" * KEPT, 1000), None) == marked


@pytest.mark.parametrize("size", [0, 10, 4096, KEPT - 1, KEPT, KEPT + 1, 100_000, COUNTED + 5 * KEPT])
def test_reads_a_bounded_part_and_counts_the_rest(tmp_path: Path, size: int) -> None:
    """A command line of any length costs bounded memory and time, and the count is honest up to the kernel's limit."""
    with (tmp_path / "cmdline").open("wb") as file:
        file.truncate(size)
    directory = os.open(tmp_path, os.O_PATH)
    raw = read_command(directory)
    os.close(directory)
    assert len(raw.data) == min(size, KEPT)
    assert len(raw.data) + raw.uncounted == min(size, COUNTED)


@pytest.mark.parametrize(
    ("comm", "data", "name"),
    [
        (b"gnome-keyring-d", b"/usr/bin/gnome-keyring-daemon\0-f", "gnome-keyring-daemon"),
        (b"gnome-keyring-d", b"gnome-keyring-d\0", "gnome-keyring-d"),
        (b"gnome-keyring-d", b"other\0", "gnome-keyring-d"),
        (b"gnome-keyring-d", b"", "gnome-keyring-d"),
        (b"gnome-keyring-d", b"gnome-keyring-daemon: a title", "gnome-keyring-daemon:"),
        (b"short", b"shorter\0", "short"),
        ("é".encode() * 7 + b"\xc3", "é".encode() * 20 + b"\0", "é" * 20),
        ("é".encode() * 7 + b"x", "é".encode() * 20 + b"\0", "é" * 7 + "x"),
        (b"\xff" * 4, b"\xff" * 4 + b"more\0", r"\xff\xff\xff\xff"),
        (b"\xff" * 4, b"\xff" * 30 + b"\0", r"\xff\xff\xff\xff"),
        (b"\xff" * 15, b"\xff" * 17 + b"\0", r"\xff" * 17),
    ],
)
def test_a_cut_name_is_completed(comm: bytes, data: bytes, name: str) -> None:
    """A name the kernel cut at fifteen bytes is completed from the first argument, where it fits byte by byte."""
    arguments = CommandLines(tuple).masked(RawCommand(data, 0), None)
    assert full_name(decode(comm), arguments, data, None) == name

"""``/proc/PID/cmdline``: what a process says it was started as. It may have written anything there."""

from __future__ import annotations

import functools
import re
from contextlib import closing
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.procfs.files import chunks_at, read_at
from daemoneye.host.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Twice what is kept of a command line (32 KiB), so that masking sees a secret whole even where it is then cut.
KEPT: Final = 64 << 10
# The kernel allows 6 MiB of arguments and environment (3/4 of _STK_LIM in fs/exec.c); more is no command line.
COUNTED: Final = 8 << 20
# Workers share command lines; a machine has a few hundred distinct short ones, and long ones are not worth the memory.
REMEMBERED: Final = 512
REMEMBERED_LENGTH: Final = 1024
_MARK: Final = re.compile(r"…truncated (\d+) bytes\Z")
_COMM_LENGTH: Final = 15  # TASK_COMM_LEN without its end


class RawCommand(NamedTuple):
    data: bytes
    uncounted: int  # bytes that follow


def read_command(directory: int) -> RawCommand:
    data = read_at(directory, b"cmdline", KEPT)
    if len(data) < KEPT:
        return RawCommand(data, 0)
    with closing(chunks_at(directory, b"cmdline", chunk=KEPT, limit=COUNTED)) as chunks:
        return RawCommand(next(chunks, b""), sum(map(len, chunks)))


def split_command(data: bytes, executable: bytes | None) -> list[bytes]:
    """Arguments as they were given, or the words of a title that was written over them.

    A title is one string with blanks, perhaps padded with zeros to the length of what it replaced. A lone argument that
    is the path of the executable is none, however many blanks are in it.
    """
    arguments = data.removesuffix(b"\0").split(b"\0")
    title = arguments[0]
    if b" " in title and title != executable and not any(arguments[1:]):
        return title.removesuffix(b" ").split(b" ")
    return arguments


class CommandLines:
    """Command lines, masked before anyone can see them."""

    def __init__(self, mask: Callable[[Sequence[str]], tuple[str, ...]]) -> None:
        self._mask = mask
        self._remembered = functools.lru_cache(REMEMBERED)(self._masked)

    def masked(self, raw: RawCommand, executable: bytes | None) -> tuple[str, ...]:
        if not raw.data:
            return ()
        if len(raw.data) <= REMEMBERED_LENGTH:
            return self._remembered(raw.data, executable)
        return _with_rest(self._masked(raw.data, executable), raw.uncounted)

    def _masked(self, data: bytes, executable: bytes | None) -> tuple[str, ...]:
        return self._mask([decode(argument) for argument in split_command(data, executable)])


def _with_rest(arguments: tuple[str, ...], uncounted: int) -> tuple[str, ...]:
    """Count the bytes that were not even read in the mark at the end, or in one of their own."""
    if not uncounted:
        return arguments
    last = arguments[-1] if arguments else ""
    mark = _MARK.search(last)
    if mark is None:
        return (*arguments, f"…truncated {uncounted} bytes")
    return (*arguments[:-1], f"{last[: mark.start()]}…truncated {int(mark[1]) + uncounted} bytes")


def full_name(comm: str, arguments: tuple[str, ...], data: bytes, executable: bytes | None) -> str:
    """Undo the kernel's cut at fifteen bytes where the first argument shows how the name goes on.

    Bytes are compared, because the cut may go through a character. The answer is the argument as it was masked.
    """
    if len(comm.encode()) < _COMM_LENGTH or not arguments:
        return comm
    base = split_command(data, executable)[0].rpartition(b"/")[2]
    if len(base) <= _COMM_LENGTH or decode(base[:_COMM_LENGTH]) != comm:
        return comm
    return arguments[0].rpartition("/")[2]

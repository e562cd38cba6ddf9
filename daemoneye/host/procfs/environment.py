"""The few environment variables that change what program a process really is, such as ``LD_PRELOAD``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.host.procfs.files import chunks_at
from daemoneye.host.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

# The kernel allows 6 MiB of arguments and environment together (3/4 of _STK_LIM in fs/exec.c).
_LIMIT: Final = 8 << 20
_CHUNK: Final = 64 << 10
_VALUE: Final = 4096  # as much as of one argument
_VARIABLES: Final = 64  # a name may come twice; nobody needs it more often


def read_environment(
    directory: int, names: Collection[bytes], mask: Callable[[Sequence[str]], tuple[str, ...]]
) -> tuple[tuple[str, str], ...]:
    chosen: list[tuple[str, str]] = []
    for entry, dropped in _entries(chunks_at(directory, b"environ", chunk=_CHUNK, limit=_LIMIT)):
        if entry.partition(b"=")[0] in names and len(chosen) < _VARIABLES:
            chosen.append(_masked(entry[:_VALUE], dropped + len(entry[_VALUE:]), mask))
    return tuple(chosen)


def _masked(entry: bytes, dropped: int, mask: Callable[[Sequence[str]], tuple[str, ...]]) -> tuple[str, str]:
    # env(1) takes its variables as arguments, so what masks command lines masks them too
    name, _, value = mask(("env", decode(entry)))[-1].partition("=")
    return name, f"{value}…truncated {dropped} bytes" if dropped else value


def _entries(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    """Entries between zeros, each kept up to a chunk, with the count of what was not kept."""
    rest, dropped = b"", 0
    for chunk in chunks:
        *whole, last = chunk.split(b"\0")
        for entry in whole:
            yield rest + entry, dropped
            rest, dropped = b"", 0
        kept = max(0, _CHUNK - len(rest))
        rest, dropped = rest + last[:kept], dropped + len(last[kept:])
    if rest:
        yield rest, dropped

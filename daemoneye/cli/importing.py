"""Reading lines of ``baseline export``: all of them are checked, and every mistake is named with its line.

Memory is bounded whatever is fed in: by the length of a line, by the number of programs there is room for, and by what
goes to the agent at once.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from types import NoneType
from typing import IO, TYPE_CHECKING, Any, Final

import click

from daemoneye.cli.trusted import document
from daemoneye.errors import HostileInput, IOFailedError, NoInputError, NoPermissionError
from daemoneye.integrity.territory import HOST
from daemoneye.integrity.trust import flaw
from daemoneye.model.trust import LONGEST_PATH, MOST_BYTES, MOST_TRUSTS, BaselineEntry, Trust
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_KEYS: Final = frozenset(document(BaselineEntry()))
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "path": (str,),
    "sha256": (str,),
    "ssdeep": (str, NoneType),
    "namespace": (str, NoneType),
}
_WORDS: Final = {
    "path": "an absolute path",
    "sha256": "64 hex digits",
    "ssdeep": "a digest, or null",
    "namespace": "a name, or null",
}
_EXPECTED: Final = "expected an object of `baseline export`"
_LONGEST_LINE: Final = 2 * LONGEST_PATH + 4096  # a path with a backslash before every other byte, and all the rest
_SHOWN: Final = 60  # bytes of what is wrong


class FilePart(click.Path):
    """A name, or - for standard input; whether it can be read has exit codes of its own."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False, allow_dash=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "-" else super().convert(value, param, ctx)


def read(file: Path | None) -> tuple[list[Trust], list[str]]:
    """Return what is to be trusted, and what is wrong; ``None`` is standard input."""
    where = printable(str(file)) if file else "standard input"
    try:
        with _opened(file) as stream:
            return _read(stream, where)
    except FileNotFoundError:
        raise NoInputError(where, "no such file", "lines of `baseline export`") from None
    except PermissionError:
        raise NoPermissionError(where, "permission denied", "lines of `baseline export`") from None
    except OSError as error:
        raise IOFailedError(where, (error.strerror or "unreadable").lower(), "lines of `baseline export`") from None


def _opened(file: Path | None) -> AbstractContextManager[IO[bytes]]:
    return file.open("rb") if file else nullcontext(sys.stdin.buffer)


class _FullError(HostileInput):
    """There is no use in reading on."""


class _Taken:
    def __init__(self) -> None:
        self.trusts: dict[tuple[str, str], tuple[Trust, int]] = {}  # with the number of the line
        self._lines = 0
        self._room = MOST_BYTES

    def add(self, line: bytes, number: int) -> None:
        if len(line) > _LONGEST_LINE:
            raise _FullError(f"more than {_LONGEST_LINE} bytes: {_EXPECTED}")
        if not line.strip():
            return
        self._lines += 1
        if self._lines > MOST_TRUSTS:
            raise _FullError(f"one program more than there is room for: expected at most {MOST_TRUSTS:,}")
        trust = _trust(line)
        self._room -= trust.weight
        if self._room < 0:
            raise _FullError(f"too much at once: expected at most {MOST_BYTES >> 20} MiB of paths")
        _, before = self.trusts.setdefault((trust.namespace, trust.path), (trust, number))
        if before != number:
            raise HostileInput(f"the program of line {before} again: expected each once")


def _read(stream: IO[bytes], where: str) -> tuple[list[Trust], list[str]]:
    taken, mistakes = _Taken(), []
    for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE + 1), b""), 1):
        try:
            taken.add(line, number)
        except HostileInput as error:
            mistakes.append(f"{where}:{number}: {error}")
            if isinstance(error, _FullError):
                break
    return [trust for trust, _ in taken.trusts.values()], mistakes


def _trust(line: bytes) -> Trust:
    said = _object(line)
    for name, kinds in _KINDS.items():
        if not isinstance(said.get(name), kinds):
            found = f"{name} {_shown(said[name])}" if name in said else f"no {name}"
            raise HostileInput(f"{found}: expected {_WORDS[name]}")
    trust = Trust(
        path=said["path"],
        namespace=said.get("namespace") or HOST,
        sha256=said["sha256"].lower(),
        ssdeep=said.get("ssdeep"),
    )
    if wrong := flaw(trust):
        raise HostileInput(f"{wrong.found}: {wrong.expected}")
    return trust


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line.decode(), object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise HostileInput(f"not UTF-8: {_EXPECTED}") from None
    except (ValueError, RecursionError):  # ValueError: also a number with more digits than Python reads
        raise HostileInput(f"not JSON: {_EXPECTED}") from None
    if not isinstance(said, dict):
        raise HostileInput(f"{_shown(said)}: {_EXPECTED}")
    if strange := said.keys() - _KEYS:
        raise HostileInput(f"key {_shown(min(strange))}: expected only those of `baseline export`")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in pairs:
        if name in said:
            raise HostileInput(f"key {_shown(name)} twice: expected each once")
        said[name] = value
    return said


def _shown(value: object) -> str:
    return printable(repr(value)[:_SHOWN], _SHOWN)

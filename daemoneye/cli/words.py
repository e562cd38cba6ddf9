"""What entries are looked for by, checked as it is typed: a mistake is better told than answered with nothing."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from daemoneye.errors import HostileInput
from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.sanitize.hostile import decodable, printable

_SHOWN: Final = 70  # of what was typed: a digest and a little more
_LONGEST_NAME: Final = 128  # bytes; the longest name of a process has 63
_GLOB: Final = frozenset("*?[")


class _Matching(click.ParamType[str]):
    """A text of one form, in small letters."""

    def __init__(self, name: str, pattern: str, expected: str) -> None:
        self.name = name
        self._matches = re.compile(pattern).fullmatch
        self._expected = expected

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).lower()
        if not self._matches(text):
            self.fail(f"'{printable(str(value), _SHOWN)}': expected {self._expected}", param, ctx)
        return text


class Ssdeep(click.ParamType[str]):
    """With or without the name of a file behind it, as ssdeep prints it."""

    name = "digest"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(FuzzyDigest.parse(str(value)))
        except HostileInput as error:
            self.fail(f"'{printable(str(value), _SHOWN)}': {error}", param, ctx)


KIND: Final = _Matching("kind", r"[a-z][a-z0-9._-]{0,63}", "a word such as process.started or integrity.disk_mismatch")
SHA256: Final = _Matching("digest", r"[0-9a-f]{64}", "the 64 hex digits of a SHA-256")
SSDEEP: Final = Ssdeep()
PROCESS: Final = _Matching("process", r"[0-9]{1,7}|[0-9a-f]{32}", "a pid, or the 32 hex digits of an entity id")


class Name(click.ParamType[str]):
    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = decodable(str(value))  # as the journal has what is no UTF-8
        if not 0 < len(text.encode()) <= _LONGEST_NAME:
            self.fail(f"expected a name of 1 to {_LONGEST_NAME} bytes", param, ctx)
        return text


def is_glob(name: str) -> bool:
    return not _GLOB.isdisjoint(name)

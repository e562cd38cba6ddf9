"""One read, two digests: SHA-256, which is the identity of a content, and ssdeep, which says how alike two are.

A third for whoever has to compare with what only MD5 is known of, such as the files of dpkg: it is no identity, for
anybody can make two contents with the same one.

Memory is fixed, whatever is read. numpy is loaded by the first Digester that is asked for ssdeep, so that who wants
none does not pay; an agent that will drop its rights calls ``engines`` before.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Protocol

from daemoneye.integrity.fuzzy import FuzzyDigest


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """What a content is. No ssdeep where none was wanted; where one was, ``no_ssdeep`` says why not."""

    size: int
    sha256: str
    ssdeep: FuzzyDigest | None = None
    no_ssdeep: str = ""
    md5: str | None = None  # where it was wanted


class _Engine(Protocol):
    def update(self, data: bytes | bytearray | memoryview) -> None: ...
    def digest(self) -> str: ...


class _Engines(Protocol):
    """What both ssdeep modules have."""

    LARGEST: int  # bytes
    LIMITATION: str  # why there is no digest above that
    NOTICE: str  # what a user of this one should know

    def Engine(self, expected_size: int | None = None) -> _Engine: ...  # noqa: N802 - a class, seen from outside


class Digester:
    """Takes a content piece by piece."""

    def __init__(self, *, expected_size: int | None = None, want_ssdeep: bool = True, want_md5: bool = False) -> None:
        """Knowing the size makes ssdeep a third faster; if it turns out wrong, ``finish`` refuses."""
        self._size = 0
        self._expected = expected_size
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if want_md5 else None
        self._engines = engines() if want_ssdeep else None
        self._ssdeep = None
        if self._engines and (expected_size or 0) <= self._engines.LARGEST:
            self._ssdeep = self._engines.Engine(expected_size)

    def update(self, chunk: bytes | bytearray | memoryview) -> None:
        self._size += len(chunk)
        self._sha256.update(chunk)
        if self._md5:
            self._md5.update(chunk)
        if self._engines and self._size > self._engines.LARGEST:
            self._ssdeep = None
        if self._ssdeep:
            self._ssdeep.update(chunk)

    def finish(self) -> Digests:
        """End it. A Digester is good for one content."""
        if self._expected not in {None, self._size}:
            raise ValueError(f"{self._size} bytes came where {self._expected} were expected")
        return Digests(
            size=self._size,
            sha256=self._sha256.hexdigest(),
            ssdeep=FuzzyDigest.parse(self._ssdeep.digest()) if self._ssdeep else None,
            no_ssdeep=self._engines.LIMITATION if self._engines and not self._ssdeep else "",
            md5=self._md5.hexdigest() if self._md5 else None,
        )


@functools.cache
def engines() -> _Engines:
    """Load numpy's engine, or without numpy the slow one."""
    try:
        from daemoneye.integrity import ssdeep  # noqa: PLC0415 - numpy takes 17 MB and a tenth of a second
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        from daemoneye.integrity import fallback  # noqa: PLC0415

        return fallback
    return ssdeep

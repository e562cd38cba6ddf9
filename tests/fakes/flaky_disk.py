"""A disk that takes so many more bytes, and a machine that is switched off in the middle of a write."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_write, _truncate = os.write, os.ftruncate


@dataclass
class FlakyDisk:
    """Stands in for ``os.write`` and ``os.ftruncate``; whoever made it says what is wrong, and when no longer."""

    room: int | None = None
    number: int = errno.ENOSPC
    truncates: bool = True
    piece: int | None = None  # at most so much is taken by one call
    asked: list[int] = field(default_factory=list)

    def write(self, file: int, data: bytes) -> int:
        self.asked.append(len(data))
        if self.room is not None:
            if not self.room:
                raise OSError(self.number, os.strerror(self.number))
            data = data[: self.room]
            self.room -= len(data)
        return _write(file, data[: self.piece])

    def ftruncate(self, file: int, size: int) -> None:
        if not self.truncates:
            raise OSError(self.number, os.strerror(self.number))
        _truncate(file, size)

    def mend(self) -> None:
        self.room, self.truncates = None, True

    def install(self, monkeypatch: pytest.MonkeyPatch) -> FlakyDisk:
        monkeypatch.setattr(os, "write", self.write)
        monkeypatch.setattr(os, "ftruncate", self.ftruncate)
        return self

"""A borrowed process that is none."""

from __future__ import annotations

from itertools import count
from typing import Self

from daemoneye.broker.lending import Outcome

_descriptors = count(1000)


class Leased:
    """Its end is what a test says."""

    def __init__(self, pid: int, end: Outcome | TimeoutError | None = None) -> None:
        self.pid = pid
        self.end = end or Outcome(signal=9)
        self.killed = self.closed = False
        self._descriptor = next(_descriptors)

    def fileno(self) -> int:
        return self._descriptor

    def kill(self) -> None:
        self.killed = True

    def outcome(self, _timeout_s: float) -> Outcome:
        if isinstance(self.end, TimeoutError):
            raise self.end
        return self.end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

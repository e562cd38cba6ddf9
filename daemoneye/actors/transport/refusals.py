"""What was refused: counted always, told once in a while. A peer cannot fill a log with what it is denied."""

from __future__ import annotations

import contextlib
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

from daemoneye.errors import HostileInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A line a minute and kind is what a person can still read; the counters have the rest.
WINDOW_S: Final = 60.0


class Refusal(StrEnum):
    STRANGER = "stranger"  # a uid that has no business here
    CROWD = "crowd"  # more connections than one process needs
    FRAME = "frame"
    SILENCE = "silence"  # half a frame, and then nothing
    ADDRESS = "address"  # somebody else's, or none
    TYPE = "type"
    FORGERY = "forgery"  # a message that our own encoder cannot have written
    POLICY = "policy"


class Refused(HostileInput):
    """Every reason not to listen names its kind."""

    kind: ClassVar[Refusal]


class Refusals:
    def __init__(self, report: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._report = report
        self._clock = clock
        self._counts: Counter[Refusal] = Counter()
        self._told: dict[Refusal, tuple[float, int]] = {}  # when, and how many there were then

    @property
    def counts(self) -> Mapping[Refusal, int]:
        return dict(self._counts)

    def add(self, kind: Refusal, what: str) -> None:
        self._counts[kind] += 1
        now, count = self._clock(), self._counts[kind]
        told_at, told_count = self._told.get(kind, (-WINDOW_S, 0))
        if now - told_at < WINDOW_S:
            return
        self._told[kind] = (now, count)
        unsaid = count - told_count - 1
        with contextlib.suppress(OSError):  # a full disk and a bad peer together are no reason to end
            self._report(f"refused ({kind}): {what}" + (f"; {unsaid} more since the last line" if unsaid else ""))

"""Each condition as something that can be asked: does it hold for this?

Two of them remember: a busy process is one that was busy in several records in a row, and a digest is compared with the
one its path had before. The path counts together with its device, because containers have files of the same name.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from daemoneye.lifecycle.bounded import BoundedMap
from daemoneye.model.process import OnDisk
from daemoneye.model.trigger import (
    Condition,
    HashMismatch,
    MissingExecutable,
    NameMatches,
    PathMatches,
    ResourceAnomaly,
    SuspiciousParentChild,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.lifecycle.bounded import Occupancy
    from daemoneye.lifecycle.subject import Subject

# As many processes, and as many executables, as the agent is made for (10,000 processes on one host).
MEMORY: Final = 10_000


class Predicate(Protocol):
    def holds(self, subject: Subject) -> bool: ...

    @property
    def occupancies(self) -> tuple[Occupancy, ...]: ...


def compiled(condition: Condition, name: str) -> Predicate:
    match condition:
        case MissingExecutable():
            return _Missing()
        case HashMismatch():
            return _Mismatch(condition, name)
        case SuspiciousParentChild():
            return _ParentChild(condition)
        case ResourceAnomaly():
            return _Anomaly(condition, name)
        case NameMatches():
            return _Name(condition)
        case PathMatches():
            return _Path(condition)
        case _:
            assert_never(condition)


class _Forgetful:
    """What remembers nothing."""

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return ()


class _Missing(_Forgetful):
    def holds(self, subject: Subject) -> bool:
        # a kernel thread has no executable that could be missing, whatever a reader made of its empty link
        return not subject.kernel_thread and subject.on_disk in {OnDisk.DELETED, OnDisk.MEMFD}


class _Name(_Forgetful):
    def __init__(self, condition: NameMatches) -> None:
        self._pattern = _any_of(condition.globs)

    def holds(self, subject: Subject) -> bool:
        return _matches(self._pattern, subject.name)


class _Path(_Forgetful):
    def __init__(self, condition: PathMatches) -> None:
        self._pattern = _any_of(condition.globs)

    def holds(self, subject: Subject) -> bool:
        return _matches(self._pattern, subject.executable_path)


class _ParentChild(_Forgetful):
    def __init__(self, condition: SuspiciousParentChild) -> None:
        self._parents = _Who(condition.parents)
        self._children = _Who(condition.children)

    def holds(self, subject: Subject) -> bool:
        parent = subject.parent
        return (
            parent is not None
            and self._parents.has(parent.name, parent.executable_path)
            and self._children.has(subject.name, subject.executable_path)
        )


class _Who:
    """Globs for a process, some for its name and some for its path."""

    def __init__(self, globs: tuple[str, ...]) -> None:
        self._names = _any_of(glob for glob in globs if "/" not in glob)
        self._paths = _any_of(glob for glob in globs if "/" in glob)

    def has(self, name: str, path: str | None) -> bool:
        return _matches(self._names, name) or _matches(self._paths, path)


def _any_of(globs: Iterable[str]) -> re.Pattern[str] | None:
    patterns = [translate(glob) for glob in globs]
    return re.compile("|".join(patterns)) if patterns else None


def _matches(pattern: re.Pattern[str] | None, text: str | None) -> bool:
    return pattern is not None and text is not None and pattern.match(text) is not None


class _Mismatch:
    def __init__(self, condition: HashMismatch, name: str) -> None:
        self._expected = {(each.path, each.algorithm): each.digest.casefold() for each in condition.expected}
        self._last: BoundedMap[tuple[int, str, str], str] = BoundedMap(f"{name}: digests", MEMORY)

    def holds(self, subject: Subject) -> bool:
        return self._digest_differs(subject) or subject.mismatch

    def _digest_differs(self, subject: Subject) -> bool:
        path, algorithm = subject.executable_path, subject.algorithm
        if path is None or algorithm is None or subject.digest is None or subject.mismatch:
            return False  # a mismatched image is not the path's: its digest must not be taken for the path's own
        digest = subject.digest.casefold()
        place = (subject.executable_file.dev if subject.executable_file else 0, path, algorithm)
        last = self._last.get(place)
        self._last.set(place, digest)
        return digest != self._expected.get((path, algorithm), digest) or digest != (last or digest)

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return (self._last.occupancy,)


class _Anomaly:
    def __init__(self, condition: ResourceAnomaly, name: str) -> None:
        self._condition = condition
        self._streaks: BoundedMap[str, tuple[int, int]] = BoundedMap(f"{name}: streaks", MEMORY)

    def holds(self, subject: Subject) -> bool:
        if subject.measured_ms is None:
            return False
        if not self._above(subject):
            self._streaks.discard(subject.entity_id)
            return False
        length, last_ms = self._streaks.get(subject.entity_id) or (0, None)
        if last_ms != subject.measured_ms:  # one scan counts once, however often it is told
            length += 1
            self._streaks.set(subject.entity_id, (length, subject.measured_ms))
        return length >= self._condition.scans

    def _above(self, subject: Subject) -> bool:
        return _exceeds(subject.cpu_usage, self._condition.cpu_percent) or _exceeds(
            subject.memory_bytes, self._condition.memory_bytes
        )

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return (self._streaks.occupancy,)


def _exceeds(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit

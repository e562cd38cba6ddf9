"""What kinds of things keep us from seeing, and when that is news.

The numbers of a scan always move a little. An operator wants to hear when a *kind* of loss appears or is over: that
arguments of others can no longer be read, that processes hang, that descriptors ran out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.model.process import Unread

if TYPE_CHECKING:
    from daemoneye.model.coverage import Coverage

# Processes come and go while they are read, and paths of containers lead nowhere from here: nothing is wrong with that.
_ORDINARY: Final = frozenset({Unread.GONE, Unread.UNREACHABLE, Unread.UNSUPPORTED})
# Anyone can make a process hang now and then; one that does it every other scan is told of once.
_CLEAR_AFTER: Final = 3


def hindrances(coverage: Coverage) -> frozenset[str]:
    found = {reason for reason, count in coverage.partly_read_by_reason if count}
    found |= {name for name in ("malformed", "timeout", "refused", "hidden") if getattr(coverage, name)}
    return frozenset(found - _ORDINARY)


class Change(NamedTuple):
    appeared: tuple[str, ...]
    over: tuple[str, ...]


class Sight:
    """The kinds of loss in force: there at once, over when three scans in a row were without."""

    def __init__(self) -> None:
        self._clear_scans: dict[str, int] = {}  # per kind in force

    def observe(self, hindrances: frozenset[str]) -> Change | None:
        """Take in one scan; ``None`` if there is nothing new to say."""
        known = self._clear_scans
        appeared = tuple(sorted(hindrances - known.keys()))
        self._clear_scans = {each: 0 if each in hindrances else known[each] + 1 for each in known}
        over = tuple(sorted(each for each, scans in self._clear_scans.items() if scans >= _CLEAR_AFTER))
        self._clear_scans = {each: scans for each, scans in self._clear_scans.items() if each not in over}
        self._clear_scans.update(dict.fromkeys(appeared, 0))
        return Change(appeared, over) if appeared or over else None

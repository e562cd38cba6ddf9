"""Counts what a scan has seen, and bounds what it has not.

The kernel counts every task it ever started, processes and threads alike. What of its growth is not explained by a
process that is new, or by a known process with more threads than before, is a process or a thread that came and went
unseen. Which of the two nobody can tell, so the number is an upper bound; in a container it takes in the whole host.
The counter and the list of processes are not read in one instant: a start in that gap moves from one scan to the next.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from daemoneye.lifecycle.diff import comparable
from daemoneye.model.coverage import Coverage
from daemoneye.model.process import Unread

if TYPE_CHECKING:
    from daemoneye.lifecycle.diff import Difference
    from daemoneye.lifecycle.digests import Digests
    from daemoneye.model.observation import Observation, Snapshot


def measure(
    before: Snapshot | None, after: Snapshot, difference: Difference, digests: Digests | None = None
) -> Coverage:
    kernel_threads = sum(each.sample.kernel_thread for each in after.processes.values())
    reasons = [_reasons(each) for each in after.processes.values() if not each.sample.kernel_thread]
    partly = [each for each in reasons if each]
    seen = len(after.processes)
    compared = comparable(before, after)
    tally = digests.tally(after.processes.values()) if digests else None
    return Coverage(
        seen=seen,
        fully_read=seen - len(partly),
        partly_read=len(partly),
        partly_read_by_reason=tuple(sorted(Counter(chain(*partly)).items())),
        kernel_threads=kernel_threads,
        vanished=after.losses.vanished,
        malformed=after.losses.malformed,
        timeout=after.losses.timeout,
        refused=after.losses.refused,
        hidden=after.losses.hidden,
        started=len(difference.started) if compared else None,
        exited=len(difference.exited) if compared else None,
        came_and_went_at_most=_unexplained_forks(before, after) if before is not None and compared else None,
        hashed=tally.hashed if tally else None,
        not_hashed_by_reason=tally.not_hashed_by_reason if tally else (),
    )


def _reasons(observation: Observation) -> set[str]:
    """Why it was not read as far as this system allows; what it tells nobody is in no reader's power."""
    return {reason for _, reason in observation.facts.unread if reason != Unread.UNSUPPORTED}


def _unexplained_forks(before: Snapshot, after: Snapshot) -> int | None:
    # a counter that went back was reset, by a restored image for one: what it says now is about another time
    if before.forks is None or after.forks is None or after.forks < before.forks:
        return None
    return max(0, after.forks - before.forks - _forks_seen(before, after))


def _forks_seen(before: Snapshot, after: Snapshot) -> int:
    forks = 0
    for key, now in after.processes.items():
        then = before.processes.get(key)
        known = then.sample.threads if then else 0
        forks += max(0, now.sample.threads - known)
    return forks

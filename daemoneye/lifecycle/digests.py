"""What is known of the contents of executables, for whoever tells of the processes that run them.

A digest belongs to a content, and so to a file identity with its times; it comes when it comes, and processes that run
the file carry it from then on.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.lifecycle.bounded import BoundedMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.lifecycle.bounded import Occupancy
    from daemoneye.model.alert import Content
    from daemoneye.model.observation import Facts, Observation
    from daemoneye.model.process import FileIdentity, HashStatus

# As many contents as the cache of hashing has; a machine runs some hundreds.
CAPACITY: Final = 10_000
WAITING: Final = "waiting"  # nobody has asked yet, or nobody answered


class Digest(NamedTuple):
    """How it went with the digests of one content."""

    status: HashStatus
    content: Content | None = None
    ssdeep_missing: bool = False  # one was due, and there is none


class Tally(NamedTuple):
    """How many processes run an image whose digest is known, and why that of the others is not."""

    hashed: int
    not_hashed_by_reason: tuple[tuple[str, int], ...]


class Digests:
    """Written to by one thread and read by any: nothing here takes two steps that must not be seen apart."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._known: BoundedMap[FileIdentity, Digest] = BoundedMap("digests shown", capacity)
        self.learned = 0  # how often: as long as it stays the same nothing new is known

    def learn(self, file: FileIdentity, digest: Digest) -> None:
        self._known.set(file, digest)
        self.learned += 1

    def of(self, facts: Facts) -> Digest | None:
        """What is known of the image that a process runs."""
        return None if facts.executable_file is None else self._known.get(facts.executable_file)

    def content_of(self, facts: Facts) -> Content | None:
        digest = self.of(facts)
        return digest.content if digest else None

    def tally(self, observations: Iterable[Observation]) -> Tally:
        """Count; kernel threads have no image."""
        # readers give the same object for the same file, and to look up by value costs ten times as much
        files: dict[int, Facts] = {}
        users: Counter[int] = Counter()
        reasons: Counter[str] = Counter()
        for sample, facts in observations:
            if facts.executable_file is not None:
                files[id(facts.executable_file)] = facts
                users[id(facts.executable_file)] += 1
            elif not sample.kernel_thread:
                reasons[dict(facts.unread).get("executable_file", WAITING)] += 1
        hashed = 0
        for each, count in users.items():
            digest = self.of(files[each])
            if digest and digest.content:
                hashed += count
            else:
                reasons[digest.status.label if digest else WAITING] += count
        return Tally(hashed, tuple(sorted(reasons.items())))

    @property
    def occupancy(self) -> Occupancy:
        return self._known.occupancy

"""What was given to the journal, until each sender has its answer.

A batch is acknowledged when every entry of it has been settled: recorded, or refused. Whoever has more on its way than
was agreed is not what it should be: that batch is dropped, and not acknowledged. No clock and no actor in here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from daemoneye.messages.record import BATCH_ENTRIES, WINDOW, Keep, Kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemoneye.model.record import Entry

# With so many senders at once nothing that the journal takes in comes near the limits of its waiting room.
LARGEST_JOB: Final = 4 * WINDOW * BATCH_ENTRIES
_ORPHANS: Final = 64  # batches: what a dozen lives of one sender can leave behind, 32 MiB of usual entries


class _Batch:
    def __init__(self, speaker: str, keep: Keep) -> None:
        self.speaker = speaker
        self.number = keep.batch
        self.open = {entry.id for entry in keep.entries}
        self.refused: list[str] = []


class Intake:
    def __init__(self) -> None:
        self._of_speaker: defaultdict[str, dict[int, _Batch]] = defaultdict(dict)
        self._waiting_for: defaultdict[str, list[_Batch]] = defaultdict(list)
        self._queued: list[tuple[_Batch, tuple[Entry, ...]]] = []
        self.dropped: Counter[str] = Counter()  # by stream and severity

    def give(self, speaker: str, keep: Keep) -> bool:
        """Take it; false if that is more than was agreed."""
        known = self._of_speaker[speaker]
        if keep.batch in known:
            return True  # said twice
        if len(known) >= WINDOW or not 0 < len(keep.entries) <= BATCH_ENTRIES:
            return False
        batch = known[keep.batch] = _Batch(speaker, keep)
        self._queued.append((batch, keep.entries))
        return True

    def forget(self, speaker: str) -> None:
        """Another process is in its place: nobody waits for an answer, and what it gave is to be recorded all the same.

        Only of one that dies again and again, while nothing can be recorded, is there more than there is room for.
        """
        self._of_speaker.pop(speaker, None)
        orphans = [each for each in self._queued if not self._is_awaited(each[0])]
        for each in orphans[:-_ORPHANS]:
            self._queued.remove(each)
            self.dropped.update(f"{entry.stream.word}/{entry.severity.word}" for entry in each[1])

    def _is_awaited(self, batch: _Batch) -> bool:
        return self._of_speaker[batch.speaker].get(batch.number) is batch

    @property
    def waiting(self) -> int:
        """How many entries have come and are not with the journal yet."""
        return sum(len(entries) for _, entries in self._queued)

    def job(self) -> list[Entry]:
        """What has come since the last time and is to be recorded now, in the order in which it came."""
        chosen: list[Entry] = []
        while self._queued and len(chosen) + len(self._queued[0][1]) <= LARGEST_JOB:
            batch, entries = self._queued.pop(0)
            chosen += entries
            for identity in batch.open:
                self._waiting_for[identity].append(batch)
        return chosen

    def settle(self, answers: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, Kept]]:
        """Yield who is to be told what; an answer is an id, and whether that entry was refused."""
        for identity, refused in answers:
            for batch in self._waiting_for.pop(identity, ()):
                batch.open.discard(identity)
                if refused:
                    batch.refused.append(identity)
                if not batch.open and self._is_awaited(batch):
                    del self._of_speaker[batch.speaker][batch.number]
                    yield batch.speaker, Kept(batch=batch.number, refused=tuple(batch.refused))

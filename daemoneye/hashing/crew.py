"""What the workers have in hand, how much of it they may read, and until when.

Bytes are given out in turns: one slice to whoever has asked for more, the longest waiting first, then the beginning of
a new job to whoever is idle, and so on. A large file takes its time without keeping small ones from theirs. Nobody is
passed over because somebody else needs less.

Time counts while a worker reads, not while its file is opened, nor while it waits for bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.budget import Budget
from daemoneye.hashing.effects import Assign, Grant, HandOver, Journal
from daemoneye.hashing.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.hashing.effects import Effect
    from daemoneye.hashing.job import Job
    from daemoneye.hashing.values import Limits, Now, Tag
    from daemoneye.hashing.waiting import Waiting

# A worker ends what takes too long by itself; who does not answer that much later is not going to.
GRACE_S: Final = 2.0


@dataclass(slots=True)
class Hand:
    worker: str
    number: int
    job: Job
    tag: Tag  # the question that says how to open it
    piece: int
    lent: int  # bytes it may be reading
    left_s: float
    since_s: float = 0.0  # when it was given the file, or the last bytes were granted
    began_wall_ns: int = 0
    read: int = 0  # bytes, before those it may be reading now
    opened: bool = False
    reading: bool = False


class Crew:
    def __init__(self, limits: Limits, now_s: float) -> None:
        self.roster = Roster()
        self.budget = Budget(limits.bytes_per_second, now_s)
        self.hands: dict[str, Hand] = {}
        self.bytes_read = 0
        self._limits = limits
        self._asking: dict[str, Hand] = {}  # the longest first
        self._asking_is_next = True
        self._numbers = 0
        self._bytes_at_s: float | None = None

    def set_limits(self, limits: Limits) -> None:
        self._limits = limits

    def opened(self, worker: str, number: int, now: Now) -> Iterator[Effect]:
        hand = self.hands.get(worker)
        if hand is None or hand.number != number or hand.opened:
            return
        hand.opened = hand.reading = True
        hand.since_s, hand.began_wall_ns = now.s, now.wall_ns
        yield Journal(begun=hand.job.file)
        yield HandOver(worker, number)

    def more(self, worker: str, number: int, left: int, now_s: float) -> None:
        hand = self.hands.get(worker)
        if hand is None or hand.number != number or not hand.reading:
            return
        self._settle(hand, left)
        hand.left_s -= now_s - hand.since_s
        hand.reading = False
        self._asking[worker] = hand

    def put_down(self, worker: str, number: int | None = None, *, bytes_read: int | None = None) -> Hand | None:
        """Take it out of the worker's hand, if it is there.

        How much was read of it may not be known: then all was, if it had been opened.
        """
        hand = self.hands.get(worker)
        if hand is None or number not in {None, hand.number}:
            return None
        del self.hands[worker]
        self._asking.pop(worker, None)
        if not hand.opened:
            bytes_read = 0
        self._settle(hand, 0 if bytes_read is None else hand.read + hand.lent - bytes_read)
        return hand

    def overdue(self, now_s: float) -> tuple[Hand, ...]:
        return tuple(hand for hand in self.hands.values() if hand.reading and now_s >= _due_s(hand))

    def turn(self, waiting: Waiting, now: Now) -> Iterator[Effect]:
        self._bytes_at_s = None
        if not self._limits.enabled:
            yield from self._end_all(now.s)
        while self._asking or (self.roster.idle and waiting):
            if self._asking and (self._asking_is_next or not (self.roster.idle and waiting)):
                served = self._grant(now)
            else:
                served = self._assign(waiting, now)
            if not served:
                break
            self._asking_is_next = not self._asking_is_next
            yield from served
        yield from self.roster.adjust(self._places, len(waiting), now.s)

    def wake_s(self, jobs: int) -> Iterator[float]:
        if self._bytes_at_s is not None:
            yield self._bytes_at_s
        yield from (_due_s(hand) for hand in self.hands.values() if hand.reading)
        yield from self.roster.wake_s(self._places, jobs)

    def _end_all(self, now_s: float) -> Iterator[Effect]:
        for hand in self._asking.values():
            hand.reading, hand.since_s = True, now_s
            yield Grant(hand.worker, hand.number, 0)
        self._asking.clear()

    def _grant(self, now: Now) -> tuple[Effect, ...]:
        hand = next(iter(self._asking.values()))
        amount = max(self._slice, hand.piece)  # not less at the end of the file: it may have grown
        if not self._lend(amount, now.s):
            return ()
        del self._asking[hand.worker]
        hand.lent = amount
        hand.since_s, hand.reading = now.s, True
        return (Grant(hand.worker, hand.number, amount),)

    def _assign(self, waiting: Waiting, now: Now) -> tuple[Effect, ...]:
        job, piece = waiting.first(), self._slice
        if job is None or not self._lend(amount := max(0, min(job.file.size, piece)), now.s):
            return ()
        waiting.remove(job)
        job.in_hand = True
        self._numbers += 1
        hand = Hand(
            worker=self.roster.employ(),
            number=self._numbers,
            job=job,
            tag=next(iter(job.askers)),
            piece=piece,
            lent=amount,
            left_s=self._limits.file_timeout_s,
        )
        self.hands[hand.worker] = hand
        return (self._assignment(hand),)

    def _assignment(self, hand: Hand) -> Assign:
        return Assign(
            worker=hand.worker,
            job=hand.number,
            tag=hand.tag,
            file=hand.job.file,
            mount_namespace=hand.job.askers[hand.tag],
            granted=hand.lent,
            piece=hand.piece,
            want_ssdeep=self._limits.ssdeep,
            want_md5=self._limits.md5,
            max_size=self._limits.max_file_size,
            timeout_s=self._limits.file_timeout_s,
        )

    def _settle(self, hand: Hand, left: int) -> None:
        # a worker's word is taken only for what can be: it reads a piece too much at most
        left = max(-hand.piece, min(left, hand.lent))
        self.budget.settle(hand.lent, left)
        hand.read += hand.lent - left
        self.bytes_read += hand.lent - left
        hand.lent = 0

    def _lend(self, amount: int, now_s: float) -> bool:
        if self.budget.lend(amount, now_s):
            return True
        self._bytes_at_s = self.budget.ready_s(amount)
        return False

    @property
    def _places(self) -> int:
        return self._limits.workers if self._limits.enabled else 0

    @property
    def _slice(self) -> int:
        return self.budget.slice(self._limits.workers)


def _due_s(hand: Hand) -> float:
    return hand.since_s + hand.left_s + GRACE_S

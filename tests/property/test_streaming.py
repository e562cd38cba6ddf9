"""A snapshot between two actors, under everything that can happen to it: repeats, a receiver that stops, restarts."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemoneye.actors.streaming import Incoming, InFlight, Outbox, Verdict, in_parts
from daemoneye.messages.observation import SnapshotPart, SnapshotRefusal
from daemoneye.model.process import ProcessRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.streaming import Chunk

WINDOW, STREAMS, PATIENCE_S, CAPACITY = 2, 3, 10.0, 5
RECORDS = 8


class Streams(RuleBasedStateMachine):
    """One sender, one receiver, and between them two queues that lose nothing and may repeat."""

    @initialize()
    def begin(self) -> None:
        self.now_s = 0.0
        self.asked = 0
        self.whole: set[int] = set()
        self.gone: set[int] = set()  # shed, refused, or of a life before
        self.receiver: dict[int, Incoming] = {}
        self.begin_sender()

    def begin_sender(self) -> None:
        self.box = Outbox(InFlight(CAPACITY), window=WINDOW, streams=STREAMS, patience_s=PATIENCE_S)
        self.to_receiver: deque[SnapshotPart] = deque()
        self.to_sender: deque[tuple[int, int]] = deque()
        self.open: set[int] = set()
        self.unacknowledged: set[tuple[int, int]] = set()

    def show(self) -> Iterator[Chunk]:
        return in_parts((ProcessRecord(pid=pid) for pid in range(RECORDS)), lambda _: 1, most=3)

    def send(self) -> None:
        while part := self.box.next_part(self.show, self.now_s):
            self.unacknowledged.add((part.request, part.part))
            self.to_receiver.append(part)

    @rule()
    def ask(self) -> None:
        self.asked += 1
        refusal = self.box.open(self.asked)
        if len(self.open) >= STREAMS:
            assert refusal is SnapshotRefusal.BUSY
            self.gone.add(self.asked)
        else:
            assert refusal is None
            self.open.add(self.asked)
            self.receiver[self.asked] = Incoming(self.asked, most=100)
        self.send()

    @precondition(lambda self: self.to_receiver)
    @rule(repeated=st.booleans())
    def take(self, repeated: bool) -> None:
        part = self.to_receiver.popleft()
        if repeated:
            self.to_receiver.appendleft(part)
        verdict = self.receiver[part.request].take(part)
        assert verdict in {Verdict.TAKEN, Verdict.REPEATED}
        if verdict is Verdict.TAKEN:
            self.to_sender.append((part.request, part.part))
            if part.last:
                self.whole.add(part.request)

    @precondition(lambda self: self.to_sender)
    @rule(repeated=st.booleans())
    def acknowledge(self, repeated: bool) -> None:
        request, part = self.to_sender.popleft()
        entries = self.box.occupancy.entries
        self.unacknowledged.discard((request, part))
        assert self.box.taken(request, part, self.now_s) == (request in self.open)
        if repeated:
            assert not self.box.taken(request, part, self.now_s)
        if self.box.occupancy.entries < entries:
            assert request in self.whole
            self.open.discard(request)
        self.send()

    @rule(request=st.integers(-1, 20), part=st.integers(-1, 5))
    def acknowledge_something_else(self, request: int, part: int) -> None:
        if (request, part) not in self.unacknowledged:
            assert not self.box.taken(request, part, self.now_s)

    @rule(seconds=st.sampled_from([1.0, 9.0, 11.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        for shed in self.box.shed_overdue(self.now_s):
            assert shed.request in self.open
            self.open.discard(shed.request)
            self.gone.add(shed.request)
        self.send()

    @rule()
    def restart_sender(self) -> None:
        """The connection goes with it, and the receiver asks anew under a new number."""
        self.gone |= self.open
        self.begin_sender()

    @invariant()
    def what_is_under_way_is_bounded(self) -> None:
        alive = {each for each in self.unacknowledged if each[0] in self.open}
        assert len(alive) <= min(CAPACITY, STREAMS * WINDOW)
        for request in self.open:
            assert sum(each[0] == request for each in alive) <= WINDOW
        assert len(self.box._lost) <= CAPACITY
        assert self.box.occupancy.entries == len(self.open) <= STREAMS

    @invariant()
    def what_is_whole_is_exactly_what_was_shown(self) -> None:
        for request in self.whole:
            assert self.receiver[request].complete
            held = list(self.receiver[request]._held)
            assert [each.pid for each in held] == list(range(RECORDS))

    def teardown(self) -> None:
        """A receiver that goes on taking gets everything that was not taken away from it."""
        if not hasattr(self, "box"):
            return
        while self.to_receiver or self.to_sender:
            while self.to_receiver:
                self.take(repeated=False)
            while self.to_sender:
                self.acknowledge(repeated=False)
        assert self.open == set()
        assert self.whole | self.gone == set(range(1, self.asked + 1))


TestStreams = Streams.TestCase
TestStreams.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)

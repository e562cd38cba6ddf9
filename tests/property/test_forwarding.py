"""Whatever a receiver does, and whenever: nothing is lost, nothing overtakes, nothing is held without a limit."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.forwarding.cursor import Cursor
from daemoneye.forwarding.delivery import TRIES, Delivery
from daemoneye.forwarding.desk import Wanted
from daemoneye.forwarding.pace import Pace, backoff
from daemoneye.model.record import Stream
from tests.fakes.fleet import Recorded

POISON = 7  # every so many records, where there is any


class World:
    """A journal, an output and a receiver; the dice decide what happens."""

    def __init__(self, seed: int, *, poisonous: bool) -> None:
        self.dice = Random(seed)  # noqa: S311 - nothing is secret about it
        self.recorded = Recorded()
        self.delivery = Delivery(Cursor(), Pace(10**6, self.dice.random), backoff(self.dice.random))
        self.poisonous = poisonous
        self.now_s = 0.0
        self.on_the_way: list[str] = []
        self.arrived: list[str] = []
        self.acknowledged: set[str] = set()
        self.put_aside: set[str] = set()
        self.bad_luck: Counter[str] = Counter()

    def step(self) -> None:
        act = self.dice.choice([self.record, self.pull, self.send, self.send, self.answer, self.answer, self.lose])
        act()
        self.now_s += self.dice.random() * 5
        self.check()

    def record(self) -> None:
        self.recorded.record(self.dice.choice(list(Stream)), self.dice.randrange(4))

    def pull(self) -> None:
        alerts, events = self.delivery.question()
        self.delivery.arrived(self.recorded.answer(Wanted(alerts=alerts, events=events, anchored=False)))

    def send(self) -> None:
        for _ in range(self.dice.randrange(5)):
            if parcel := self.delivery.take(self.now_s):
                self.on_the_way.append(parcel.id)

    def answer(self) -> None:
        """In any order: some receivers do."""
        for _ in range(min(len(self.on_the_way), self.dice.randrange(5))):
            self.settle(self.on_the_way.pop(self.dice.randrange(len(self.on_the_way))))

    def settle(self, identity: str) -> None:
        if self.is_poison(identity):
            if gone := self.delivery.refused(identity, "no", self.now_s):
                self.put_aside.add(gone.parcel.id)
        else:
            self.arrived.append(identity)
            self.acknowledged.add(identity)
            self.delivery.acknowledged(identity)

    def is_poison(self, identity: str) -> bool:
        return self.poisonous and int(identity[-6:], 16) % POISON == 0

    def lose(self) -> None:
        """By chance. That it hits one record alone as often as a poisonous one is hit does not happen in a lifetime."""
        if len(self.on_the_way) == 1:
            self.bad_luck[self.on_the_way[0]] += 1
            if self.bad_luck[self.on_the_way[0]] >= TRIES:
                return
        for identity in self.on_the_way:  # it may have got through, and only the answer was lost
            if self.dice.random() < 0.5 and not self.is_poison(identity):
                self.arrived.append(identity)
        self.on_the_way.clear()
        if gone := self.delivery.lost("gone", self.now_s):
            self.put_aside.add(gone.parcel.id)

    def check(self) -> None:
        assert self.delivery.in_flight == len(self.on_the_way)
        for stream in Stream:
            settled = self.recorded.streams[stream][: self.delivery.cursor.of(stream)]
            for each in settled:
                assert each.entry.id in self.acknowledged | self.put_aside

    def come_to_rest(self) -> None:
        """The receiver is well from now on."""
        for _ in range(400):
            self.pull()
            while parcel := self.delivery.take(self.now_s):
                self.on_the_way.append(parcel.id)
            for identity in self.on_the_way:
                self.settle(identity)
            self.on_the_way.clear()
            self.now_s += 60
            self.check()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_everything_arrives_but_for_poison(seed: int, poisonous: bool) -> None:
    """At least once, under its own id; and the cursor never passes what was neither acknowledged nor set aside."""
    world = World(seed, poisonous=poisonous)
    for _ in range(120):
        world.step()
    for stream in Stream:
        world.recorded.record(stream, 8)  # so that there is somebody to show that the receiver is well
    world.come_to_rest()
    poison = {each for each in world.recorded.ids if world.is_poison(each)}
    assert set(world.arrived) == set(world.recorded.ids) - poison
    assert world.put_aside <= poison
    assert world.delivery.in_flight == 0

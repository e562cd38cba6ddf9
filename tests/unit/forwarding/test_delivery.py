"""What goes next, what goes again, and what is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemoneye.forwarding.cursor import Cursor
from daemoneye.forwarding.delivery import TRIES, Appetite, Delivery, SetAside
from daemoneye.forwarding.desk import Wanted
from daemoneye.forwarding.pace import Pace, backoff
from daemoneye.messages.forwarding import MOST_ENTRIES, Passage, Pulled
from daemoneye.model.record import Stream
from tests.fakes.fleet import Recorded, entry, passage

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERTS, EVENTS = Stream.ALERTS, Stream.EVENTS


class Receiver:
    """Takes what is sent to it, and what becomes of that is the test's to say."""

    def __init__(self, recorded: Recorded | None = None, rate: int = 10**9) -> None:
        self.recorded = recorded or Recorded()
        self.delivery = Delivery(Cursor(), Pace(rate, lambda: 0.5), backoff(lambda: 1.0))
        self.now_s = 100.0
        self.pull()
        self.pull()

    def pull(self) -> bool:
        alerts, events = self.delivery.question()
        return self.delivery.arrived(self.recorded.answer(Wanted(alerts=alerts, events=events, anchored=False)))

    def take(self) -> str | None:
        parcel = self.delivery.take(self.now_s)
        return parcel.id if parcel else None

    def take_all(self) -> list[str]:
        return list(iter(self.take, None))

    def acknowledge(self, *identities: str) -> None:
        for each in identities:
            self.delivery.acknowledged(each)

    def refuse(self, identity: str) -> SetAside | None:
        return self.delivery.refused(identity, "500 no", self.now_s)

    def lose(self) -> SetAside | None:
        return self.delivery.lost("gone", self.now_s)

    @property
    def cursor(self) -> tuple[int, int]:
        return self.delivery.cursor.alerts, self.delivery.cursor.events


@pytest.fixture
def receiver() -> Receiver:
    recorded = Recorded()
    recorded.record(EVENTS, 5)
    recorded.record(ALERTS, 5)
    return Receiver(recorded)


def ids(stream: Stream, *sequences: int) -> list[str]:
    return [entry(stream, each).id for each in sequences]


def test_alerts_go_first_and_each_stream_in_order(receiver: Receiver) -> None:
    """However they were recorded."""
    assert receiver.take_all() == [*ids(ALERTS, 1, 2, 3, 4, 5), *ids(EVENTS, 1, 2, 3, 4, 5)]
    assert receiver.delivery.in_flight == 10


def test_the_cursor_moves_over_what_is_acknowledged_without_a_gap(receiver: Receiver) -> None:
    """An acknowledgement that comes before another's turn waits for it."""
    first, second, third, *_ = receiver.take_all()
    receiver.acknowledge(second, third)
    assert receiver.cursor == (0, 0)
    receiver.acknowledge(first)
    assert receiver.cursor == (3, 0)
    assert receiver.delivery.behind == 7


def test_acknowledgements_of_nothing_change_nothing(receiver: Receiver) -> None:
    """Twice, or of what was never sent."""
    first = receiver.take()
    assert first
    receiver.acknowledge(first, first, "x")
    assert receiver.refuse("x") is None
    assert (receiver.cursor, receiver.delivery.acked) == ((1, 0), 1)


def test_what_was_on_its_way_goes_again_in_order(receiver: Receiver) -> None:
    """When the connection ended; under the same id, and counted."""
    sent = receiver.take_all()
    receiver.acknowledge(sent[0])
    assert receiver.lose() is None
    assert receiver.delivery.in_flight == 0
    assert receiver.take_all() == sent[1:]
    assert receiver.delivery.retries == 9


def test_nothing_lost_is_nothing(receiver: Receiver) -> None:
    """A connection that ends while nothing was on its way blames nobody."""
    assert receiver.lose() is None
    assert receiver.delivery.suspects == 0


# -- from the journal


def test_it_asks_for_what_follows_and_for_no_more_than_it_holds() -> None:
    """A full house asks for nothing, and says so."""
    recorded = Recorded()
    recorded.streams[EVENTS] = [passage(EVENTS, each, b"{}") for each in range(1, 5001)]
    receiver = Receiver(recorded)
    assert appetite(receiver) is Appetite.FOR_WHAT_IS_THERE
    receiver.pull()
    alerts, events = receiver.delivery.question()
    assert (alerts.entries, events.entries, events.after) == (MOST_ENTRIES, 0, 2 * MOST_ENTRIES)
    assert appetite(receiver) is Appetite.FOR_NEWS  # alerts have their own room
    receiver.acknowledge(*receiver.take_all())
    assert appetite(receiver) is Appetite.FOR_WHAT_IS_THERE


def appetite(receiver: Receiver) -> Appetite:
    return receiver.delivery.appetite


def test_large_records_are_held_by_their_size() -> None:
    """Memory is counted in bytes too."""
    receiver = Receiver()
    big = tuple(passage(EVENTS, each, b"x" * 256 * 1024) for each in range(1, 5))
    receiver.delivery.arrived(pulled(events=big, last_event=9))
    assert receiver.delivery.question()[1].entries == 0


def pulled(
    events: tuple[Passage, ...] = (), last_event: int = 0, chain: str = "ab", alerts: tuple[Passage, ...] = ()
) -> Pulled:
    return Pulled(request=1, chain=chain, last_alert=len(alerts), last_event=last_event, alerts=alerts, events=events)


def test_an_answer_that_comes_twice_is_one(receiver: Receiver) -> None:
    """Nothing is sent twice for it."""
    again = pulled(tuple(receiver.recorded.streams[EVENTS]), 5, alerts=tuple(receiver.recorded.streams[ALERTS]))
    receiver.delivery.arrived(again)
    assert len(receiver.take_all()) == 10


def test_another_chain_begins_at_its_beginning(receiver: Receiver) -> None:
    """What was held of the old one is let go, and what was on its way is nobody's any more."""
    sent = receiver.take_all()
    receiver.recorded = Recorded(chain="cd")
    receiver.recorded.record(EVENTS, 2)
    assert not receiver.pull()
    assert receiver.delivery.cursor == Cursor(chain="cd")
    receiver.acknowledge(*sent)
    assert receiver.delivery.cursor == Cursor(chain="cd")
    assert receiver.pull()
    assert receiver.take_all() == ids(EVENTS, 1, 2)


def test_a_cursor_beyond_the_journal_begins_anew(receiver: Receiver) -> None:
    """Sequences that we have and it has not are those of another past: better twice than never."""
    receiver.recorded.streams[EVENTS] = receiver.recorded.streams[EVENTS][:3]
    assert not receiver.pull()
    assert receiver.pull()
    assert len(receiver.take_all()) == 8


def test_what_the_journal_gave_up_is_not_waited_for() -> None:
    """A gap has a tombstone in the journal; the cursor goes over it."""
    receiver = Receiver()
    receiver.delivery.question()
    assert receiver.delivery.arrived(pulled(last_event=700))
    assert receiver.cursor == (0, 700)
    assert receiver.delivery.appetite is Appetite.FOR_NEWS
    receiver.delivery.question()
    receiver.delivery.arrived(pulled((passage(EVENTS, 900),), 900))
    receiver.acknowledge(*receiver.take_all())
    assert receiver.cursor == (0, 900)


def test_where_nothing_was_asked_for_nothing_is_skipped() -> None:
    """An empty answer to no question is no news."""
    recorded = Recorded()
    recorded.record(EVENTS, 3 * MOST_ENTRIES)
    receiver = Receiver(recorded)
    receiver.pull()
    receiver.acknowledge(*receiver.take_all()[: 2 * MOST_ENTRIES - 1])
    before = receiver.cursor
    receiver.delivery.arrived(pulled(last_event=3 * MOST_ENTRIES))
    assert receiver.cursor == before


# -- poison


def refusing(receiver: Receiver, poison: str, rounds: int = 40) -> Iterator[SetAside]:
    """Whoever is sent is acknowledged, but for one; time goes by."""
    for _ in range(rounds):
        receiver.now_s += 60
        for sent in receiver.take_all():
            if sent == poison:
                gone = receiver.refuse(sent)
                if gone:
                    yield gone
            else:
                receiver.acknowledge(sent)


def test_a_record_that_is_always_refused_is_set_aside(receiver: Receiver) -> None:
    """The others get through meanwhile, and its place in the stream is not waited for."""
    (poison,) = ids(ALERTS, 2)
    (gone,) = refusing(receiver, poison)
    assert (gone.parcel.id, gone.reason, gone.parcel.tries) == (poison, "500 no", TRIES + 1)  # the first proved nothing
    assert receiver.cursor == (5, 5)
    assert (receiver.delivery.acked, receiver.delivery.set_aside) == (9, 1)


def test_a_receiver_that_refuses_everything_gets_everything_later(receiver: Receiver) -> None:
    """Its disk is full: for that nothing is ever given up."""
    for _ in range(500):
        receiver.now_s += 60
        for sent in receiver.take_all():
            assert receiver.refuse(sent) is None
    assert receiver.delivery.suspects == 10
    arrived = []
    for _ in range(20):
        receiver.now_s += 60
        taken = receiver.take_all()
        arrived += taken
        receiver.acknowledge(*taken)
    assert sorted(arrived) == sorted(receiver.recorded.ids)
    assert receiver.cursor == (5, 5)


def test_acknowledgements_of_the_past_are_no_proof(receiver: Receiver) -> None:
    """They came before the disk was full."""
    first, *sent = receiver.take_all()
    receiver.acknowledge(first)
    for _ in range(20):
        for each in sent:
            assert receiver.refuse(each) is None
        receiver.now_s += 60
        sent = receiver.take_all()


def test_the_other_stream_is_no_proof(receiver: Receiver) -> None:
    """A receiver that has no place for events yet still gets them when it has."""
    for _ in range(200):
        receiver.now_s += 60
        for sent in receiver.take_all():
            if sent in ids(EVENTS, 1, 2, 3, 4, 5):
                assert receiver.refuse(sent) is None
            else:
                receiver.acknowledge(sent)
        receiver.recorded.record(ALERTS, 1)
        receiver.pull()
    assert receiver.delivery.suspects == 5


def test_a_suspect_goes_alone(receiver: Receiver) -> None:
    """So it is known what the answer is to."""
    poison, *others = receiver.take_all()
    receiver.refuse(poison)
    receiver.now_s += 60
    assert receiver.take() is None  # others are on their way
    receiver.acknowledge(*others)
    assert receiver.take() == poison
    receiver.recorded.record(ALERTS, 1)
    receiver.pull()
    assert receiver.take() is None
    receiver.acknowledge(poison)
    assert receiver.take_all() == ids(ALERTS, 6)


def test_a_suspect_lets_the_others_go_first(receiver: Receiver) -> None:
    """Until one of them got through; and not before its time, which doubles."""
    first = receiver.take()
    assert first
    receiver.refuse(first)
    receiver.now_s += 60
    second = receiver.take()
    assert second == ids(ALERTS, 2)[0]
    receiver.acknowledge(second)
    assert receiver.take() == first
    receiver.refuse(first)
    assert receiver.delivery.due_s(receiver.now_s) == pytest.approx(receiver.now_s + 0.1)


def test_one_at_which_the_receiver_hangs_up_is_found_and_set_aside(receiver: Receiver) -> None:
    """It takes some connections; nobody else pays with more than being sent again."""
    (poison,) = ids(ALERTS, 3)
    gone = None
    for _ in range(40):
        receiver.now_s += 60
        for sent in receiver.take_all():
            if sent == poison:
                gone = receiver.lose() or gone
                break
            receiver.acknowledge(sent)
    assert gone
    assert gone.parcel.id == poison
    assert receiver.delivery.set_aside == 1
    assert receiver.cursor == (5, 5)


def test_a_receiver_that_is_restarted_makes_nobody_a_suspect(receiver: Receiver) -> None:
    """The first on its way just goes again, in its place."""
    sent = receiver.take_all()
    receiver.lose()
    assert receiver.delivery.suspects == 0
    assert receiver.take_all() == sent


def test_a_receiver_that_never_answers_gets_everything_later(receiver: Receiver) -> None:
    """Whatever was thought of the records meanwhile."""
    for _ in range(300):
        receiver.now_s += 60
        receiver.take_all()
        assert receiver.lose() is None
    arrived = []
    for _ in range(30):
        receiver.now_s += 60
        arrived += (sent := receiver.take_all())
        receiver.acknowledge(*sent)
    assert sorted(arrived) == sorted(receiver.recorded.ids)


def test_what_no_message_can_be_made_of_is_set_aside_at_once(receiver: Receiver) -> None:
    """No receiver is to blame for it."""
    parcel = receiver.delivery.take(receiver.now_s)
    assert parcel
    assert receiver.delivery.unfit(parcel, "KeyError: 'id'") == SetAside(parcel, "KeyError: 'id'")
    assert receiver.cursor == (1, 0)
    assert receiver.delivery.in_flight == 0


# -- the pace


def test_a_backlog_goes_out_in_slices_and_news_at_once() -> None:
    """What was recorded while the receiver was away does not drown it."""
    recorded = Recorded()
    recorded.record(EVENTS, 200)
    receiver = Receiver(recorded, rate=500)
    receiver.delivery.connected()
    assert len(receiver.take_all()) == 50
    due_s = receiver.delivery.due_s(receiver.now_s)
    assert due_s == pytest.approx(receiver.now_s + 0.1)
    for _ in range(3):
        receiver.now_s = receiver.delivery.due_s(receiver.now_s)
        assert len(receiver.take_all()) == 50
    receiver.pull()
    receiver.recorded.record(EVENTS, 100)
    receiver.pull()
    assert len(receiver.take_all()) == 100


def test_nothing_is_due_where_only_the_outside_can_change_anything(receiver: Receiver) -> None:
    """Whoever waits sleeps."""
    receiver.take_all()
    assert receiver.delivery.due_s(receiver.now_s) == float("inf")

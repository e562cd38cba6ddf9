"""What is said to a listener, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemoneye.actors.audience import Audience
from daemoneye.actors.streaming import IN_FLIGHT, PATIENCE_S, STREAMS, WINDOW, in_parts
from daemoneye.messages.observation import Scanned, SnapshotPart, SnapshotRefusal, SnapshotRefused
from daemoneye.model.coverage import Coverage
from daemoneye.model.process import ProcessRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.streaming import Chunk


def show() -> Iterator[Chunk]:
    return in_parts((ProcessRecord(pid=pid) for pid in range(10)), lambda _: 1, most=1)


def scanned(scan: int) -> Scanned:
    return Scanned(
        scan=scan,
        at_ms=0,
        duration_s=0.0,
        overrun=0,
        failed=0,
        coverage=Coverage(),
        executed=0,
        modified=0,
        occupancies=(),
        shed=(),
    )


def listening() -> Audience:
    audience = Audience()
    audience.show = show
    audience.arrived()
    return audience


def said(audience: Audience, now_s: float = 0.0) -> list[Any]:
    return list(audience.to_say(now_s))


def brief(messages: list[Any]) -> list[tuple[str, int]]:
    names = {Scanned: "scan", SnapshotPart: "request", SnapshotRefused: "request"}
    return [(type(each).__name__, getattr(each, names[type(each)])) for each in messages]


def test_nothing_is_said_before_somebody_listens() -> None:
    """And then only the latest is."""
    audience = Audience()
    audience.news(scanned(1))
    audience.news(scanned(2))
    assert said(audience) == []
    audience.arrived()
    assert brief(said(audience)) == [("Scanned", 2)]
    assert not +audience.shed


def test_one_look_at_a_time_is_told_of() -> None:
    """A listener that stopped gets the latest when it goes on, and it is counted what it missed."""
    audience = listening()
    for number in range(1, 5):
        audience.news(scanned(number))
        assert brief(said(audience)) == ([("Scanned", 1)] if number == 1 else [])
    audience.scan_taken(1)
    assert brief(said(audience)) == [("Scanned", 4)]
    audience.scan_taken(1)
    audience.scan_taken(99)
    assert said(audience) == []
    assert audience.shed["looks not told of"] == 2
    assert audience.shed["strays"] == 2


def test_a_look_that_was_heard_of_is_not_told_again() -> None:
    """Until there is another."""
    audience = listening()
    audience.news(scanned(1))
    said(audience)
    audience.scan_taken(1)
    assert said(audience) == []
    audience.scan_taken(1)
    assert audience.shed["strays"] == 1


def test_questions_wait_for_the_first_look() -> None:
    """There is nothing to show before it, and no reason to send anybody away."""
    audience = Audience()
    audience.arrived()
    audience.ask(1)
    assert said(audience) == []
    audience.show = show
    assert brief(said(audience)) == [("SnapshotPart", 1)] * WINDOW


def test_a_question_that_comes_twice_is_answered_once() -> None:
    """The transport may repeat it at any time."""
    audience = listening()
    audience.ask(1)
    audience.ask(1)
    assert brief(said(audience)) == [("SnapshotPart", 1)] * WINDOW
    assert audience.shed["strays"] == 1


def test_too_many_questions_are_turned_away_with_a_reason() -> None:
    """The others are served."""
    audience = listening()
    for request in range(STREAMS + 1):
        audience.ask(request)
    answers = said(audience)
    assert answers[0] == SnapshotRefused(request=STREAMS, reason=SnapshotRefusal.BUSY)
    assert len(answers) == 1 + STREAMS * WINDOW
    assert audience.shed["requests turned away"] == 1


def test_a_listener_that_does_not_read_gets_no_more_than_a_few_messages() -> None:
    """Whatever it asks for, the collector can still speak to others."""
    audience = listening()
    audience.news(scanned(1))
    messages = said(audience)
    for request in range(100):
        audience.ask(request)
        audience.news(scanned(request))
        messages += said(audience, float(request))
        audience.shed_overdue(float(request))
    assert len(messages) == IN_FLIGHT
    assert audience.shed["refusals not told"] > 50


def test_a_snapshot_that_nobody_takes_is_let_go_and_the_listener_told() -> None:
    """By its number, should it come back."""
    audience = listening()
    audience.ask(7)
    said(audience)
    assert audience.patience_left_s(1.0) == PATIENCE_S - 1
    assert [each.request for each in audience.shed_overdue(PATIENCE_S)] == [7]
    assert said(audience, PATIENCE_S) == [SnapshotRefused(request=7, reason=SnapshotRefusal.NOT_TAKEN)]
    assert audience.shed["snapshots not taken"] == 1


def test_a_new_listener_knows_nothing_of_the_one_before() -> None:
    """It gets the latest look, may number its questions from the start, and is not sent what another asked for."""
    audience = listening()
    audience.news(scanned(3))
    audience.ask(9)
    said(audience)
    audience.scan_taken(3)
    audience.arrived()
    assert brief(said(audience)) == [("Scanned", 3)]
    audience.part_taken(9, 0, 0.0)
    assert said(audience) == []
    audience.ask(1)
    assert brief(said(audience)) == [("SnapshotPart", 1)] * WINDOW
    assert audience.shed["snapshots not taken"] == 1


def test_news_tell_what_was_not_told() -> None:
    """What was dropped or turned away is in the next message, with how full the outbox is."""
    audience = listening()
    for request in range(STREAMS + 1):
        audience.ask(request)
    audience.news(scanned(1))
    audience.news(scanned(2))
    (news,) = [each for each in said(audience) if isinstance(each, Scanned)]
    assert news.shed == (("looks not told of", 1), ("requests turned away", 1))
    assert [(each.entries, each.capacity) for each in news.occupancies] == [(STREAMS, STREAMS)]


def test_parts_go_on_as_they_are_taken() -> None:
    """To the end, and then there is nothing more to say."""
    audience = listening()
    audience.ask(1)
    parts = said(audience)
    for number in range(10):
        audience.part_taken(1, number, 0.0)
        parts += said(audience)
    assert [each.part for each in parts] == list(range(10))
    assert [each.last for each in parts] == [False] * 9 + [True]
    assert audience.patience_left_s(0.0) is None

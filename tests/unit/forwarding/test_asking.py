"""When the journal is asked."""

from __future__ import annotations

from math import inf

from daemoneye.forwarding.asking import POLL_S, SLOW_POLL_S, Asking
from daemoneye.forwarding.delivery import Appetite

NONE, NEWS, THERE = Appetite.NONE, Appetite.FOR_NEWS, Appetite.FOR_WHAT_IS_THERE


def test_one_question_at_a_time() -> None:
    """Whatever one would like to know."""
    asking = Asking()
    assert asking.due(1.0, NEWS)
    asking.asked(1.0)
    assert not asking.due(10**6, THERE)
    assert asking.next_s == inf


def test_what_is_there_is_asked_for_at_once_and_news_now_and_then() -> None:
    """A quiet journal is looked at twice a second."""
    asking = Asking()
    asking.asked(1.0)
    asking.answered(2.0, refused=False)
    assert asking.due(2.0, THERE)
    assert not asking.due(2.0 + POLL_S / 2, NEWS)
    assert asking.due(2.0 + POLL_S, NEWS)


def test_a_journal_that_refuses_is_left_alone_for_a_while() -> None:
    """It has trouble enough."""
    asking = Asking()
    asking.asked(1.0)
    asking.answered(2.0, refused=True)
    assert not asking.due(2.0, THERE)
    assert asking.due(2.0 + POLL_S, THERE)


def test_without_room_it_is_asked_only_how_far_it_is() -> None:
    """A receiver that is away for a week costs a look every ten seconds."""
    asking = Asking()
    asking.asked(1.0)
    asking.answered(2.0, refused=False)
    assert not asking.due(2.0 + POLL_S, NONE)
    assert asking.due(1.0 + SLOW_POLL_S, NONE)


def test_another_journal_is_asked_at_once() -> None:
    """What was answered was of the one before."""
    asking = Asking()
    asking.asked(1.0)
    asking.answered(2.0, refused=False)
    asking.restart()
    assert asking.due(2.0, NEWS)

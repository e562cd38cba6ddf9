from __future__ import annotations

from daemoneye.gateway.desk import ANSWER_S, LOST_S, ON_THE_WAY, RELOAD_S, Desk, Waiting
from daemoneye.gateway.lists import Asker
from daemoneye.messages.control import AskReload, AskStatus, ControlChild
from daemoneye.model.agent import ChildAction, ChildRequest, ReloadRequest, StatusRequest

PAUSE = ChildRequest(action=ChildAction.PAUSE, child="collector")


def waiting(client: int, number: int = 1) -> Waiting:
    return Waiting(Asker(client, number), StatusRequest())


def test_a_question_goes_out_once_and_its_answer_finds_the_asker() -> None:
    """An answer reaches the one who asked."""
    desk = Desk()
    desk.want_child(Waiting(Asker(1, 2), PAUSE), PAUSE, 0.0)
    assert list(desk.to_say()) == [ControlChild(request=1, action=ChildAction.PAUSE, child="collector")]
    assert list(desk.to_say()) == []
    assert desk.answered(2) == []
    assert desk.answered(1) == [Waiting(Asker(1, 2), PAUSE)]
    assert desk.answered(1) == []  # told twice


def test_whoever_wants_the_status_shares_one_question() -> None:
    """A thousand monitors cost the supervisor one answer."""
    desk = Desk()
    for client in range(1000):
        desk.want_status(waiting(client), 0.0)
    assert list(desk.to_say()) == [AskStatus(request=1)]
    assert len(desk.answered(1)) == 1000


def test_few_questions_are_on_the_way_at_once_and_the_others_follow_in_order() -> None:
    """A supervisor that hangs is not buried in messages."""
    desk = Desk()
    for number in range(1, 11):
        desk.want_reload(Waiting(Asker(1, number), ReloadRequest()), 0.0)
    first = list(desk.to_say())
    assert first == [AskReload(request=number) for number in range(1, ON_THE_WAY + 1)]
    desk.answered(2)
    assert list(desk.to_say()) == [AskReload(request=ON_THE_WAY + 1)]


def test_patience_ends_and_a_late_answer_finds_nobody() -> None:
    """A client hears of a supervisor that does not answer, and hears it once."""
    desk = Desk()
    desk.want_status(waiting(1), 0.0)
    list(desk.to_say())
    assert desk.expired(ANSWER_S - 1) == []
    assert desk.expired(ANSWER_S) == [waiting(1)]
    assert desk.expired(ANSWER_S) == []
    assert desk.answered(1) == []


def test_who_comes_after_a_question_was_given_up_asks_anew() -> None:
    """One lost answer does not spoil the next question."""
    desk = Desk()
    desk.want_status(waiting(1), 0.0)
    list(desk.to_say())
    desk.expired(ANSWER_S)
    desk.want_status(waiting(2), ANSWER_S)
    assert list(desk.to_say()) == [AskStatus(request=2)]
    assert desk.answered(1) == []
    assert desk.answered(2) == [waiting(2)]


def test_a_question_without_an_answer_keeps_its_place_for_a_while_only() -> None:
    """What lies unread in an inbox counts as on the way; what was lost does not for ever."""
    desk = Desk()
    for number in range(ON_THE_WAY):
        desk.want_reload(Waiting(Asker(1, number + 1), ReloadRequest()), 0.0)
    list(desk.to_say())
    desk.want_status(waiting(1, 9), 1.0)
    assert len(desk.expired(RELOAD_S)) == ON_THE_WAY + 1
    desk.want_status(waiting(1, 10), RELOAD_S)
    assert list(desk.to_say()) == []
    assert desk.expired(LOST_S) == [waiting(1, 10)]
    desk.want_status(waiting(1, 11), LOST_S)
    assert len(list(desk.to_say())) == 1


def test_a_reload_may_take_longer_than_a_question() -> None:
    """Every child has to agree."""
    desk = Desk()
    desk.want_reload(Waiting(Asker(1, 1), ReloadRequest()), 0.0)
    assert desk.expired(RELOAD_S - 1) == []
    assert len(desk.expired(RELOAD_S)) == 1


def test_who_went_away_is_forgotten() -> None:
    """Questions of clients that left cost nothing more."""
    desk = Desk()
    desk.want_status(waiting(1), 0.0)
    desk.want_status(waiting(2), 0.0)
    desk.want_child(Waiting(Asker(1, 2), PAUSE), PAUSE, 0.0)
    desk.forget(1)
    assert list(desk.to_say()) == [AskStatus(request=1)]
    assert desk.answered(1) == [waiting(2)]
    assert len(desk) == 0


def test_at_the_end_everybody_who_waits_is_named() -> None:
    """Nobody is left without a word when the gateway stops."""
    desk = Desk()
    desk.want_status(waiting(1), 0.0)
    desk.want_reload(Waiting(Asker(2, 1), ReloadRequest()), 0.0)
    assert [each.asker.client for each in desk.clear()] == [1, 2]
    assert len(desk) == 0

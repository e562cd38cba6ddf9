"""All of a list is passed on, or none of it, and nothing that could not be written down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemoneye.gateway import trusts
from daemoneye.gateway.lists import Asker
from daemoneye.gateway.trusts import ANSWER_S, ON_THE_WAY, Trusts
from daemoneye.messages.integrity import Accept, Accepted
from daemoneye.model import agent
from daemoneye.model.agent import Refusal, RefusalCode
from daemoneye.model.trust import LONGEST_PATH, MOST_TRUSTS, TRUSTS, Trust, TrustRequest, parts

ONE = Trust(path="/a", unknown=b"\xc2\x3e\x00")
WHOLE = TrustRequest(trusts=(ONE,), last=True)


def given(count: int = 1, length: int = 8) -> list[TrustRequest]:
    return list(parts(Trust(path=f"/{number:0{length}}", sha256="ab" * 32) for number in range(count)))


def taken(desk: Trusts, client: int, number: int = 1, request: TrustRequest = WHOLE) -> Accept | None:
    assert desk.add(client, request) is None
    return desk.accept(number, Asker(client, 5), 0.0)


def code(refusal: Refusal | None) -> RefusalCode | None:
    return refusal.code if refusal else None


def test_parts_become_one_message() -> None:
    """Whoever writes it down does so at once."""
    desk = Trusts()
    for part in given(2 * TRUSTS + 1):
        assert desk.add(1, part) is None
    message = desk.accept(7, Asker(1, 5), 0.0)
    assert message
    assert (message.request, len(message.trusts), message.trusts[-1].path) == (7, 2 * TRUSTS + 1, "/00000128")


def test_fields_of_a_newer_client_go_no_further() -> None:
    """What is not understood is not passed on."""
    assert taken(Trusts(), 1) == Accept(request=1, trusts=(Trust(path="/a"),))


def test_clients_do_not_mix() -> None:
    """Each has a list of its own, one after the other too."""
    desk = Trusts()
    first, second = given(TRUSTS + 1)
    assert desk.add(1, first) is None
    assert taken(desk, 2) == Accept(request=1, trusts=(Trust(path="/a"),))
    assert desk.add(1, second) is None
    message = desk.accept(2, Asker(1, 6), 0.0)
    assert message
    assert len(message.trusts) == TRUSTS + 1


def test_after_a_refusal_the_rest_of_a_list_is_refused_too() -> None:
    """A client that does not listen cannot have half of its list trusted."""
    desk = Trusts()
    first, second, third = given(3 * TRUSTS)
    assert desk.add(1, first) is None
    wrong = desk.add(1, replace(second, trusts=(Trust(path="x"),)))
    assert wrong == Refusal(
        code=RefusalCode.REFUSED,
        text="path 'x': expected an absolute path of at most 16384 bytes; nothing is changed",
    )
    assert code(desk.add(1, second)) is RefusalCode.MALFORMED
    assert code(desk.add(1, third)) is RefusalCode.MALFORMED
    assert desk.add(1, WHOLE) is None  # another list


@pytest.mark.parametrize(("count", "length"), [(MOST_TRUSTS + 1, 8), (200, LONGEST_PATH - 1)])
def test_what_would_be_too_much_is_refused_with_the_bound(count: int, length: int) -> None:
    """Memory is bounded, and so is the message to integrity."""
    desk = Trusts()
    refusals = [refusal for part in given(count, length) if (refusal := desk.add(1, part))]
    assert refusals[0] == trusts.ROOM
    assert refusals[0].text == "too much at once: at most 10,000 programs and 3 MiB; nothing is changed"
    assert len(taken(desk, 2).trusts) == 1  # type: ignore[union-attr]


def test_the_bound_is_that_of_all_clients() -> None:
    """A crowd of them costs no more; who goes away gives its part back."""
    desk = Trusts()
    *most, last = given(MOST_TRUSTS)
    for part in most:
        assert desk.add(1, part) is None
    assert desk.add(2, replace(last, part=0)) is None
    assert desk.add(3, WHOLE) == trusts.ROOM
    desk.forget(1)
    assert desk.add(3, WHOLE) is None


def test_as_many_as_there_is_room_for_are_passed_on() -> None:
    """An export of a full store can be imported."""
    desk = Trusts()
    for part in given(MOST_TRUSTS, 80):
        assert desk.add(1, part) is None
    message = desk.accept(1, Asker(1, 5), 0.0)
    assert message
    assert len(message.trusts) == MOST_TRUSTS


def test_few_are_on_their_way_at_a_time() -> None:
    """An inbox is not filled by those who ask again and again."""
    desk = Trusts()
    for client in range(ON_THE_WAY):
        assert taken(desk, client, client)
    assert taken(desk, 9, 9) is None
    assert desk.answered(Accepted(request=0, count=1))
    assert taken(desk, 9, 9)


def test_the_answer_finds_who_asked() -> None:
    """In words; once."""
    desk = Trusts()
    taken(desk, 1, 7)
    assert desk.answered(Accepted(request=8, count=1)) is None
    assert desk.answered(Accepted(request=7, count=1)) == (Asker(1, 5), agent.Accepted(text="1 program is trusted"))
    assert desk.answered(Accepted(request=7, count=1)) is None
    taken(desk, 1, 8)
    assert desk.answered(Accepted(request=8, count=1200)) == (
        Asker(1, 5),
        agent.Accepted(text="1,200 programs are trusted"),
    )
    taken(desk, 1, 9)
    refusal = Refusal(code=RefusalCode.REFUSED, text="no")
    assert desk.answered(Accepted(request=9, count=0, refusal="no")) == (Asker(1, 5), refusal)


def test_patience_ends() -> None:
    """And what comes later is for nobody."""
    desk = Trusts()
    taken(desk, 1, 7)
    taken(desk, 2, 8)
    desk.forget(2)
    assert desk.expired(ANSWER_S - 1) == []
    assert desk.expired(ANSWER_S) == [Asker(1, 5)]
    assert len(desk) == 0
    assert desk.answered(Accepted(request=7, count=1)) is None


def test_at_the_end_those_who_wait_are_named() -> None:
    """Nobody is left without a word; who went away needs none."""
    desk = Trusts()
    taken(desk, 1, 7)
    taken(desk, 2, 8)
    desk.forget(2)
    assert desk.clear() == [Asker(1, 5)]
    assert len(desk) == 0


def test_what_nobody_was_there_to_hear_is_not_waited_for() -> None:
    """Its place is free again."""
    desk = Trusts()
    taken(desk, 1, 7)
    desk.give_up(7)
    assert len(desk) == 0

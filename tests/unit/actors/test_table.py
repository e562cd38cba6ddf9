"""Who may say what to whom: the table is the whole of it."""

from __future__ import annotations

from typing import get_args

import pytest

from daemoneye.actors.table import INBOXES, POLICY, RULES, VOCABULARY, peers_of
from daemoneye.actors.transport.policy import NotPermittedError, Speaker
from daemoneye.messages import control, observation, supervision, tree
from daemoneye.messages.tree import SettingsRead
from daemoneye.settings.model import Settings
from daemoneye.tree import BY_NAME, COLLECTOR, GATEWAY, SUPERVISOR

CHILDREN = tuple(BY_NAME)
# the order to open files again is for those that have some
TO_CHILDREN = tuple(set(get_args(supervision.ToChild)) - {supervision.Reopen})
FROM_CHILDREN = get_args(supervision.FromChild)


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize("order", TO_CHILDREN, ids=lambda order: order.__name__)
def test_only_the_parent_gives_orders(child: str, order: type) -> None:
    """No sibling, whatever it calls itself, begins, changes or introduces another."""
    POLICY.check(Speaker(SUPERVISOR, is_parent=True), order, child)
    for speaker in (*CHILDREN, SUPERVISOR, "runner", "admin", "logger"):
        with pytest.raises(NotPermittedError):
            POLICY.check(Speaker(speaker), order, child)


@pytest.mark.parametrize("answer", FROM_CHILDREN)
def test_only_children_report_to_the_supervisor(answer: type) -> None:
    """And to nobody else."""
    for child in CHILDREN:
        POLICY.check(Speaker(child, is_child=True), answer, SUPERVISOR)
        with pytest.raises(NotPermittedError):
            POLICY.check(Speaker(child), answer, SUPERVISOR)
        for other in CHILDREN:
            assert not POLICY.permits(Speaker(child), answer, other)


@pytest.mark.parametrize("word", get_args(tree.FromRunner))
def test_only_the_runner_speaks_of_settings(word: type) -> None:
    """They come from the main process, which read them."""
    POLICY.check(Speaker("runner"), word, SUPERVISOR)
    for speaker in (*CHILDREN, SUPERVISOR):
        assert not POLICY.permits(Speaker(speaker), word, SUPERVISOR)


def test_only_the_gateway_passes_an_operator_s_wishes_on() -> None:
    """The collector, which reads what others wrote, can neither stop a child nor ask for the whole list of itself."""
    for word in get_args(control.ToSupervisor):
        assert POLICY.permits(Speaker(GATEWAY), word, SUPERVISOR)
        assert not POLICY.permits(Speaker(COLLECTOR), word, SUPERVISOR)
        assert not POLICY.permits(Speaker(GATEWAY), word, COLLECTOR)


def test_nothing_is_allowed_for_everybody() -> None:
    """Each rule names one speaker, one type and one listener."""
    for rule in RULES:
        assert "*" not in {rule.speaker, rule.listener}
        assert rule.message is not object


def test_who_speaks_with_whom_follows_from_the_table() -> None:
    """Introductions are made to those and to nobody else; the relation has two sides."""
    assert GATEWAY in peers_of(COLLECTOR)
    for one in CHILDREN:
        assert one not in peers_of(one)
        for other in peers_of(one):
            assert one in peers_of(other)
    assert peers_of("nobody") == frozenset()


def test_what_may_be_said_can_be_written() -> None:
    """A type in the table that the vocabulary does not know would fail only when it is needed."""
    for rule in RULES:
        if rule.listener not in INBOXES and rule.message is not supervision.ApplySettings:
            assert rule.message in VOCABULARY.kinds, rule


def test_settings_travel_whole() -> None:
    """Every key of them, as it was read."""
    message = SettingsRead(settings=Settings(), sha256="ab" * 32, read_ms=1)
    assert VOCABULARY.decode(VOCABULARY.encode(message)) == message


def test_the_collector_s_inbox_is_written_by_hand() -> None:
    """And takes what the table lets through to it."""
    inbox = INBOXES[COLLECTOR]
    assert inbox.mark != VOCABULARY.mark
    for message in (
        observation.TakeSnapshot(request=7),
        observation.PartTaken(request=7, part=1),
        supervision.AskHeartbeat(generation=3),
        supervision.Introduce(role=GATEWAY, address="gateway.1.00000000"),
    ):
        assert inbox.decode(inbox.encode(message)) == message

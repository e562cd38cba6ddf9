from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest

from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.messages.control import (
    CONTROL_TYPES,
    AskReload,
    AskStatus,
    ChildAction,
    ControlChild,
    Done,
    FromSupervisor,
    ReloadReport,
    ToSupervisor,
)
from tests.fakes.doorstep import report

WORDS = Vocabulary(CONTROL_TYPES)
MESSAGES = (
    AskStatus(request=1),
    ControlChild(request=2, action=ChildAction.PAUSE, child="collector"),
    ControlChild(request=2, action=ChildAction(99), child="collector"),
    AskReload(request=3),
    report(4, reload=ReloadReport(result="rejected", error="f:1:1: a: b", at_ms=5), findings=("one",)),
    Done(request=5, ok=False, text="no"),
)


@pytest.mark.parametrize("message", MESSAGES)
def test_what_one_actor_says_is_what_the_other_hears(message: Any) -> None:
    """Nothing is lost or changed between the gateway and the supervisor."""
    assert WORDS.decode(WORDS.encode(message)) == message


def test_every_message_of_the_conversation_is_on_the_list() -> None:
    """What is not on it cannot be said."""
    conversation = {*get_args(ToSupervisor), *get_args(FromSupervisor)}
    assert conversation == {type(message) for message in MESSAGES}
    assert conversation <= set(CONTROL_TYPES)


@pytest.mark.parametrize("kind", [kind for kind in CONTROL_TYPES if is_dataclass(kind)])
def test_a_message_is_frozen_and_keyword_only(kind: type[Any]) -> None:
    """A message cannot be changed by who passes it on, nor built with its fields in the wrong order."""
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(kind))

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest

from daemoneye.actors.table import INBOXES
from daemoneye.actors.transport.frames import MAX_FRAME
from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.messages.delivery import Taken
from daemoneye.messages.record import (
    BATCH_BYTES,
    BATCH_ENTRIES,
    RECORD_TYPES,
    FromJournal,
    JournalState,
    Keep,
    Kept,
    ToJournal,
)
from daemoneye.model.record import LONGEST_BODY
from daemoneye.model.status import AlertFileReport, JournalReport, StreamReport
from tests.fakes.numbered import alert, alerts, event

WORDS = Vocabulary(RECORD_TYPES)
REPORT = JournalReport(
    trouble="disk_full",
    streams=(StreamReport(name="alerts", last=3, kept=2),),
    refused=(("too_long", 1),),
    alert_file=AlertFileReport(path="/log", last=3),
)
MESSAGES = (
    Keep(batch=1, entries=(*alerts([1, 2]), event(3))),
    Kept(batch=1, refused=(alert(1).id,)),
    JournalState(number=4, report=REPORT),
    Taken(number=4),
)


@pytest.mark.parametrize("message", MESSAGES)
def test_what_one_actor_says_is_what_the_other_hears(message: Any) -> None:
    """Nothing is lost or changed on the way to the record."""
    assert WORDS.decode(WORDS.encode(message)) == message


def test_every_message_of_the_conversation_is_on_the_list() -> None:
    """What is not on it cannot be said."""
    conversation = {*get_args(ToJournal), *get_args(FromJournal)}
    assert conversation == {type(message) for message in MESSAGES}
    assert conversation <= set(RECORD_TYPES)


@pytest.mark.parametrize("kind", [kind for kind in RECORD_TYPES if is_dataclass(kind)])
def test_a_message_is_frozen_and_keyword_only(kind: type[Any]) -> None:
    """A message cannot be changed by who passes it on, nor built with its fields in the wrong order."""
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(kind))


def test_the_largest_batch_fits_a_frame() -> None:
    """A sender that cannot say what it has would keep it for ever."""
    longest = event(0, size=LONGEST_BODY - 100)
    usual = BATCH_BYTES // BATCH_ENTRIES
    full = Keep(batch=2**63 - 1, entries=tuple(event(number, size=usual) for number in range(BATCH_ENTRIES)))
    for keep in (full, Keep(batch=1, entries=(longest,) * (BATCH_BYTES // LONGEST_BODY + 1))):
        assert len(WORDS.encode(keep)) < MAX_FRAME / 2


def test_the_collector_can_be_answered() -> None:
    """Its inbox is no pickle, and a whole batch may be refused."""
    inbox = INBOXES["collector"]
    worst = Kept(batch=2**40, refused=tuple(event(number).id for number in range(BATCH_ENTRIES)))
    assert inbox.decode(inbox.encode(worst)) == worst

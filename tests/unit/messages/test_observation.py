"""What is said between gateway and collector arrives as it was said."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.actors.transport.fixed import FixedInbox
from daemoneye.actors.transport.frames import MAX_FRAME
from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.messages.observation import (
    OBSERVATION_TYPES,
    FromCollector,
    PartTaken,
    Scanned,
    ScanTaken,
    SnapshotPart,
    SnapshotRefusal,
    SnapshotRefused,
    TakeSnapshot,
    ToCollector,
)
from daemoneye.model.coverage import Coverage
from daemoneye.model.process import HashStatus, LinuxMetadata, ListeningSocket, OnDisk, ProcessRecord
from tests.fakes.nouns import nouns

WORDS = Vocabulary(OBSERVATION_TYPES)
COUNTS = st.integers(0, 2**63)
COVERAGES = st.builds(
    Coverage,
    seen=COUNTS,
    partly_read_by_reason=st.lists(st.tuples(st.text(), COUNTS)).map(tuple),
    hidden=st.booleans(),
    started=st.none() | COUNTS,
    came_and_went_at_most=st.none() | COUNTS,
)
MESSAGES = st.one_of(
    st.builds(TakeSnapshot, request=COUNTS),
    st.builds(PartTaken, request=COUNTS, part=COUNTS),
    st.builds(ScanTaken, scan=COUNTS),
    st.builds(SnapshotRefused, request=COUNTS, reason=st.sampled_from(SnapshotRefusal)),
    st.builds(
        SnapshotPart,
        request=COUNTS,
        part=COUNTS,
        last=st.booleans(),
        records=st.lists(nouns(ProcessRecord), max_size=3).map(tuple),
    ),
    st.builds(Scanned, duration_s=st.floats(allow_nan=False), coverage=COVERAGES),  # the rest by its annotations
)


def shallow(message: Any) -> dict[str, Any]:
    return {each.name: getattr(message, each.name) for each in fields(message)}


@settings(max_examples=150)
@given(MESSAGES)
def test_every_message_arrives_as_it_was_said(message: object) -> None:
    """Whatever a process has put into its name: no field is lost, none becomes another type."""
    arrived = WORDS.decode(WORDS.encode(message))
    assert arrived == message
    assert types_in(arrived) == types_in(message)


def types_in(value: object) -> list[type]:
    if is_dataclass(value):
        return [type(value), *(kind for each in fields(value) for kind in types_in(getattr(value, each.name)))]
    if isinstance(value, tuple):
        return [tuple, *(kind for each in value for kind in types_in(each))]
    return [type(value)]


@pytest.mark.parametrize("status", [OnDisk(7), OnDisk.MEMFD, HashStatus(99)])
def test_a_number_without_a_name_keeps_its_number(status: OnDisk | HashStatus) -> None:
    """A value that only a newer release has a name for is handed on."""
    assert WORDS.decode(WORDS.encode(status)) == status


def test_the_list_of_types_is_complete_and_has_no_more() -> None:
    """Who puts these on the actors' list has put on everything that can occur, and nothing else."""
    found: set[type] = set()
    for message in (*get_args(ToCollector), *get_args(FromCollector)):
        collect(message, found)
    assert found == set(OBSERVATION_TYPES)
    assert len(OBSERVATION_TYPES) == len(found)


def collect(hint: Any, found: set[type]) -> None:
    for argument in get_args(hint):
        collect(argument, found)
    if isinstance(hint, type) and hint not in found and (is_dataclass(hint) or issubclass(hint, Enum)):
        found.add(hint)
        if is_dataclass(hint):
            for each in get_type_hints(hint).values():
                collect(each, found)


@given(st.one_of(MESSAGES.filter(lambda each: isinstance(each, get_args(ToCollector)))))
def test_what_the_collector_takes_needs_no_pickle(message: object) -> None:
    """Whole numbers only: its inbox is decoded by hand."""
    inbox = FixedInbox(b"C", get_args(ToCollector))
    small = type(message)(**{name: number % 2**63 for name, number in shallow(message).items()})
    assert inbox.decode(inbox.encode(small)) == small


def test_the_largest_record_fits_a_frame() -> None:
    """With all arguments, variables and sockets that a process can show: it travels alone, but it travels."""
    widest = "\\xff" * 4096  # bytes that are no text are shown in four characters each
    largest = ProcessRecord(
        name="x" * 4096,
        executable_path=widest,
        command_line=("",) * 32_768,
        cwd=widest,
        root=widest,
        linux=LinuxMetadata(
            environment=(("LD_PRELOAD", widest),) * 64,
            listening=(ListeningSocket(protocol="tcp6", address="ffff:" * 7 + "ffff", port=65_535),) * 4096,
        ),
    )
    assert len(WORDS.encode(SnapshotPart(request=1, part=0, last=True, records=(largest,)))) < MAX_FRAME / 2

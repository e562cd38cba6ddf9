"""The links of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.journal.chain import LANES, SEQUENCE_MASK, Chain, Lane, last_sequence, link, origin
from daemoneye.journal.entry import Severity, Stream

if TYPE_CHECKING:
    from tests.fakes.journals import World

CHAIN = "ab" * 16


def fresh() -> Chain:
    return Chain({lane: origin(CHAIN, lane) for lane in LANES})


def test_sequences_have_no_gaps_within_a_stream_and_ordinals_none_within_a_lane(world: World) -> None:
    """A receiver can tell by counting that it has everything."""
    chain = fresh()
    entries = [world.entry(severity=severity) for severity in (Severity.HIGH, Severity.LOW, Severity.HIGH)]
    fields = [chain.extend(entry)[0] for entry in (*entries, *world.events(1))]
    assert [each[0] & SEQUENCE_MASK for each in fields] == [1, 2, 3, 1]
    assert [each[2] for each in fields] == [1, 1, 2, 1]
    assert last_sequence(chain.heads, Stream.ALERTS) == 3


def test_every_field_is_part_of_the_link(world: World) -> None:
    """Nothing that is stored can be changed without the digest telling."""
    fields, digest = fresh().extend(world.entry(pid=7, entity_id="e", parent_entity_id="p", name="n", sha256="d"))
    previous = origin(CHAIN, Lane(Stream.ALERTS, Severity.HIGH)).digest
    assert link(previous, fields) == digest
    for place, value in enumerate(fields):
        assert value is not None
        other: Any = value + 1 if isinstance(value, int) else value[:-1] + bytes([value[-1] ^ 1])
        changed: Any = (*fields[:place], other, *fields[place + 1 :])
        assert link(previous, changed) != digest, f"field {place}"
    assert link(bytes(32), fields) != digest


@pytest.mark.parametrize("column", [6, 9, 10, 11, 12])
def test_absent_is_not_the_same_as_empty(world: World, column: int) -> None:
    """A value cannot be taken away and leave no trace."""
    fields, _ = fresh().extend(world.entry(pid=0, entity_id="", parent_entity_id="", name="", sha256=""))
    without: Any = (*fields[:column], None, *fields[column + 1 :])
    assert link(bytes(32), without) != link(bytes(32), fields)


def test_a_byte_cannot_move_from_one_field_to_the_next(world: World) -> None:
    """Two different entries never have the same bytes to hash."""
    one, _ = fresh().extend(world.entry(id=world.new_id(), name="ab", sha256="c"))
    other: Any = (*one[:11], b"a", b"bc", one[13])
    assert link(bytes(32), one) != link(bytes(32), other)


def test_lanes_and_chains_begin_differently() -> None:
    """An entry fits into one place of one journal only."""
    begins = {origin(chain, lane).digest for chain in (CHAIN, "cd" * 16) for lane in LANES}
    assert len(begins) == 2 * len(LANES)

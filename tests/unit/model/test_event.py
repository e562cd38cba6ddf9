"""What happened, as values."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from daemoneye.model.event import Exited, Field
from daemoneye.model.observation import Facts, Sample
from tests.fakes.snapshots import process


def test_an_event_cannot_be_changed_afterwards() -> None:
    """What was reported stays what it was."""
    event = Exited(
        observation=process(7),
        entity_id="e7",
        ancestors=(),
        detected_ms=1,
        detected_monotonic_s=1.0,
        run_time_s=1.0,
        run_time_error_s=0.5,
    )
    assert event.key == (7, 1000)
    with pytest.raises(FrozenInstanceError):
        event.run_time_s = 2.0  # type: ignore[misc]


def test_every_field_that_can_change_is_one_that_is_read() -> None:
    """A modification never names a field that no reader fills."""
    read = {*Facts.__dataclass_fields__, *Sample._fields}
    assert {field.value for field in Field} <= read

"""Ids of facts."""

from __future__ import annotations

from uuid import UUID

from daemoneye.journal.ids import Ids, uuid7


def test_the_example_of_the_standard() -> None:
    """An id is a UUID of version 7 to every tool that knows RFC 9562: this is the one of its appendix A.6."""
    assert uuid7(0x017F22E279B0, 0xCC3, 0x18C4DC0C0C07398F) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_version_and_variant_are_where_uuids_have_them() -> None:
    """Whatever the random bits are, the id says what it is."""
    for byte in (b"\x00", b"\xff"):
        made = UUID(Ids(lambda: 1_800_000_000_000, lambda count, byte=byte: byte * count)())  # type: ignore[misc]
        assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_ids_of_one_process_rise_while_the_clock_goes_backwards() -> None:
    """Sorting by id is sorting by making, even if somebody sets the clock back."""
    clock = iter([1000, 1000, 999, 5, 1001, 1001])
    ids = Ids(lambda: next(clock), bytes)
    made = [ids() for _ in range(6)]
    assert made == sorted(set(made))


def test_ids_rise_beyond_what_a_millisecond_can_count() -> None:
    """A burst of ten thousand facts within one millisecond is still ten thousand ids in order."""
    ids = Ids(lambda: 1000, lambda count: b"\xff" * count)
    made = [ids() for _ in range(10_000)]
    assert made == sorted(set(made))

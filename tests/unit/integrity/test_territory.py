"""Whose path it is."""

from __future__ import annotations

import pytest

from daemoneye.integrity.territory import HOST, Residents, outlives_us, territory
from daemoneye.model.process import FileIdentity

OURS, THEIRS = 4026531841, 4026532888
FILE, OTHER = FileIdentity(dev=1, ino=2, size=3), FileIdentity(dev=1, ino=9, size=3)


@pytest.mark.parametrize(
    ("namespace", "container", "there", "here", "expected"),
    [
        (OURS, None, FILE, OTHER, HOST),
        (None, None, FILE, OTHER, HOST),  # nobody may ask
        (THEIRS, None, FILE, FILE, HOST),  # a service that is shut off from part of the host
        (THEIRS, None, FILE, OTHER, f"mnt:{THEIRS}"),
        (THEIRS, None, FILE, None, f"mnt:{THEIRS}"),
        (THEIRS, None, None, None, f"mnt:{THEIRS}"),
        (THEIRS, "abc", FILE, OTHER, "container:abc"),
    ],
)
def test_the_territory_of_a_program(
    namespace: int | None, container: str | None, there: FileIdentity | None, here: FileIdentity | None, expected: str
) -> None:
    """The host's is what the host would find there; a container has a name; all else has a number."""
    found = territory(mount_namespace=namespace, own_namespace=OURS, container_id=container, there=there, here=here)
    assert found == expected


def test_what_outlives_us() -> None:
    """A number is given to the next one."""
    assert outlives_us(HOST)
    assert outlives_us("container:abc")
    assert not outlives_us("mnt:7")


def test_the_last_one_to_leave() -> None:
    """A namespace is deserted when nobody is left in it, by whatever way they went."""
    residents = Residents()
    assert residents.enter("a", "mnt:7") is None
    assert residents.enter("a", "mnt:7") is None
    assert residents.enter("b", "mnt:7") is None
    assert residents.leave("a") is None
    assert residents.enter("b", "mnt:8") == "mnt:7"
    assert set(residents) == {"b"}
    assert residents.enter("b", HOST) == "mnt:8"
    assert residents.leave("b") is None
    assert residents.enter("c", "container:x") is None
    assert set(residents) == set()

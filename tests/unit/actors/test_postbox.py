"""What waits for a peer: one batch on its way, the rest together."""

from __future__ import annotations

from daemoneye.actors.postbox import Postbox


def box(*, batch: int = 3, capacity: int = 5) -> Postbox[int, tuple[int, tuple[int, ...]]]:
    return Postbox(lambda number, items: (number, items), batch=batch, capacity=capacity)


def test_nothing_is_said_to_somebody_who_is_not_there() -> None:
    """It would be lost; what was asked before the peer came is asked again by whoever wants it."""
    postbox = box()
    postbox.put(1)
    assert postbox.to_say() is None
    postbox.arrived()
    assert len(postbox) == 0


def test_one_batch_is_on_its_way_and_the_rest_goes_together() -> None:
    """The next goes out when the one before was taken, whatever else is acknowledged."""
    postbox = box()
    postbox.arrived()
    postbox.put(1)
    assert postbox.to_say() == (1, (1,))
    for item in (2, 3, 4, 5):
        postbox.put(item)
    assert postbox.to_say() is None
    postbox.taken(7)
    assert postbox.to_say() is None
    postbox.taken(1)
    assert postbox.to_say() == (2, (2, 3, 4))
    postbox.taken(1)  # said twice
    assert postbox.to_say() is None
    postbox.taken(2)
    assert postbox.to_say() == (3, (5,))


def test_what_does_not_fit_displaces_the_oldest() -> None:
    """And is counted."""
    postbox = box(batch=10)
    postbox.arrived()
    for item in range(7):
        postbox.put(item)
    assert postbox.displaced == 2
    assert postbox.to_say() == (1, (2, 3, 4, 5, 6))


def test_a_peer_that_was_restarted_begins_with_nothing_on_its_way() -> None:
    """What the one before did not take is not waited for, and its late word means nothing."""
    postbox = box()
    postbox.arrived()
    postbox.put(1)
    postbox.to_say()
    postbox.put(2)
    postbox.arrived()
    assert postbox.to_say() is None
    postbox.put(3)
    assert postbox.to_say() == (2, (3,))
    postbox.taken(1)
    postbox.put(4)
    assert postbox.to_say() is None

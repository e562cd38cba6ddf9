"""How somebody is, for one peer: when it has changed, and one report at a time."""

from __future__ import annotations

from daemoneye.actors.bulletin import Bulletin


class Peer:
    """Hears what it is told, if it is there."""

    def __init__(self) -> None:
        self.is_there = True
        self.heard: list[tuple[int, str]] = []
        self.bulletin: Bulletin[str] = Bulletin(self._hear)

    def _hear(self, number: int, report: str) -> bool:
        if self.is_there:
            self.heard.append((number, report))
        return self.is_there


def test_only_what_has_changed_is_told() -> None:
    """And nothing more before it was taken, whatever else is acknowledged."""
    peer = Peer()
    assert peer.bulletin.tell("well")
    assert not peer.bulletin.can_be_told()
    assert not peer.bulletin.tell("ill")
    peer.bulletin.taken(7)
    assert not peer.bulletin.can_be_told()
    peer.bulletin.taken(1)
    assert peer.bulletin.can_be_told()
    assert not peer.bulletin.tell("well")
    assert peer.bulletin.tell("ill")
    assert peer.heard == [(1, "well"), (2, "ill")]
    assert peer.bulletin.last == "ill"


def test_where_nobody_is_there_nothing_was_told() -> None:
    """It is told as soon as somebody is."""
    peer = Peer()
    peer.is_there = False
    assert not peer.bulletin.tell("well")
    assert peer.bulletin.last is None
    peer.is_there = True
    assert peer.bulletin.tell("well")
    assert peer.heard == [(1, "well")]


def test_another_peer_is_told_all_anew() -> None:
    """Under a number of its own, so that a late word about the one before means nothing."""
    peer = Peer()
    peer.bulletin.tell("well")
    peer.bulletin.arrived()
    assert peer.bulletin.tell("well")
    peer.bulletin.taken(1)
    assert not peer.bulletin.can_be_told()
    peer.bulletin.taken(2)
    assert peer.bulletin.can_be_told()
    assert peer.heard == [(1, "well"), (2, "well")]

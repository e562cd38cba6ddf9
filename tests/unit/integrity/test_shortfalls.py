"""What is due and missing: one beginning, one end, and the numbers."""

from __future__ import annotations

import pytest

from daemoneye.integrity.shortfalls import GRACE_MS, NO_SSDEEP, Shortfalls, lacking
from daemoneye.integrity.sighting import Hashed, Now
from daemoneye.model.alert import Phase, Shortfall
from daemoneye.model.process import HashStatus
from tests.fakes.executables import content


def at(ms: int) -> Now:
    return Now(1_000_000 + ms, ms * 1_000_000, "boot")


DUE = {
    HashStatus.UNSPECIFIED,
    HashStatus.PERMISSION,
    HashStatus.CHANGED_WHILE_READ,
    HashStatus.TIMEOUT,
    HashStatus.QUARANTINED,
    HashStatus.BUDGET,
}
BY_LIMIT = {HashStatus.TOO_LARGE, HashStatus.NOT_REGULAR, HashStatus.REMOTE_FILESYSTEM}


@pytest.mark.parametrize("status", [each for each in HashStatus if each not in {HashStatus.HASHED, HashStatus.CACHED}])
def test_what_counts_as_missing(status: HashStatus) -> None:
    """Not what the settings leave out, unless it could be had before; not what is gone."""
    expected = status.label if status in DUE else None
    assert lacking(Hashed(status), had_before=False) == expected
    expected = status.label if status in DUE | BY_LIMIT else None
    assert lacking(Hashed(status), had_before=True) == expected


def test_ssdeep_due_and_failed_is_missing() -> None:
    """Switched off it is not, and says nothing."""
    assert lacking(Hashed(HashStatus.HASHED, content("x"), "too large"), had_before=True) == NO_SSDEEP
    assert lacking(Hashed(HashStatus.CACHED, content("x")), had_before=True) is None
    assert lacking(Hashed(), had_before=True) is None


def test_one_start_and_one_end() -> None:
    """However many there are, and however often they are noted."""
    short = Shortfalls()
    for who in "abc":
        for ms in (0, 5):
            short.note("digests", who, "timeout", at(ms))
    assert short.tick(at(GRACE_MS - 1)) == []
    (began,) = short.tick(at(GRACE_MS))
    assert began == Shortfall(
        cause="digests", phase=Phase.START, counts=(("timeout", 3),), began_ms=1_000_000 + GRACE_MS
    )
    assert short.standing() == (began,)
    short.note("digests", "d", "budget", at(GRACE_MS))
    short.note("digests", "a", "budget", at(GRACE_MS))
    assert short.tick(at(GRACE_MS * 9)) == []
    assert short.who("digests") == set("abcd")
    for who in "abcd":
        short.note("digests", who, None, at(GRACE_MS * 9))
    assert short.tick(at(GRACE_MS * 9)) == []
    short.note("digests", "e", "timeout", at(GRACE_MS * 9))
    assert short.tick(at(GRACE_MS * 10)) == []  # it is not over
    short.note("digests", "e", None, at(GRACE_MS * 10))
    assert short.tick(at(GRACE_MS * 10)) == []
    (ended,) = short.tick(at(GRACE_MS * 11))
    assert (ended.phase, ended.counts) == (Phase.END, (("budget", 2), ("timeout", 4)))
    assert ended.began_ms == began.began_ms
    assert short.tick(at(GRACE_MS * 99)) == []
    assert short.standing() == ()


def test_what_comes_and_goes_is_nothing() -> None:
    """A child that is restarted, a burst of processes: no alert, and nothing left behind."""
    short = Shortfalls()
    for ms in range(0, GRACE_MS * 5, GRACE_MS // 2):
        short.note("gateway", "gateway", "down", at(ms))
        assert short.tick(at(ms)) == []
        short.note("gateway", "gateway", None, at(ms + 10))
        assert short.tick(at(ms + 10)) == []
    assert not short.lacks("gateway", "gateway")
    assert short.who("gateway") == frozenset()


def test_causes_do_not_mix() -> None:
    """Each begins and ends by itself."""
    short = Shortfalls()
    short.note("digests", "e", "timeout", at(0))
    short.note("hasher 1", "hasher 1", "quarantined", at(0))
    short.note("hasher 2", "hasher 2", None, at(0))
    assert {each.cause for each in short.tick(at(GRACE_MS))} == {"digests", "hasher 1"}


def test_there_is_an_end_to_who_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it they are only counted."""
    monkeypatch.setattr("daemoneye.integrity.shortfalls._CAPACITY", 2)
    short = Shortfalls()
    short.note("digests", "a", "timeout", at(0))
    short.tick(at(GRACE_MS))
    for who in "bcd":
        short.note("digests", who, "timeout", at(GRACE_MS))
    assert short.who("digests") == set("ab")
    (standing,) = short.standing()
    assert standing.counts == (("timeout", 4),)


def test_nothing_is_over_before_all_were_seen() -> None:
    """An agent that comes back has not seen yet who still lacks something."""
    short = Shortfalls([Shortfall(cause="digests", phase=Phase.START, counts=(("timeout", 1),), began_ms=7)])
    for ms in range(0, GRACE_MS * 3, 1000):
        assert short.tick(at(ms), all_seen=False) == []
    assert short.tick(at(GRACE_MS * 3)) == []
    (ended,) = short.tick(at(GRACE_MS * 4))
    assert ended.phase is Phase.END

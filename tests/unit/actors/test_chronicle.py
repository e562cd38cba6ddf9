"""What is recorded of looks, with the digests that are known by then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from daemoneye.actors.chronicle import Chronicle
from daemoneye.actors.landmarks import Kept
from daemoneye.lifecycle.digests import Digest, Digests
from daemoneye.lifecycle.tracker import Tracker
from daemoneye.model.alert import Content
from daemoneye.model.process import HashStatus
from tests.fakes.snapshots import changed, facts, file, kernel_thread, process, snapshot

if TYPE_CHECKING:
    from daemoneye.model.observation import Observation
    from daemoneye.model.record import Entry


class Record:
    """Looks, and what they add."""

    def __init__(self) -> None:
        self.digests = Digests()
        self.kept = Kept(max_age_s=2_592_000, max_bytes=1 << 30)
        self._ids = 0
        self._chronicle = Chronicle(self._new_id, self.digests)
        self._tracker = Tracker()
        self._at_s = 1000.0

    def _new_id(self) -> str:
        self._ids += 1
        return f"00000000-0000-7000-8000-{self._ids:012}"

    def learn(self, ino: int, letter: str = "a") -> None:
        content = Content(sha256=letter * 64, ssdeep="3:abc:de")
        self.digests.learn(file(ino), Digest(HashStatus.HASHED, content))

    def look(self, *processes: Observation, unseen: frozenset[int] = frozenset(), later_s: float = 5) -> list[Entry]:
        self._at_s += later_s
        scan = self._tracker.observe(snapshot(*processes, at_s=self._at_s, unseen=unseen), self.digests)
        return list(self._chronicle.of(scan, self._tracker, self.kept))

    def kinds(self, *processes: Observation, unseen: frozenset[int] = frozenset()) -> list[tuple[str, int | None, str]]:
        entries = self.look(*processes, unseen=unseen)
        return [(each.kind.removeprefix("process."), each.pid, (each.sha256 or "-")[0]) for each in entries]


def running(pid: int, ino: int, **fields: Any) -> Observation:
    return process(pid, seen=facts(executable_file=file(ino)), **fields)


def test_what_is_known_is_recorded_with_it() -> None:
    """From the first look on: in the column, and in the body."""
    record = Record()
    record.learn(1)
    began, seen, other = record.look(running(1, 1), running(2, 2))
    assert (began.kind, began.sha256) == ("scan.began", None)
    assert (seen.sha256, other.sha256) == ("a" * 64, None)
    assert json.loads(seen.body)["hash"] == {"sha256": "a" * 64, "ssdeep": "3:abc:de"}
    assert "hash" not in json.loads(other.body)
    assert record.kinds(running(1, 1), running(2, 2), running(3, 1)) == [("started", 3, "a")]
    assert record.kinds(running(1, 1)) == [("exited", 2, "-"), ("exited", 3, "a")]


def test_a_digest_that_comes_later_is_an_event_of_its_own() -> None:
    """Once for each process that was recorded without it."""
    record = Record()
    one, two, three = running(1, 1), running(2, 1), running(3, 2)
    record.look(one, two, three)
    assert record.kinds(one, two, three) == []
    record.learn(1)
    assert sorted(record.kinds(one, two, three)) == [("hashed", 1, "a"), ("hashed", 2, "a")]
    assert record.kinds(one, two, three) == []
    record.learn(2, "b")
    (event,) = record.look(one, two, three)
    body = json.loads(event.body)
    assert (body["kind"], body["message"]) == ("process.hashed", "prog (pid 3) has a digest: /usr/bin/prog")
    assert body["hash"] == {"sha256": "b" * 64, "ssdeep": "3:abc:de"}
    assert (body["process"]["pid"], body["process"]["executable"]) == (3, "/usr/bin/prog")
    assert body["process"]["entity_id"] == event.entity_id
    assert (event.sha256, event.name) == ("b" * 64, "prog")


def test_who_has_ended_needs_none_any_more() -> None:
    """And who cannot be read for a moment has not ended."""
    record = Record()
    record.look(running(1, 1), running(2, 1))
    assert record.kinds(unseen=frozenset({2})) == [("exited", 1, "-")]
    record.learn(1)
    assert record.kinds(unseen=frozenset({2})) == []
    assert record.kinds(running(2, 1)) == [("hashed", 2, "a")]


def test_another_program_is_hashed_anew() -> None:
    """Its start was recorded with the digest of the one before."""
    record = Record()
    record.learn(1)
    one = running(1, 1)
    record.look(one)
    other = changed(one, seen=facts(executable_file=file(2)), image_mark=(9, 9))
    assert record.kinds(other) == [("exec", 1, "-")]
    record.learn(2, "b")
    assert record.kinds(other) == [("hashed", 1, "b")]


def test_a_digest_that_came_with_the_next_event_is_not_told_twice() -> None:
    """The event has it already."""
    record = Record()
    one = running(1, 1)
    record.look(one)
    other = changed(one, seen=facts(executable_file=file(2)), image_mark=(9, 9))
    record.learn(2, "b")
    assert record.kinds(other) == [("exec", 1, "b")]
    assert record.kinds(other) == []


def test_kernel_threads_have_no_image_to_wait_for() -> None:
    """Nobody looks for their digests at each look."""
    record = Record()
    record.look(kernel_thread(2), running(1, 1))
    assert {key.pid for key in record._chronicle._bare} == {1}


def test_everybody_is_recorded_again_after_some_hours() -> None:
    """After what has changed, with whoever cannot be read for a moment, and with the digests that are known by then."""
    record = Record()
    one, two, three = running(1, 1), running(2, 2), running(3, 2)
    record.look(one, two)
    record.learn(1)
    record.look(one, two, three, later_s=6 * 3600 - 10)
    started, again, *seen = record.look(one, running(4, 1), unseen=frozenset({2}), later_s=10)[1:]
    assert (started.kind, again.kind) == ("process.started", "scan.again")
    assert json.loads(again.body)["processes"] == len(seen) == 3
    assert {(each.kind, each.pid, (each.sha256 or "-")[0]) for each in seen} == {
        ("process.seen", 1, "a"),
        ("process.seen", 2, "-"),
        ("process.seen", 4, "a"),
    }
    assert {each.occurred for each in seen} == {again.occurred}
    assert record.look(one, two, running(4, 1)) == []


def test_everybody_is_recorded_again_before_half_of_what_is_kept_has_gone() -> None:
    """By new limits from the next look on."""
    record = Record()
    record.look(running(1, 1))
    assert record.look(running(1, 1), later_s=3600) == []
    record.kept = Kept(max_age_s=7200, max_bytes=1 << 30)
    assert [each.kind for each in record.look(running(1, 1))] == ["scan.again", "process.seen"]


def test_everybody_is_recorded_again_when_much_has_happened() -> None:
    """So that it never takes long to read on from there."""
    record = Record()
    record.kept = Kept(max_age_s=2_592_000, max_bytes=1 << 20)
    record.look(running(1, 1))
    looks = []
    for number in range(40):
        kinds = [each.kind for each in record.look(running(1, 1), running(2, 1, start=number))]
        looks += [number] * ("scan.again" in kinds)
        assert kinds.count("process.seen") == (2 if "scan.again" in kinds else 0)
    assert len(looks) == 40 * 2 // 64

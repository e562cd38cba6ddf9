"""What is known of the contents of executables, and how it shows."""

from __future__ import annotations

import time
from dataclasses import replace

from daemoneye.lifecycle.digests import Digest, Digests
from daemoneye.lifecycle.tracker import Tracker
from daemoneye.model.alert import Content
from daemoneye.model.event import Hashed
from daemoneye.model.observation import ProcessKey
from daemoneye.model.process import HashStatus
from tests.fakes.snapshots import changed, facts, file, kernel_thread, process, snapshot

CONTENT = Content(sha256="a" * 64, ssdeep="3:abc:de")
HASHED = Digest(HashStatus.HASHED, CONTENT)


def known(*digests: Digest) -> Digests:
    """Of the files 1, 2, 3, …"""
    answer = Digests()
    for ino, digest in enumerate(digests, start=1):
        answer.learn(file(ino), digest)
    return answer


def running(pid: int, ino: int) -> object:
    return process(pid, seen=facts(executable_file=file(ino)))


def test_a_digest_belongs_to_a_content() -> None:
    """With other times or another size it is not the same."""
    digests = known(HASHED)
    assert digests.content_of(facts(executable_file=file(1))) == CONTENT
    assert digests.content_of(facts(executable_file=replace(file(1), ctime_ns=7))) is None
    assert digests.content_of(facts(executable_file=file(2))) is None
    assert digests.content_of(facts(executable_file=None)) is None
    assert known(Digest(HashStatus.TOO_LARGE)).content_of(facts(executable_file=file(1))) is None


def test_there_is_room_for_so_many() -> None:
    """What was learned longest ago goes, and is counted."""
    digests = Digests(capacity=2)
    for ino in (1, 2, 3):
        digests.learn(file(ino), HASHED)
    assert digests.of(facts(executable_file=file(1))) is None
    assert digests.of(facts(executable_file=file(3))) == HASHED
    assert digests.occupancy == ("digests shown", 2, 2, 1)
    assert Digests().occupancy.capacity == 10_000


def test_every_process_with_an_image_is_hashed_or_has_a_reason() -> None:
    """Several of one program count each; kernel threads have no image."""
    digests = known(HASHED, Digest(HashStatus.TOO_LARGE), Digest(HashStatus.UNSPECIFIED))
    closed = process(8, seen=facts(executable_file=None, unread=(("executable_file", "permission"),)))
    silent = process(9, seen=facts(executable_file=None))
    seen = [running(1, 1), running(2, 1), running(3, 2), running(4, 3), running(5, 4), closed, silent, kernel_thread(2)]
    tally = digests.tally(seen)  # type: ignore[arg-type]
    assert tally.hashed == 2
    assert tally.not_hashed_by_reason == (("permission", 1), ("too_large", 1), ("unspecified", 1), ("waiting", 2))
    assert tally.hashed + sum(count for _, count in tally.not_hashed_by_reason) == len(seen) - 1


def test_coverage_counts_digests_where_somebody_keeps_them() -> None:
    """Otherwise nothing is said about them."""
    now = snapshot(process(1, seen=facts(executable_file=file(1))), process(2))
    coverage = Tracker().observe(now, known(HASHED)).coverage
    assert (coverage.hashed, coverage.not_hashed_by_reason) == (1, (("waiting", 1),))
    coverage = Tracker().observe(now).coverage
    assert (coverage.hashed, coverage.not_hashed_by_reason) == (None, ())


def test_a_digest_that_comes_later_is_in_records_made_later() -> None:
    """Without another look."""
    digests = Digests()
    one = process(1, seen=facts(executable_file=file(1)))
    scan = Tracker().observe(snapshot(one), digests)
    (before,) = scan.records()
    assert (before.executable_hash, before.hash_algorithm, before.ssdeep_hash) == (None, None, None)
    assert (before.hash_status, before.ssdeep_degraded) == (HashStatus.UNSPECIFIED, False)
    digests.learn(file(1), HASHED)
    (after,) = scan.records()
    assert (after.executable_hash, after.hash_algorithm, after.ssdeep_hash) == ("a" * 64, "sha256", "3:abc:de")
    assert (after.hash_status, after.ssdeep_degraded) == (HashStatus.HASHED, False)


def test_a_record_says_why_it_has_no_digest() -> None:
    """And whether the one of likeness is missing that was due."""
    degraded = Digest(HashStatus.CACHED, Content(sha256="a" * 64), ssdeep_missing=True)
    digests = known(degraded, Digest(HashStatus.PERMISSION))
    one, two = (process(ino, seen=facts(executable_file=file(ino))) for ino in (1, 2))
    records = {each.pid: each for each in Tracker().observe(snapshot(one, two), digests).records()}
    assert (records[1].ssdeep_degraded, records[1].ssdeep_hash, records[1].executable_hash) == (True, None, "a" * 64)
    assert (records[2].hash_status, records[2].executable_hash) == (HashStatus.PERMISSION, None)


def test_who_has_a_digest_by_now_is_told_with_the_ancestors() -> None:
    """Those of them who are still there."""
    tracker = Tracker()
    assert list(tracker.hashed([ProcessKey(1, 1000)])) == []
    one, two = process(1, start=5), process(2, ppid=1)
    tracker.observe(snapshot(one, two))
    tracker.observe(snapshot(one, changed(two, cpu_ticks=3), at_s=1005.0))
    (event,) = tracker.hashed([two.key, ProcessKey(9, 9)])
    assert isinstance(event, Hashed)
    assert event.observation.sample.cpu_ticks == 3
    assert [each.key for each in event.ancestors] == [one.key]
    assert event.detected_monotonic_s == 1005.0


def test_counting_ten_thousand_takes_a_few_milliseconds() -> None:
    """Programs are shared, and so is the looking up."""
    shared = [file(ino) for ino in range(300)]
    seen = [process(pid, seen=facts(executable_file=shared[pid % 300])) for pid in range(10_000)]
    digests = known(*[HASHED] * 300)

    def once() -> float:
        began = time.process_time()
        digests.tally(seen)
        return time.process_time() - began

    assert min(once() for _ in range(5)) < 0.05  # measured: 3 ms

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemoneye.model.coverage import Coverage
from daemoneye.model.status import ChildReport, ConfigReport, HashingStatus, IntegrityStatus, ReloadReport, Status
from daemoneye.outputs.exposition import Family, Kind, Sample, number, render
from daemoneye.outputs.metrics import families
from daemoneye.outputs.tallies import Distribution, Filling, Sink, Tallies

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = Status(
    state="degraded",
    version="1.2.3",
    uptime_s=12.5,
    tree=2,
    children=(
        ChildReport(name="collector", state="running", restarts=3, uptime_s=4.5, heartbeat_age_s=0.25),
        ChildReport(name="journal", state="down", restarts=9),
    ),
    coverage=Coverage(
        seen=100,
        fully_read=97,
        partly_read=3,
        partly_read_by_reason=(("permission", 3),),
        kernel_threads=40,
        timeout=1,
        hashed=50,
        not_hashed_by_reason=(("too_large", 7),),
    ),
    config=ConfigReport(generation=4, sha256="ab" * 32, loaded_at_ms=1_800_000_000_500),
    reload=ReloadReport(result="rejected", error="x"),
    hashing=HashingStatus(waiting=2, share=0.5, quarantined=3, degraded=(("permission", 4),)),
    integrity=IntegrityStatus(waiting=6, trouble="no room"),
)
TALLIES = Tallies(
    enumerations=Distribution().with_one(0.01).with_one(0.03).with_one(99.0),
    process_reads=(("full", 10), ("gone", 2)),
    starts_unobserved=7,
    hash_bytes=123_456,
    hash_files=(("hashed", 5), ("too_large", 1)),
    alerts=(("integrity.fileless", "high", 2),),
    alerts_suppressed=4,
    degraded=(("digests", "permission", 1),),
    fillings=(Filling(name="hash_cache", entries=5, capacity=10, evictions=1),),
    sinks=(
        Sink(name="jsonl", up=True, sent=9, last_success_ms=1_800_000_000_000),
        Sink(name="relp", up=False, sent=1, retries=2, lost=3),
    ),
)


def samples(status: Status, tallies: Tallies) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = render(families(status, tallies))
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for each in _samples(text)}


def _samples(text: str) -> Iterator[Any]:
    for family in text_string_to_metric_families(text):
        assert family.documentation
        yield from family.samples


def one(name: str, **labels: str) -> float:
    return samples(STATUS, TALLIES)[f"daemoneye_{name}", tuple(sorted(labels.items()))]


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("build_info", {"version": "1.2.3"}, 1),
        ("state", {"state": "degraded"}, 1),
        ("state", {"state": "running"}, 0),
        ("config_info", {"sha256": "ab" * 32}, 1),
        ("config_last_reload_successful", {}, 0),
        ("config_last_reload_success_timestamp_seconds", {}, 1_800_000_000.5),
        ("child_up", {"child": "journal"}, 0),
        ("child_restarts_total", {"child": "collector"}, 3),
        ("child_heartbeat_age_seconds", {"child": "collector"}, 0.25),
        ("processes", {}, 100),
        ("processes_partly_read", {"reason": "permission"}, 3),
        ("processes_missed", {"reason": "timeout"}, 1),
        ("process_reads_total", {"result": "gone"}, 2),
        ("process_starts_unobserved_total", {}, 7),
        ("enumeration_duration_seconds_bucket", {"le": "0.01"}, 1),
        ("enumeration_duration_seconds_bucket", {"le": "0.05"}, 2),
        ("enumeration_duration_seconds_bucket", {"le": "+Inf"}, 3),
        ("enumeration_duration_seconds_count", {}, 3),
        ("hash_bytes_total", {}, 123_456),
        ("hash_files_total", {"result": "too_large"}, 1),
        ("hash_waiting", {}, 2),
        ("hash_rate_share", {}, 0.5),
        ("hash_quarantined", {}, 3),
        ("hash_files_missing", {"reason": "permission"}, 4),
        ("hash_store_up", {}, 1),
        ("integrity_waiting", {}, 6),
        ("baseline_store_up", {}, 0),
        ("processes_hashed", {}, 50),
        ("processes_not_hashed", {"reason": "too_large"}, 7),
        ("hash_cache_entries", {}, 5),
        ("hash_cache_capacity", {}, 10),
        ("hash_cache_evictions_total", {}, 1),
        ("alerts_total", {"rule": "integrity.fileless", "severity": "high"}, 2),
        ("alerts_suppressed_total", {}, 4),
        ("coverage_degraded", {"cause": "digests", "reason": "permission"}, 1),
        ("sink_up", {"sink": "relp"}, 0),
        ("sink_retries_total", {"sink": "relp"}, 2),
        ("sink_last_success_timestamp_seconds", {"sink": "jsonl"}, 1_800_000_000),
    ],
)
def test_metrics_have_their_names(name: str, labels: dict[str, str], value: float) -> None:
    """Alarm rules find every metric by the name and labels that are documented."""
    assert one(name, **labels) == value


def test_what_is_not_known_is_absent() -> None:
    """A metric that nobody has counted is missing, and never a nought."""
    told = {name for name, _ in samples(Status(state="running", version="1"), Tallies())}
    assert told == {
        "daemoneye_build_info",
        "daemoneye_state",
        "daemoneye_uptime_seconds",
        "daemoneye_trees_total",
    }


def test_naming_follows_the_conventions() -> None:
    """Counters end in _total, units are base units, no name is twice, and none has a process in its labels."""
    told = families(STATUS, TALLIES)
    assert len({family.name for family in told}) == len(told)
    for family in told:
        assert family.name.startswith("daemoneye_")
        assert family.name.endswith("_total") == (family.kind is Kind.COUNTER)
        assert not re.search(r"_(ms|kb|mb|percent|minutes)\b", family.name)
        assert not {"pid", "name", "path", "executable"} & {name for s in family.samples for name, _ in s.labels}


def test_label_values_cannot_break_out() -> None:
    """A label with quotes and line feeds is one label, and is shown safely."""
    family = Family("daemoneye_x", Kind.GAUGE, "x", (Sample(1, (("l", 'a"} 9\n# \\ \x1b\udcff'),)),))
    (sample,) = _samples(render([family]))
    assert sample.labels == {"l": 'a"} 9\\x0a# \\ \\x1b\\xff'}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (True, "1"),
        (0.5, "0.5"),
        (1e300, "1e+300"),
        (float("nan"), "NaN"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    """Whole numbers have no point, and what is no number has its name."""
    assert number(value) == text


@pytest.mark.parametrize(
    "family", [("Bad-Name", Kind.GAUGE, ()), ("x", Kind.GAUGE, (("a b", ""),)), ("x", Kind.COUNTER, ())]
)
def test_a_wrong_name_is_a_mistake(family: tuple[str, Kind, tuple[tuple[str, str], ...]]) -> None:
    """A name that Prometheus would refuse is refused where it is made."""
    name, kind, labels = family
    with pytest.raises(ValueError, match=r"expected|ends in"):
        Family(name, kind, "help", (Sample(1, labels),))

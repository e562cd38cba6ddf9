"""What the gateway counts, as Prometheus reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from daemoneye.gateway.meter import Meter
from daemoneye.gateway.notebook import Notebook
from daemoneye.messages.hashing import HashingState
from daemoneye.messages.integrity import IntegrityState
from daemoneye.messages.observation import Occupancy
from daemoneye.model.reports import HashingReport, IntegrityReport
from daemoneye.model.status import AlertFileReport, ClientsReport, JournalReport, StreamReport
from daemoneye.outputs.tallies import Sink
from tests.fakes.doorstep import report, scanned

if TYPE_CHECKING:
    from daemoneye.gateway.notebook import Told

CLIENTS = ClientsReport(connected=2, admitted=9, dropped=(("crowd", 3), ("frame", 1)))
JOURNAL = JournalReport(
    streams=(StreamReport(name="alerts", last=5, kept=4),),
    disk_bytes=4096,
    recorded=7,
    waiting=1,
    refused=(("malformed", 2),),
    alert_file=AlertFileReport(path="/a", written=5),
)


def notebook(*told: Told, journal: JournalReport | None = JOURNAL) -> Notebook:
    notebook = Notebook()
    notebook.journal = journal
    for each in told:
        notebook.note(each)
    return notebook


def text(meter: Meter, told: Notebook, *sinks: Sink) -> str:
    return meter.text(told.status(report(1), pid=1, version="1.2", clients=CLIENTS), 16, told, sinks)


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and the first label, as a real parser finds them."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_known_at_once_is_told_before_the_first_look() -> None:
    """And nothing is made up."""
    found = samples(text(Meter(), notebook()))
    assert found["daemoneye_build_info", "1.2"] == 1
    assert found["daemoneye_state", "degraded"] == 1
    assert found["daemoneye_child_restarts_total", "collector"] == 3
    assert ("daemoneye_processes", "") not in found
    assert not any(name.startswith("daemoneye_enumeration") for name, _ in found)


def test_looks_are_counted() -> None:
    """Each with its duration and its reads."""
    meter = Meter()
    told = scanned()
    for number in range(3):
        meter.scanned(replace(told, scan=number, coverage=replace(told.coverage, came_and_went_at_most=2)))
    found = samples(text(meter, notebook(told)))
    assert found["daemoneye_enumeration_duration_seconds_count", ""] == 3
    assert found["daemoneye_enumeration_duration_seconds_sum", ""] == 0.75
    assert found["daemoneye_process_reads_total", "full"] == 6
    assert found["daemoneye_process_reads_total", "partial"] == 3
    assert found["daemoneye_process_starts_unobserved_total", ""] == 6
    assert found["daemoneye_processes", ""] == 3
    assert found["daemoneye_scan_timestamp_seconds", ""] == 1_700_000_001.0
    assert found["daemoneye_collector_shed_total", "scanned"] == 2


def test_a_look_that_was_not_possible_has_no_duration() -> None:
    """Its coverage is an earlier one's, and is not counted twice."""
    meter = Meter()
    meter.scanned(replace(scanned(), failed=1))
    assert not any(name.startswith("daemoneye_enumeration") for name, _ in samples(text(meter, notebook())))


def test_everything_bounded_has_its_three_numbers() -> None:
    """Under a name that Prometheus takes, whatever it is called."""
    meter = Meter()
    meter.scanned(
        replace(scanned(), occupancies=(Occupancy(name="Pending requests", entries=1, capacity=5, evictions=2),))
    )
    found = samples(text(meter, notebook()))
    for name, entries, capacity, evictions in (("pending_requests", 1, 5, 2), ("ipc_clients", 2, 16, 3)):
        assert found[f"daemoneye_{name}_entries", ""] == entries
        assert found[f"daemoneye_{name}_capacity", ""] == capacity
        assert found[f"daemoneye_{name}_evictions_total", ""] == evictions


def test_clients_and_the_journal_are_in_it() -> None:
    """An alarm can be put on a record that does not record."""
    found = samples(text(Meter(), notebook()))
    assert found["daemoneye_ipc_clients_admitted_total", ""] == 9
    assert found["daemoneye_ipc_clients_dropped_total", "frame"] == 1
    assert found["daemoneye_journal_up", ""] == 1
    assert found["daemoneye_journal_records", "alerts"] == 4
    assert found["daemoneye_journal_sequence", "alerts"] == 5
    assert found["daemoneye_journal_refused_total", "malformed"] == 2
    assert found["daemoneye_sink_sent_total", "jsonl"] == 5
    failing = replace(JOURNAL, trouble="disk_full", alert_file=AlertFileReport(trouble="disk_full"))
    found = samples(text(Meter(), notebook(journal=failing)))
    assert (found["daemoneye_journal_up", ""], found["daemoneye_sink_up", "jsonl"]) == (0, 0)


def test_the_file_of_metrics_tells_of_itself() -> None:
    """To whoever asks over the socket."""
    sink = Sink(name="textfile", up=False, sent=3, lost=1, last_success_ms=1000)
    found = samples(text(Meter(), notebook(journal=None), sink))
    assert found["daemoneye_sink_up", "textfile"] == 0
    assert found["daemoneye_sink_last_success_timestamp_seconds", "textfile"] == 1


def test_digests_and_verdicts_are_in_it() -> None:
    """An alarm can be put on programs that nobody looks at, and on trust that nobody writes down."""
    hashing = HashingReport(
        files=(("hashed", 5), ("too_large", 1)),
        bytes_read=4096,
        waiting=2,
        share=0.5,
        degraded=(("permission", 3),),
        quarantined=1,
        bounded=(("hash_cache", 5, 10, 1),),
    )
    integrity = IntegrityReport(
        alerts=(("integrity.fileless", "high", 2),),
        suppressed=4,
        degraded=(("digests", "permission", 3),),
        waiting=6,
        bounded=(("baselines", 7, 10_000, 0),),
        trouble="no room",
    )
    told = notebook(HashingState(number=1, report=hashing), IntegrityState(number=2, report=integrity))
    found = samples(text(Meter(), told))
    assert found["daemoneye_hash_bytes_total", ""] == 4096
    assert found["daemoneye_hash_files_total", "too_large"] == 1
    assert found["daemoneye_hash_cache_evictions_total", ""] == 1
    assert found["daemoneye_hash_rate_share", ""] == 0.5
    assert found["daemoneye_alerts_total", "integrity.fileless"] == 2
    assert found["daemoneye_alerts_suppressed_total", ""] == 4
    assert found["daemoneye_coverage_degraded", "digests"] == 3
    assert found["daemoneye_baselines_capacity", ""] == 10_000
    assert (found["daemoneye_hash_store_up", ""], found["daemoneye_baseline_store_up", ""]) == (1, 0)


def test_what_has_not_told_of_itself_yet_is_absent() -> None:
    """No digest is not the same as nobody to make one."""
    found = samples(text(Meter(), notebook()))
    assert not any(name.startswith(("daemoneye_hash", "daemoneye_alerts", "daemoneye_base")) for name, _ in found)

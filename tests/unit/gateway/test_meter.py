"""What the gateway counts, as Prometheus reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from daemoneye.gateway import tellings
from daemoneye.gateway.meter import Meter
from daemoneye.messages.observation import Occupancy
from daemoneye.model.agent import AlertFileReport, ClientsReport, JournalReport, Status, StreamReport
from daemoneye.outputs.tallies import Sink
from tests.fakes.doorstep import report, scanned

if TYPE_CHECKING:
    from daemoneye.messages.observation import Scanned

CLIENTS = ClientsReport(connected=2, admitted=9, dropped=(("crowd", 3), ("frame", 1)))
JOURNAL = JournalReport(
    streams=(StreamReport(name="alerts", last=5, kept=4),),
    disk_bytes=4096,
    recorded=7,
    waiting=1,
    refused=(("malformed", 2),),
    alert_file=AlertFileReport(path="/a", written=5),
)


def status(told: Scanned | None = None, journal: JournalReport | None = JOURNAL) -> Status:
    return tellings.status(report(1), pid=1, version="1.2", scanned=told, clients=CLIENTS, journal=journal)


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and the first label, as a real parser finds them."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_known_at_once_is_told_before_the_first_look() -> None:
    """And nothing is made up."""
    found = samples(Meter().text(status(), 16))
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
    found = samples(meter.text(status(told), 16))
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
    assert not any(name.startswith("daemoneye_enumeration") for name, _ in samples(meter.text(status(), 16)))


def test_everything_bounded_has_its_three_numbers() -> None:
    """Under a name that Prometheus takes, whatever it is called."""
    meter = Meter()
    meter.scanned(
        replace(scanned(), occupancies=(Occupancy(name="Pending requests", entries=1, capacity=5, evictions=2),))
    )
    found = samples(meter.text(status(), 16))
    for name, entries, capacity, evictions in (("pending_requests", 1, 5, 2), ("ipc_clients", 2, 16, 3)):
        assert found[f"daemoneye_{name}_entries", ""] == entries
        assert found[f"daemoneye_{name}_capacity", ""] == capacity
        assert found[f"daemoneye_{name}_evictions_total", ""] == evictions


def test_clients_and_the_journal_are_in_it() -> None:
    """An alarm can be put on a record that does not record."""
    found = samples(Meter().text(status(), 16))
    assert found["daemoneye_ipc_clients_admitted_total", ""] == 9
    assert found["daemoneye_ipc_clients_dropped_total", "frame"] == 1
    assert found["daemoneye_journal_up", ""] == 1
    assert found["daemoneye_journal_records", "alerts"] == 4
    assert found["daemoneye_journal_sequence", "alerts"] == 5
    assert found["daemoneye_journal_refused_total", "malformed"] == 2
    assert found["daemoneye_sink_sent_total", "jsonl"] == 5
    failing = replace(JOURNAL, trouble="disk_full", alert_file=AlertFileReport(trouble="disk_full"))
    found = samples(Meter().text(status(journal=failing), 16))
    assert (found["daemoneye_journal_up", ""], found["daemoneye_sink_up", "jsonl"]) == (0, 0)


def test_the_file_of_metrics_tells_of_itself() -> None:
    """To whoever asks over the socket."""
    sink = Sink(name="textfile", up=False, sent=3, lost=1, last_success_ms=1000)
    found = samples(Meter().text(status(journal=None), 16, [sink]))
    assert found["daemoneye_sink_up", "textfile"] == 0
    assert found["daemoneye_sink_last_success_timestamp_seconds", "textfile"] == 1

"""Every metric, with its name, unit and meaning. What is not known is left out; nothing has a label per process.

Names that begin with ``process_`` are avoided: the node exporter, which may read this from a file, has its own.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from daemoneye.outputs.exposition import Family, Kind, Sample, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.model.coverage import Coverage
    from daemoneye.model.status import ClientsReport, HashingStatus, IntegrityStatus, JournalReport, ScanReport, Status
    from daemoneye.outputs.tallies import Counts, Distribution, Filling, Sink, Tallies

_STATES: Final = ("starting", "running", "degraded", "stopping")


def families(status: Status, tallies: Tallies) -> tuple[Family, ...]:
    return (
        *_of_agent(status),
        *_of_config(status),
        *_of_children(status),
        *(_of_coverage(status.coverage) if status.coverage else ()),
        *(_of_scan(status.scan) if status.scan else ()),
        *(_of_clients(status.clients) if status.clients else ()),
        *(_of_journal(status.journal) if status.journal else ()),
        *_of_counts(tallies),
        *(_of_hashing(status.hashing) if status.hashing else ()),
        *(_of_integrity(status.integrity) if status.integrity else ()),
        *_of_fillings(tallies.fillings),
        *_of_sinks(tallies.sinks),
    )


def _of_agent(status: Status) -> Iterable[Family]:
    states = tuple(Sample(status.state == state, (("state", state),)) for state in _STATES)
    yield _gauge("build_info", "The version that runs; always 1.", Sample(1, (("version", status.version),)))
    yield _gauge("state", "1 for the state the agent is in.", *states)
    yield _gauge("uptime_seconds", "Since the start of the main process.", Sample(status.uptime_s))
    yield _counter("trees", "Trees of processes started, the first one included.", Sample(status.tree))


def _of_config(status: Status) -> Iterable[Family]:
    if config := status.config:
        digest = (("sha256", config.sha256 or ""),)
        yield _gauge("config_info", "The settings in force; always 1.", Sample(1, digest))
        yield _gauge("config_generation", "How often settings were taken.", Sample(config.generation))
        loaded = Sample(config.loaded_at_ms / 1000)
        yield _gauge("config_last_reload_success_timestamp_seconds", "When these settings were loaded.", loaded)
    if reload := status.reload:
        good = Sample(reload.result in {"none", "accepted"})
        yield _gauge("config_last_reload_successful", "0 if the last settings offered were not taken.", good)


def _of_children(status: Status) -> Iterable[Family]:
    told = [(child, (("child", child.name),)) for child in status.children]
    up = (Sample(child.healthy, name) for child, name in told)
    ages = (Sample(child.heartbeat_age_s, name) for child, name in told if child.heartbeat_age_s is not None)
    uptimes = (Sample(child.uptime_s, name) for child, name in told if child.uptime_s is not None)
    restarts = (Sample(child.restarts, name) for child, name in told)
    yield _gauge("child_up", "1 while the child does its work.", *up)
    yield _counter("child_restarts", "Restarts of the child, planned or not.", *restarts)
    yield _gauge("child_uptime_seconds", "Since the child was last started.", *uptimes)
    yield _gauge("child_heartbeat_age_seconds", "Since the child last said that it works.", *ages)


def _of_coverage(coverage: Coverage) -> Iterable[Family]:
    missed = {name: getattr(coverage, name) for name in ("vanished", "malformed", "timeout", "refused")}
    yield _gauge("processes", "Processes seen by the last scan.", Sample(coverage.seen))
    yield _gauge("processes_fully_read", "Those of which nothing is missing.", Sample(coverage.fully_read))
    yield _by("processes_partly_read", "Those of which something is missing.", "reason", coverage.partly_read_by_reason)
    yield _gauge("kernel_threads", "Those that are the kernel's own.", Sample(coverage.kernel_threads))
    yield _by("processes_missed", "Listed, and not to be shown.", "reason", tuple(missed.items()))
    hashed = _known(coverage.hashed)
    yield _gauge("processes_hashed", "Those whose executable has a digest.", *hashed)
    if hashed:
        yield _by("processes_not_hashed", "Those that have none.", "reason", coverage.not_hashed_by_reason)
    yield _gauge("processes_hidden", "1 if those of other accounts are not even listed.", Sample(coverage.hidden))


def _of_scan(scan: ScanReport) -> Iterable[Family]:
    yield _gauge("scan_timestamp_seconds", "When the last scan was.", Sample(scan.at_ms / 1000))
    yield _gauge("scan_failures", "Scans in a row that were not possible.", Sample(scan.failed))
    yield _totals("collector_shed", "What the collector dropped or turned away.", "what", scan.shed)


def _of_clients(clients: ClientsReport) -> Iterable[Family]:
    yield _counter("ipc_clients_admitted", "Clients let in.", Sample(clients.admitted))
    yield _totals("ipc_clients_dropped", "Clients turned away or disconnected.", "reason", clients.dropped)


def _of_journal(journal: JournalReport) -> Iterable[Family]:
    kept = tuple((stream.name, stream.kept) for stream in journal.streams)
    last = tuple((stream.name, stream.last) for stream in journal.streams)
    yield _gauge("journal_up", "1 while what happens is recorded.", Sample(not journal.trouble))
    yield _gauge("journal_bytes", "The record on the disk.", Sample(journal.disk_bytes))
    yield _by("journal_records", "Entries in the record.", "stream", kept)
    yield _by("journal_sequence", "The number of the newest entry.", "stream", last)
    yield _counter("journal_recorded", "Entries recorded.", Sample(journal.recorded))
    yield _counter("journal_pruned", "Entries given up to stay within the limits.", Sample(journal.pruned))
    yield _gauge("journal_waiting", "Entries that wait until it can be written.", Sample(journal.waiting))
    yield _totals("journal_refused", "Entries that are none, by reason.", "reason", journal.refused)
    yield _totals("journal_dropped", "Entries lost because too many were waiting.", "lane", journal.dropped)


def _of_counts(tallies: Tallies) -> Iterable[Family]:
    if tallies.enumerations:
        yield _histogram("enumeration_duration_seconds", "How long a scan took.", tallies.enumerations)
    yield _totals("process_reads", "Processes read, by result.", "result", tallies.process_reads)
    unobserved = _known(tallies.starts_unobserved)
    yield _counter("process_starts_unobserved", "Started and gone between scans, at most.", *unobserved)
    yield _counter("hash_bytes", "Bytes read to make digests.", *_known(tallies.hash_bytes))
    yield _totals("hash_files", "Files that were to be hashed.", "result", tallies.hash_files)
    alerts = (Sample(count, (("rule", rule), ("severity", severity))) for rule, severity, count in tallies.alerts)
    yield _counter("alerts", "Alerts recorded.", *alerts)
    suppressed = _known(tallies.alerts_suppressed)
    yield _counter("alerts_suppressed", "Findings like one that had just been told.", *suppressed)
    lacking = (Sample(count, (("cause", cause), ("reason", reason))) for cause, reason, count in tallies.degraded)
    yield _gauge("coverage_degraded", "What is not looked at that should be.", *lacking)


def _of_hashing(hashing: HashingStatus) -> Iterable[Family]:
    yield _gauge("hash_store_up", "1 while what is known of files is kept.", Sample(not hashing.trouble))
    yield _gauge("hash_waiting", "Files that wait to be read.", Sample(hashing.waiting))
    yield _gauge("hash_rate_share", "Of the rate that the settings allow.", Sample(hashing.share))
    yield _gauge("hash_quarantined", "Files that are not read any more.", Sample(hashing.quarantined))
    yield _by("hash_files_missing", "Files whose digests are due and cannot be had.", "reason", hashing.degraded)


def _of_integrity(integrity: IntegrityStatus) -> Iterable[Family]:
    yield _gauge("baseline_store_up", "1 while what is trusted is kept.", Sample(not integrity.trouble))
    yield _gauge("integrity_waiting", "Programs about which an answer is awaited.", Sample(integrity.waiting))


def _of_fillings(fillings: Iterable[Filling]) -> Iterable[Family]:
    for each in fillings:
        yield _gauge(f"{each.name}_entries", f"What is in {each.name} now.", Sample(each.entries))
        yield _gauge(f"{each.name}_capacity", f"What fits into {each.name}.", Sample(each.capacity))
        yield _counter(f"{each.name}_evictions", f"What {each.name} had to let go.", Sample(each.evictions))


def _of_sinks(sinks: Iterable[Sink]) -> Iterable[Family]:
    told = [(sink, (("sink", sink.name),)) for sink in sinks]
    successes = ((sink.last_success_ms, name) for sink, name in told)
    yield _gauge("sink_up", "1 while what is recorded gets out here.", *(Sample(sink.up, name) for sink, name in told))
    yield _counter("sink_sent", "Records taken by the other side.", *(Sample(sink.sent, name) for sink, name in told))
    yield _counter("sink_retries", "Records sent again.", *(Sample(sink.retries, name) for sink, name in told))
    yield _counter("sink_lost", "Copies that were not taken.", *(Sample(sink.lost, name) for sink, name in told))
    taken = (Sample(at_ms / 1000, name) for at_ms, name in successes if at_ms is not None)
    yield _gauge("sink_last_success_timestamp_seconds", "When something was last taken.", *taken)


def _gauge(name: str, meaning: str, *samples: Sample) -> Family:
    return Family(f"daemoneye_{name}", Kind.GAUGE, meaning, samples)


def _counter(name: str, meaning: str, *samples: Sample) -> Family:
    return Family(f"daemoneye_{name}_total", Kind.COUNTER, meaning, samples)


def _by(name: str, meaning: str, label: str, counts: Counts) -> Family:
    return _gauge(name, meaning, *(Sample(count, ((label, value),)) for value, count in counts))


def _totals(name: str, meaning: str, label: str, counts: Counts) -> Family:
    return _counter(name, meaning, *(Sample(count, ((label, value),)) for value, count in counts))


def _histogram(name: str, meaning: str, seen: Distribution) -> Family:
    totals = tuple(accumulate(seen.counts))
    bounds = (*(number(bound) for bound in seen.bounds), "+Inf")
    buckets = (Sample(total, (("le", bound),), "_bucket") for bound, total in zip(bounds, totals, strict=True))
    sums = (Sample(seen.sum, suffix="_sum"), Sample(totals[-1], suffix="_count"))
    return Family(f"daemoneye_{name}", Kind.HISTOGRAM, meaning, (*buckets, *sums))


def _known(count: int | None) -> tuple[Sample, ...]:
    return () if count is None else (Sample(count),)

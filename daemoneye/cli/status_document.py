"""The status as JSON: every key is there, and what is not known is null, or empty where it would have parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemoneye.cli import cells, children

if TYPE_CHECKING:
    from daemoneye.model.status import SinkReport, Status


def document(status: Status) -> dict[str, Any]:
    config, reload, clients = status.config, status.reload, status.clients
    return {
        "state": status.state,
        "pid": status.pid,
        "version": status.version,
        "uptime_s": children.rounded(status.uptime_s),
        "tree": status.tree,
        "children": [children.document(child) for child in status.children],
        "coverage": status.coverage.as_json() if status.coverage else {},
        "scan": _scan(status),
        "journal": _journal(status),
        "sinks": {each.name: _sink(each) for each in status.sinks},
        "hashing": _hashing(status),
        "integrity": _integrity(status),
        "sandbox": _sandbox(status),
        "config": {
            "generation": config.generation if config else None,
            "sha256": config.sha256 if config else None,
            "loaded_at": cells.moment(config.loaded_at_ms) if config else None,
            "notes": list(config.notes) if config else [],
        },
        "reload": {
            "result": reload.result if reload else "none",
            "error": reload.error if reload else None,
            "at": cells.moment(reload.at_ms) if reload else None,
        },
        "clients": {
            "connected": clients.connected if clients else None,
            "admitted": clients.admitted if clients else None,
            "dropped": dict(clients.dropped) if clients else {},
        },
    }


def _scan(status: Status) -> dict[str, Any]:
    scan = status.scan
    if scan is None:
        return {}
    return {
        "number": scan.scan,
        "at": cells.moment(scan.at_ms),
        "duration_s": children.rounded(scan.duration_s),
        "overrun": scan.overrun,
        "failed": scan.failed,
        "shed": dict(scan.shed),
    }


def _journal(status: Status) -> dict[str, Any]:
    journal = status.journal
    if journal is None:
        return {}
    file = journal.alert_file
    return {
        "trouble": journal.trouble or None,
        "detail": journal.detail or None,
        "chain": journal.chain or None,
        "streams": {each.name: {"last": each.last, "kept": each.kept} for each in journal.streams},
        "disk_bytes": journal.disk_bytes,
        "recorded": journal.recorded,
        "pruned": journal.pruned,
        "waiting": journal.waiting,
        "refused": dict(journal.refused),
        "dropped": dict(journal.dropped),
        "alert_file": file
        and {
            "path": file.path,
            "last": file.last,
            "written": file.written,
            "trouble": file.trouble or None,
            "detail": file.detail or None,
        },
    }


def _sink(sink: SinkReport) -> dict[str, Any]:
    return {
        "state": sink.state,
        "trouble": sink.trouble or None,
        "acknowledged": sink.acknowledged,
        "set_aside": sink.set_aside,
        "retries": sink.retries,
        "behind": sink.behind,
        "last_success_at": None if sink.last_success_ms is None else cells.moment(sink.last_success_ms),
    }


def _hashing(status: Status) -> dict[str, Any]:
    hashing = status.hashing
    if hashing is None:
        return {}
    return {
        "files": dict(hashing.files),
        "bytes_read": hashing.bytes_read,
        "waiting": hashing.waiting,
        "quarantined": hashing.quarantined,
        "degraded": dict(hashing.degraded),
        "share": children.rounded(hashing.share),
        "trouble": hashing.trouble or None,
    }


def _integrity(status: Status) -> dict[str, Any]:
    integrity = status.integrity
    if integrity is None:
        return {}
    return {
        "alerts": _nested(integrity.alerts),
        "suppressed": integrity.suppressed,
        "waiting": integrity.waiting,
        "baselines": integrity.baselines,
        "degraded": _nested(integrity.degraded),
        "packages": integrity.packages or None,
        "trouble": integrity.trouble or None,
    }


def _nested(counts: tuple[tuple[str, int], ...]) -> dict[str, dict[str, int]]:
    """Two names with a stroke between them, one within the other."""
    found: dict[str, dict[str, int]] = {}
    for names, count in counts:
        outer, _, inner = names.rpartition("/")
        found.setdefault(outer, {})[inner] = count
    return found


def _sandbox(status: Status) -> dict[str, Any]:
    return {
        "ok": not status.findings,
        "findings": list(status.findings),
        "processes": [
            {
                "name": process.name,
                "pid": process.pid,
                "uid": process.uid,
                "capabilities": process.capabilities,
                "no_new_privs": process.no_new_privs,
                "landlock": process.landlock,
            }
            for process in status.sandbox
        ],
    }

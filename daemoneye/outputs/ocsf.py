"""A record in the Open Cybersecurity Schema Framework: alerts are Detection Findings, events are Process Activity.

What the schema has no attribute for is under ``unmapped``, with our names. Unlike ours, its times are milliseconds.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from daemoneye.outputs.native import ALERTS, present

if TYPE_CHECKING:
    from daemoneye.outputs.fitting import Path
    from daemoneye.outputs.native import Json
    from daemoneye.outputs.origin import Origin

VERSION: Final = "1.4.0"  # the oldest that has all attributes in here
MARK: Final[Path] = ("unmapped", "truncated")
EXPENDABLE: Final[tuple[Path, ...]] = (
    ("unmapped", "evidence"),
    ("unmapped", "before"),
    ("unmapped", "ancestors"),
    ("unmapped", "recheck"),
    ("unmapped", "process"),
    ("unmapped", "shortfall"),
    ("evidences",),
    ("process", "ancestry"),
    ("process", "cmd_line"),
    ("process", "container"),
    ("process", "working_directory"),
    ("process", "parent_process"),
    ("actor", "process", "parent_process"),
    ("actor", "process", "ancestry"),
    ("actor", "process", "container"),
    ("actor", "process", "cmd_line"),
    ("actor", "process", "working_directory"),
    ("actor", "process", "file"),
    ("actor", "process", "user"),
    ("actor", "process", "name"),
    ("process", "file"),
    ("process", "user"),
    ("process", "name"),
    ("unmapped", "suspicions"),
    ("unmapped", "fields"),
    ("finding_info", "desc"),
    ("finding_info", "analytic"),
    ("type_name",),
    ("class_name",),
    ("activity_name",),
    ("status",),
    ("message",),
    ("device", "hostname"),
    ("finding_info", "title"),
    ("finding_info", "created_time"),
    ("actor", "process", "created_time"),
    ("process", "created_time"),
    ("unmapped", "monotonic_ns"),
    ("unmapped", "boot_id"),
    ("unmapped", "run_time_s"),
    ("unmapped", "run_time_error_s"),
)


class _Activity(NamedTuple):
    number: int
    name: str


_CREATE: Final = _Activity(1, "Create")
_ACTIVITIES: Final = {
    "process.started": _Activity(1, "Launch"),
    "process.exited": _Activity(2, "Terminate"),
    "process.exec": _Activity(1, "Launch"),
    "process.modified": _Activity(99, "Modified"),
    "process.seen": _Activity(99, "Seen"),
    "process.hashed": _Activity(99, "Hashed"),
}
_SEVERITIES: Final = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
_UNMAPPED: Final = (
    *("monotonic_ns", "boot_id", "evidence", "before", "recheck", "shortfall", "suppressed"),
    *("suspicions", "fields", "run_time_s", "run_time_error_s", "truncated"),
)


def document(body: Json, sequence: int, origin: Origin) -> Json:
    """``body`` is what ``native`` made, or a journal gave back."""
    severity_id, severity = _SEVERITIES[body["severity"]]
    said: Json = {
        "time": body["wall_ms"],
        "severity_id": severity_id,
        "severity": severity,
        "message": body.get("message"),
        "metadata": {
            "version": VERSION,
            "uid": body["id"],
            "sequence": sequence,
            "event_code": body["kind"],
            "log_name": body["stream"],
            "profiles": ["host", "container"],
            "product": {"name": "daemoneye", "vendor_name": "daemoneye", "version": origin.version},
        },
        # which kind of machine it is, nobody asked: 0 is the schema's word for that
        "device": {"type_id": 0, "hostname": origin.host_name, "uid": origin.host_id},
        "unmapped": {name: body[name] for name in _UNMAPPED if name in body},
    }
    return present(said | (_finding(body) if body["stream"] == ALERTS else _process_activity(body)))


def _class(category: int, uid: int, name: str, activity: _Activity) -> Json:
    return {
        "category_uid": category,
        "class_uid": uid,
        "class_name": name,
        "activity_id": activity.number,
        "activity_name": activity.name,
        "type_uid": uid * 100 + activity.number,
        "type_name": f"{name}: {activity.name}",
    }


def _finding(body: Json) -> Json:
    rule = body["rule"]
    return _class(2, 2004, "Detection Finding", _CREATE) | {
        "is_alert": True,
        "status_id": 1,
        "status": "New",
        "finding_info": present(
            {
                "uid": body["id"],
                "title": rule["name"],
                "desc": body.get("message"),
                "created_time": body["wall_ms"],
                "types": [rule["id"]],
                "analytic": {"uid": rule["id"], "name": rule["name"], "type_id": 1, "type": "Rule"},
            }
        ),
        "evidences": _evidences(body),
    }


def _evidences(body: Json) -> list[Json]:
    """First what runs, then what lies where it came from."""
    evidence = body.get("evidence", {})
    running = _process(body.get("process", {}), body, evidence.get("file"))
    there = _file(evidence.get("path"), evidence.get("new", {}), evidence.get("file_on_disk"))
    return [{name: value} for name, value in (("process", running), ("file", there)) if value]


def _process_activity(body: Json) -> Json:
    process = _process(body["process"], body, body["process"].get("file"))
    return _class(1, 1007, "Process Activity", _ACTIVITIES[body["kind"]]) | {
        "process": process,
        "actor": {"process": _actor(body, process)},
    }


def _actor(body: Json, process: Json) -> Json:
    """Who did it: at a start the parent, of all else the process itself."""
    parent: Json = process.get("parent_process", {})
    if body["kind"] == "process.started" and parent:
        return parent
    before = body["process"] | body.get("before", {})
    return _process(before, {}, before.get("file"))


def _process(process: Json, body: Json, file: Json | None) -> Json:
    if not process:
        return {}
    args = process.get("command_line")
    chain = body.get("evidence", body).get("ancestors", [])
    return present(
        {
            "pid": process["pid"],
            "uid": process["entity_id"],
            "name": process.get("name"),
            "cmd_line": shlex.join(args) if args else None,
            "created_time": process.get("start_ms"),
            "terminated_time": body["wall_ms"] if body.get("kind") == "process.exited" else None,
            "working_directory": process.get("working_directory"),
            "user": _user(process.get("user")),
            "file": _file(process.get("executable"), body.get("hash", {}), file),
            "parent_process": _parent(process, chain),
            "ancestry": [_ancestor(link) for link in chain],
            "container": _container(
                body.get("evidence", {}).get("container") or process.get("container", {}),
            ),
        }
    )


def _parent(process: Json, chain: list[Json]) -> Json:
    pid = process.get("parent_pid")
    if chain and pid in {None, chain[0]["key"]["pid"]}:
        return _ancestor(chain[0])
    return {"pid": pid} if pid else {}


def _ancestor(link: Json) -> Json:
    return present({"pid": link["key"]["pid"], "uid": link["entity_id"], "name": link.get("name")})


def _user(user: str | None) -> Json:
    if not user:
        return {}
    return {"uid": user} if user.isdecimal() else {"name": user}


def _file(path: str | None, content: Json, identity: Json | None) -> Json:
    if not path:
        return {}
    times = {"modified_time": "mtime_ns", "size": "size", "uid": "ino"}
    known: dict[str, Any] = {name: identity[field] for name, field in times.items()} if identity else {}
    if identity:
        known |= {"modified_time": identity["mtime_ns"] // 1_000_000, "uid": f"{identity['dev']}:{identity['ino']}"}
    return present(
        # 1 is a regular file: nothing else can be executed
        {"name": posixpath.basename(path) or path, "path": path, "type_id": 1, "hashes": _hashes(content)} | known
    )


def _hashes(content: Json) -> list[Json]:
    numbers = {"sha256": (3, "SHA-256"), "ssdeep": (5, "CTPH")}
    return [
        {"algorithm_id": number, "algorithm": algorithm, "value": content[name]}
        for name, (number, algorithm) in numbers.items()
        if name in content
    ]


def _container(container: Json) -> Json:
    if "container_id" not in container:
        return {}  # the schema knows none without: what the control group says otherwise is unmapped
    return present(
        {
            "uid": container["container_id"],
            "runtime": container.get("runtime"),
            "pod_uuid": container.get("pod_uid"),
        }
    )

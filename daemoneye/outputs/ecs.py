"""A record in the Elastic Common Schema: official fields where there are any, everything else under ``daemoneye``.

Objects are nested, as in the schema's own documents; a dotted name of the documentation is a path. ``file`` is what the
path leads to now, ``process`` is what runs: of a replaced program the two differ, and that is the point.
"""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from daemoneye.model.alert import Severity
from daemoneye.outputs.native import ALERTS, present

if TYPE_CHECKING:
    from daemoneye.outputs.fitting import Path
    from daemoneye.outputs.native import Json
    from daemoneye.outputs.origin import Origin

VERSION: Final = "8.5.0"  # the oldest that has all fields in here; later ones only add
MARK: Final[Path] = ("daemoneye", "truncated")
EXPENDABLE: Final[tuple[Path, ...]] = (
    ("daemoneye", "evidence"),
    ("daemoneye", "before"),
    ("daemoneye", "ancestors"),
    ("daemoneye", "recheck"),
    ("daemoneye", "process"),
    ("process", "args"),
    ("process", "command_line"),
    ("process", "previous"),
    ("process", "parent"),
    ("process", "working_directory"),
    ("file",),
    ("container",),
    ("package",),
    ("daemoneye", "shortfall"),
    ("agent",),
    ("host",),
    ("process", "user"),
    ("process", "name"),
    ("process", "hash", "ssdeep"),
    ("process", "executable"),
    ("message",),
    ("event", "dataset"),
    ("daemoneye", "monotonic_ns"),
)

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of UTC; unaware, because it is printed with a Z
_LAST_MS: Final = 253_402_300_799_999  # the end of the year 9999: ISO 8601 has four digits
# event.category and event.type have closed lists; a category allows only some of the types.
_PROCESS_IS_MORE: Final = (["process"], ["info"])
_SORTS: Final = {
    "integrity.disk_mismatch": (["process", "file"], ["info"]),
    "integrity.binary_change": (["process", "file"], ["change"]),
    "integrity.content_changed": (["process", "file"], ["change"]),
    "integrity.restart_required": (["process", "package"], ["info"]),
    "process.started": (["process"], ["start"]),
    "process.exited": (["process"], ["end"]),
    "process.exec": (["process"], ["start"]),
    "process.modified": (["process"], ["change"]),
}
# What has its place in the schema; all else goes under ``daemoneye`` as it is.
_PLACED: Final = frozenset({"id", "stream", "kind", "wall_ms", "boot_id", "message", "rule", "hash"})
_PLACED_OF_PROCESS: Final = frozenset(
    {"pid", "entity_id", "name", "executable", "command_line", "working_directory", "user", "start_ms", "parent_pid"}
)


def document(body: Json, sequence: int, origin: Origin) -> Json:
    """``body`` is what ``native`` made, or a journal gave back."""
    process = body.get("process", {})
    evidence = body.get("evidence", {})
    said: Json = {
        "@timestamp": timestamp(body["wall_ms"]),
        "ecs": {"version": VERSION},
        "message": body.get("message"),
        "event": _event(body, sequence),
        "rule": body.get("rule"),
        "process": _process(process, body),
        "file": _file(evidence) if evidence else None,  # an event, of which there are many, has none
        "container": _container(evidence.get("container") or process.get("container")),
        "package": _some(evidence["package"], "name", "version") if "package" in evidence else None,
        "host": present(
            {
                "hostname": origin.host_name,
                "name": origin.host_name,
                "id": origin.host_id,
                "boot": {"id": body["boot_id"]},
            }
        ),
        "agent": present({"type": "daemoneye", "version": origin.version, "id": origin.host_id}),
        "daemoneye": _ours(body),
    }
    return present(said)


@lru_cache(maxsize=256)  # all that one scan has found has one time
def timestamp(wall_ms: int) -> str:
    # not fromtimestamp: a year beyond the C library's is a clock set wrong, not an error
    moment = _EPOCH + timedelta(milliseconds=max(0, min(wall_ms, _LAST_MS)))
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _ours(body: Json) -> Json:
    process = {name: value for name, value in body.get("process", {}).items() if name not in _PLACED_OF_PROCESS}
    return present({name: value for name, value in body.items() if name not in _PLACED} | {"process": process})


def _event(body: Json, sequence: int) -> Json:
    alert = body["stream"] == ALERTS
    category, type_ = _sort_of(body)
    return {
        "id": body["id"],
        "sequence": sequence,
        "severity": Severity[body["severity"].upper()].value,
        "kind": "alert" if alert else "event",
        "category": category,
        "type": type_,
        "action": body["kind"],
        "module": "daemoneye",
        "dataset": "daemoneye.alert" if alert else "daemoneye.process",
    }


def _sort_of(body: Json) -> tuple[list[str], list[str]]:
    if shortfall := body.get("shortfall"):
        return ["host"], [shortfall["phase"]]
    return _SORTS.get(body["kind"], _PROCESS_IS_MORE)


def _process(process: Json, body: Json) -> Json:
    args = process.get("command_line")
    before = body.get("before", {})
    return present(
        _some(process, "pid", "entity_id", "name", "executable", "working_directory")
        | {
            "args": args,
            "args_count": len(args) if args else None,
            "command_line": shlex.join(args) if args else None,
            "start": timestamp(process["start_ms"]) if "start_ms" in process else None,
            "end": timestamp(body["wall_ms"]) if body["kind"] == "process.exited" else None,
            "user": _user(process.get("user")),
            "parent": _parent(process, body),
            "previous": before and _previous(before),
            "hash": _some(body["hash"], "sha256", "ssdeep") if "hash" in body else None,
        }
    )


def _previous(before: Json) -> Json:
    return present({"args": before.get("command_line"), "executable": before.get("executable")})


def _user(user: str | None) -> Json:
    if not user:
        return {}
    return {"id": user} if user.isdecimal() else {"name": user}


def _parent(process: Json, body: Json) -> Json:
    """The chain has names for the parent, if its first link is still the one that the kernel calls so."""
    pid = process.get("parent_pid")
    chain = body.get("evidence", body).get("ancestors", [])
    if not chain or pid not in {None, chain[0]["key"]["pid"]}:
        return present({"pid": pid})
    link = chain[0]
    return {"pid": link["key"]["pid"]} | present(
        {"entity_id": link["entity_id"], "name": link.get("name"), "executable": link.get("executable_path")}
    )


def _file(evidence: Json) -> Json:
    there = evidence.get("file_on_disk", {})
    return present(
        {
            "path": evidence.get("path"),
            "inode": str(there["ino"]) if there else None,
            "device": str(there["dev"]) if there else None,
            "size": there.get("size"),
            "mtime": timestamp(there["mtime_ns"] // 1_000_000) if there else None,
            "ctime": timestamp(there["ctime_ns"] // 1_000_000) if there else None,
            "hash": _some(evidence.get("new", {}), "sha256", "ssdeep"),
        }
    )


def _container(container: Json | None) -> Json | None:
    return container and present({"id": container.get("container_id"), "runtime": container.get("runtime")})


def _some(said: Json, *names: str) -> dict[str, Any]:
    return {name: said[name] for name in names if name in said}

r"""Alerts and events as plain JSON values, with our own names: what the journal keeps and other formats are made of.

What is not known is absent. Texts of the host are unchanged but for what UTF-8 cannot carry, which becomes ``\xNN``.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from daemoneye.model.alert import Severity
from daemoneye.model.event import Exec, Exited, Hashed, Modified, Seen, Started
from daemoneye.model.open_enum import OpenEnum
from daemoneye.sanitize.hostile import decodable

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.model.alert import Alert, Content
    from daemoneye.model.event import Recordable
    from daemoneye.model.observation import Machine, Observation

Json: TypeAlias = dict[str, Any]

SCHEMA: Final = 1  # of these names; readers of old journals will meet old ones
ALERTS: Final = "alerts"
EVENTS: Final = "events"

_KINDS: Final[dict[type[Recordable], str]] = {
    Started: "process.started",
    Exited: "process.exited",
    Exec: "process.exec",
    Modified: "process.modified",
    Seen: "process.seen",
    Hashed: "process.hashed",
}
_VERBS: Final[dict[type[Recordable], str]] = {
    Started: "started",
    Exited: "ended",
    Exec: "executed another program",
    Modified: "changed",
    Seen: "was there",
    Hashed: "has a digest",
}


def of_alert(alert: Alert) -> Json:
    said: Json = plain(alert)
    rule = {"id": said.pop("rule"), "name": alert.rule.headline}
    return {"schema": SCHEMA, "stream": ALERTS, "kind": rule["id"], "rule": rule} | said


def of_event(event: Recordable, *, id: str, machine: Machine, hash: Content | None = None) -> Json:  # noqa: A002 - the names of the record
    """``id`` is a UUID; ``hash`` is of the running image, where it is known by now."""
    said = {
        "schema": SCHEMA,
        "stream": EVENTS,
        "kind": _KINDS[type(event)],
        "id": id,
        "severity": Severity.INFO.word,
        "wall_ms": event.detected_ms,
        "monotonic_ns": round(event.detected_monotonic_s * 1e9),
        "boot_id": machine.boot_id,
        "message": _sentence(event),
        "process": _process(event.observation, machine) | {"entity_id": event.entity_id},
        "hash": plain(hash),
        "ancestors": plain(event.ancestors),
    }
    return present(said | _particulars(event))


def _sentence(event: Recordable) -> str:
    facts = event.observation.facts
    of = f": {facts.executable_path}" if facts.executable_path else ""
    return decodable(f"{facts.name} (pid {event.key.pid}) {_VERBS[type(event)]}{of}")


def _particulars(event: Recordable) -> Json:
    match event:
        case Started():
            return {"suspicions": plain(event.suspicions)}
        case Exited():
            return {"run_time_s": event.run_time_s, "run_time_error_s": event.run_time_error_s}
        case Exec():
            return {"suspicions": plain(event.suspicions), "before": _image(event.before)}
        case Modified():
            return {"fields": plain(event.fields), "before": _image(event.before) | _standing(event.before)}
        case Seen():
            return {"ancestors": None}  # they are all seen at the same moment
        case Hashed():
            return {}
        case _:
            assert_never(event)


def _process(observation: Observation, machine: Machine) -> Json:
    sample = observation.sample
    credentials = observation.facts.credentials
    return present(
        {
            "pid": sample.pid,
            "start_ticks": sample.start_ticks,
            "start_ms": round(machine.start_time_s(sample.start_ticks) * 1000),
            "user": None if credentials is None else str(credentials.ruid),
            "kernel_thread": sample.kernel_thread,
        }
        | _image(observation)
        | _standing(observation)
    )


def _image(observation: Observation) -> Json:
    facts = observation.facts
    return present(
        {
            "name": plain(facts.name),
            "executable": plain(facts.executable_path),
            "command_line": plain(facts.command_line),
            "on_disk": facts.on_disk.label,
            "file": plain(facts.executable_file),
        }
    )


def _standing(observation: Observation) -> Json:
    """Tell what a process can change while it stays what it is."""
    sample, facts = observation
    unread = {name for name, _ in facts.unread}  # of these the sample has a zero that means nothing
    numbers = {"parent_pid": "ppid", "session": "session", "process_group": "process_group"}
    told = {name: getattr(sample, field) for name, field in numbers.items() if field not in unread}
    return told | present(
        {
            "working_directory": plain(facts.cwd),
            "root": plain(facts.root),
            "tty": plain(facts.tty),
            "login_uid": facts.login_uid,
            "credentials": plain(facts.credentials),
            "container": plain(facts.linux.container) if facts.linux else None,
        }
    )


def present(said: Json) -> Json:
    """Leave out what is empty or not known; no and nought are answers."""
    return {name: value for name, value in said.items() if value or value == 0}


def plain(value: Any) -> Any:
    """Turn any noun into JSON values; of a noun, what is empty or not known is left out."""
    return _BY_TYPE.get(type(value), _of_other)(value)


def _of_text(text: str) -> str:
    return text if text.isascii() else decodable(text)


def _of_tuple(values: tuple[Any, ...]) -> Any:
    if values and all(type(pair) is tuple and len(pair) == 2 for pair in values):
        return {plain(name): plain(value) for name, value in values}  # a table, the way nouns have them
    return [plain(value) for value in values]


def _of_other(value: Any) -> Any:
    if isinstance(value, OpenEnum):
        return value.label
    if isinstance(value, Severity):
        return value.word
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    kind: type = type(value)
    return present({name: plain(getattr(value, name)) for name in _fields_of(kind)})


@cache
def _fields_of(noun: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(noun) if each.name != "unknown")


def _itself(value: Any) -> Any:
    return value


_BY_TYPE: Final[dict[type, Callable[[Any], Any]]] = {
    str: _of_text,
    tuple: _of_tuple,
    int: _itself,
    float: _itself,
    bool: _itself,
    type(None): _itself,
}

"""Checks documents against what is written down of two official schemas in tests/data."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATA = Path(__file__).parents[1] / "data"
ECS: dict[str, Any] = json.loads((_DATA / "ecs/fields-8.5.json").read_text())
OCSF: dict[str, Any] = json.loads((_DATA / "ocsf/schema-1.4.json").read_text())

_WORDS = {"keyword", "text", "wildcard", "ip"}


def ecs_faults(document: dict[str, Any]) -> list[str]:
    faults = [f"{name}: missing" for name in ("@timestamp", "ecs") if name not in document]
    for name, value in _leaves(document):
        if not name.startswith("daemoneye."):
            faults += _field_faults(name, value)
    event = document["event"]
    if event["kind"] not in ECS["event.kind"]:
        faults.append(f"event.kind: {event['kind']}")
    allowed = {type_ for category in event["category"] for type_ in ECS["expected_types"].get(category, [])}
    return faults + [f"event.type: {type_}" for type_ in event["type"] if type_ not in allowed]


def _leaves(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _field_faults(name: str, value: Any) -> list[str]:
    kind = ECS["fields"].get(name)
    if kind is None:
        return [f"{name}: not a field of the schema"]
    if isinstance(value, list) != (name in ECS["arrays"]):
        return [f"{name}: {value!r}: a list, or not"]
    each = value if isinstance(value, list) else [value]
    return [f"{name}: {item!r}: expected {kind}" for item in each if not _is(kind, item)]


def _is(kind: str, value: Any) -> bool:
    if kind == "date":
        return bool(datetime.fromisoformat(value)) and value.endswith("Z")
    if kind == "long":
        return type(value) is int and -(2**63) <= value < 2**63
    return isinstance(value, str) if kind in _WORDS else False


def ocsf_faults(event: dict[str, Any]) -> list[str]:
    uid = event["class_uid"]
    faults = _object_faults(str(uid), OCSF["classes"][str(uid)], event)
    if event["type_uid"] != uid * 100 + event["activity_id"] or event["category_uid"] != uid // 1000:
        faults.append("type_uid or category_uid: does not follow from class and activity")
    if event["metadata"]["version"] != OCSF["version"]:
        faults.append("metadata.version")
    return faults


def _object_faults(name: str, definition: dict[str, Any], value: dict[str, Any]) -> list[str]:
    faults = [f"{name}.{each}: required" for each in definition["required"] if each not in value]
    if definition["at_least_one"] and not set(definition["at_least_one"]) & value.keys():
        faults.append(f"{name}: none of {definition['at_least_one']}")
    for attribute, item in value.items():
        kind = definition["attributes"].get(attribute)
        faults += _attribute_faults(name, attribute, kind, item) if kind else [f"{name}.{attribute}: does not exist"]
    return faults


def _attribute_faults(name: str, attribute: str, kind: str, value: Any) -> list[str]:
    if kind.startswith("["):
        inner = kind[1:-1]
        return [fault for item in value for fault in _attribute_faults(name, attribute, inner, item)]
    if kind in OCSF["objects"]:
        return _object_faults(kind, OCSF["objects"][kind], value)
    if kind == "unmapped":
        return [] if isinstance(value, dict) else [f"{name}.{attribute}: no object"]
    right = {"string": str, "integer": int, "timestamp": int, "boolean": bool}[kind]
    allowed = OCSF["enums"].get(f"{name}.{attribute}", OCSF["enums"].get(attribute))
    if type(value) is not right or (allowed and value not in allowed):
        return [f"{name}.{attribute}: {value!r}"]
    return []

"""The settings as JSON Schema, so that an editor completes keys and marks mistakes while they are typed.

It is a help, and ``config check`` is the judge: ranges of durations and sizes do not fit a pattern, two rules of one
name do not fit at all. What the schema refuses, the program refuses; not the other way round.
"""

from __future__ import annotations

from typing import Any, Final

from daemoneye.settings.keys import Key, Section
from daemoneye.settings.model import TABLE


def _demand(given: dict[str, Any], needed: dict[str, Any]) -> dict[str, Any]:
    return {
        "if": {"properties": given, "required": list(given)},
        "then": {"properties": needed, "required": list(needed)},
    }


# what ``agreement`` demands, as far as one file can show it
_ENABLED: Final = {"enabled": {"const": True}}
_CERT: Final = {"cert_file": {"minLength": 1}}
_KEY: Final = {"key_file": {"minLength": 1}}
_DEMANDS: Final = {
    "outputs.relp": [_demand(_ENABLED, {"host": {"minLength": 1}})],
    "outputs.nats": [_demand(_ENABLED, {"servers": {"minItems": 1}})],
    "outputs.relp.tls": [_demand(_CERT, _KEY), _demand(_KEY, _CERT)],
    "outputs.nats.tls": [_demand(_CERT, _KEY), _demand(_KEY, _CERT)],
}


def schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of daemoneye",
        **_section(TABLE),
        "type": ["object", "null"],  # a file may say nothing
        "patternProperties": {"^x-": {"description": "Yours: ignored here."}},
    }


def _section(section: Section) -> dict[str, Any]:
    about = {"description": section.means} if section.means else {}
    return {
        **about,
        "type": "object",
        "properties": {name: _member(member) for name, member in section.members.items()},
        "additionalProperties": False,
        **({"allOf": _DEMANDS[section.name]} if section.name in _DEMANDS else {}),
    }


def _member(member: Key | Section) -> dict[str, Any]:
    if isinstance(member, Section):
        return _section(member)
    description = f"{member.means} {member.because} Expected: {member.kind.expected}."
    return {"description": description, "default": member.spelled, **member.kind.schema()}

"""Nouns as plain JSON values and back, with the field names of ``proto/``.

What is absent is not known. Numbers stay numbers, 64-bit ones too; an enumeration is its label; a map is an object;
numbers that JSON has no digits for are "NaN", "Infinity" and "-Infinity", as in protobuf's own JSON. Fields of a newer
release are base64 under ``unknown``, so that nothing is lost on the way back.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode, b64encode
from functools import cache
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, TypeVar

from daemoneye.model.process import OnDisk, ProcessRecord
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.errors import MessageError
from daemoneye.wire.shape import Count, shape_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from daemoneye.model.open_enum import OpenEnum
    from daemoneye.wire.shape import Field

Json = dict[str, Any]
N = TypeVar("N", bound="DataclassInstance")

_UNNAMED = re.compile(r"unrecognised_(-?[0-9]{1,10})", re.IGNORECASE)  # how OpenEnum labels a number of a newer release
_INT32 = range(-(2**31), 2**31)  # what protobuf has for an enumeration
_HALF = re.compile("[\ud800-\udfff]")  # JSON can spell one, UTF-8 cannot
_BEYOND_DIGITS = ("NaN", "Infinity", "-Infinity")


def to_json(value: DataclassInstance) -> Json:
    return _form(value, _not_known(value) if isinstance(value, ProcessRecord) else frozenset())


def _form(value: DataclassInstance, unsaid: frozenset[str]) -> Json:
    form: Json = {}
    for field in shape_of(type(value)).fields:
        found = getattr(value, field.name)
        if found is not None and not (field.name in unsaid and found == field.default):
            below = f"{field.name}."
            form[field.name] = _out(
                field, found, frozenset(n.removeprefix(below) for n in unsaid if n.startswith(below))
            )
    if unknown := getattr(value, "unknown", b""):
        form["unknown"] = b64encode(unknown).decode()
    return form


def from_json(noun: type[N], form: object) -> N:
    """The noun, or a ``MessageError`` that names the field. It goes through protobuf, which has the last word."""
    try:
        return decode(noun, encode(_noun(noun, form)))
    except (ValueError, TypeError) as error:
        raise MessageError(f"{noun.__name__}: {str(error)[:200]}: expected the JSON form of proto/") from error


def _not_known(record: ProcessRecord) -> frozenset[str]:
    """Fields whose zero would be read as an answer. ``on_disk`` has a word of its own for not knowing."""
    names = {name for name, _ in record.unread}
    if record.on_disk is OnDisk.UNKNOWN:
        names |= {"file_exists", "on_disk_mismatch"}
    return frozenset(names - {"on_disk"})


def _out(field: Field, value: Any, unsaid: frozenset[str]) -> Any:
    match field.count:
        case Count.MAP:
            return {key: _one_out(field, item, unsaid) for key, item in value}
        case Count.LIST:
            return [_one_out(field, item, unsaid) for item in value]
        case Count.ONE:
            return _one_out(field, value, unsaid)


def _one_out(field: Field, value: Any, unsaid: frozenset[str]) -> Any:
    if field.noun:
        return _form(value, unsaid)
    if field.enum:
        return value.label
    if field.plain is float and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _noun(noun: type[N], form: object) -> N:
    known = {field.name: field for field in shape_of(noun).fields}
    values: dict[str, Any] = {}
    for name, value in _demand(dict, form, noun.__name__).items():
        if name == "unknown":
            values[name] = _unknown(value)
        elif name in known:
            values[name] = _in(known[name], value)
        else:
            raise ValueError(f"{short(name)}: expected one of its fields")
    return noun(**values)


def _in(field: Field, value: Any) -> Any:
    match field.count:
        case Count.MAP:
            entries = _demand(dict, value, field.name)
            return tuple(sorted((_demand(str, key, field.name), _one_in(field, item)) for key, item in entries.items()))
        case Count.LIST:
            return tuple(_one_in(field, item) for item in _demand(list, value, field.name))
        case Count.ONE:
            return _one_in(field, value)


def _one_in(field: Field, value: Any) -> Any:
    if field.noun:
        return _noun(field.noun, value)
    if field.enum:
        return _member(field.name, field.enum, _demand(str, value, field.name))
    if field.plain is float:
        return _float(field.name, value)
    found = _demand(field.plain, value, field.name)
    if field.whole and found not in field.whole:
        raise ValueError(f"{field.name}: {short(found)}: expected {field.whole[0]} to {field.whole[-1]}")
    return found


def _float(name: str, value: Any) -> float:
    if value in _BEYOND_DIGITS:
        return float(value)
    try:
        return float(value) if type(value) is int else _demand(float, value, name)
    except OverflowError:
        raise ValueError(f"{name}: {short(value)}: expected a number that a double can hold") from None


def _member(name: str, enum: type[OpenEnum], label: str) -> OpenEnum:
    """What has exactly this label: a number that has a name is spelled by it, and has one spelling without."""
    named = _labels(enum)
    if label in named:
        return named[label]
    number = _UNNAMED.fullmatch(label)
    if number and int(number[1]) in _INT32 and (member := enum(int(number[1]))).label == label:
        return member
    raise ValueError(f"{name}: {short(label)}: expected one of {', '.join(named)}")


@cache
def _labels(enum: type[OpenEnum]) -> dict[str, OpenEnum]:
    return {member.label: member for member in enum}


def _unknown(value: object) -> bytes:
    try:
        return b64decode(_demand(str, value, "unknown"), validate=True)
    except ValueError:
        raise ValueError("unknown: expected base64") from None


def _demand(plain: type, value: Any, name: str) -> Any:
    # exactly: True is an int to Python, and a list is a list
    if type(value) is not plain:
        raise TypeError(f"{name}: {type(value).__name__}: expected {plain.__name__}")
    if isinstance(value, str) and not value.isascii() and _HALF.search(value):
        raise ValueError(f"{name}: {short(value)}: expected text without halves of characters")
    return value

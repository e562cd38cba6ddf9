"""Nouns to bytes and back, losing nothing: one rule for every message.

What a peer sent is a noun or a ``MessageError``; nothing else comes out of ``decode``. A noun that cannot be sent is a
mistake of ours: ``encode`` says ``ValueError`` or ``TypeError`` and names the field. Fields of a newer release end up
in ``unknown``, as bytes, at the level where they were found, and go out again from there; a field that protobuf's map
entries might grow is the one thing it drops by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from daemoneye.wire.errors import MessageError
from daemoneye.wire.shape import Count, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import DataclassInstance

    from daemoneye.wire.shape import Field

    Reader = Callable[[Any], Any]
    Writer = Callable[[Message, str, Any], None]

N = TypeVar("N", bound="DataclassInstance")


def decode(noun: type[N], payload: bytes, *, most_parts: int | None = None) -> N:
    """``most_parts`` is for who has little time: to parse is quick, to make a noun of each message in it is not."""
    plan = _plan(noun)
    try:
        message = plan.message.FromString(payload)
        if most_parts is not None and _parts(message, most_parts) > most_parts:
            raise _refusal(noun, f"more than {most_parts} messages within each other")
        found: N = _read(plan, message)
    except DecodeError as error:
        raise _refusal(noun, f"{len(payload)} bytes that are no such message") from error
    except ValueError as error:
        raise _refusal(noun, str(error)) from error
    return found


def _refusal(noun: type, found: str) -> MessageError:
    return MessageError(f"{noun.__name__}: {found}: expected a message that proto/ describes")


def _parts(message: Message, most: int) -> int:
    """Count the messages in it and the entries of maps, no further than to one too many."""
    found = 1
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            found += len(value)
        else:
            for each in value if field.is_repeated else (value,):
                if found > most:
                    return found
                found += _parts(each, most - found)
    return found


def encode(value: DataclassInstance) -> bytes:
    plan = _plan(type(value))
    message = plan.message()
    _write(plan, message, value)
    return message.SerializeToString(deterministic=True)


@dataclass(frozen=True, slots=True)
class _Plan:
    noun: type[Any]
    message: type[Message]
    readers: dict[str, Reader]
    writers: tuple[tuple[str, bool, Writer], ...]


@cache
def _plan(noun: type) -> _Plan:
    shape = shape_of(noun)
    return _Plan(
        noun=noun,
        message=shape.message,
        readers={field.name: _reader(field) for field in shape.fields},
        writers=tuple((field.name, field.optional, _writer(field)) for field in shape.fields),
    )


def _read(plan: _Plan, message: Message) -> Any:
    # only fields that are there are listed: the others are what the noun says by default
    values = {field.name: plan.readers[field.name](value) for field, value in message.ListFields()}
    if len(UnknownFieldSet(message)):
        values["unknown"] = _unknown(message)
    return plan.noun(**values)


def _unknown(message: Message) -> bytes:
    rest = type(message)()
    rest.CopyFrom(message)
    for field, _ in message.ListFields():
        rest.ClearField(field.name)
    return rest.SerializeToString()


def _reader(field: Field) -> Reader:
    one: Reader | None = partial(_read, _plan(field.noun)) if field.noun else field.enum
    match field.count:
        case Count.MAP:
            return lambda entries: tuple(sorted(entries.items()))
        case Count.LIST:
            return (lambda values: tuple(map(one, values))) if one else tuple
        case Count.ONE:
            return one or (lambda value: value)


def _write(plan: _Plan, message: Message, value: Any) -> None:
    if type(value) is not plan.noun:
        raise TypeError(f"{type(value).__name__}: expected {plan.noun.__name__}")
    name = ""
    try:
        for name, optional, write in plan.writers:
            found = getattr(value, name)
            if found is not None or not optional:
                write(message, name, found)
        name = "unknown"
        if value.unknown:
            _write_unknown(message, value.unknown)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{plan.noun.__name__}.{name}: {error}") from error


def _write_unknown(message: Message, unknown: bytes) -> None:
    try:
        named = type(message).FromString(unknown).ListFields()
    except DecodeError:
        raise ValueError("bytes that are no fields: expected those of a newer release") from None
    if named:
        raise ValueError("holds fields that have names here: expected only those of a newer release")
    message.MergeFromString(unknown)


def _writer(field: Field) -> Writer:
    plan = _plan(field.noun) if field.noun else None
    match field.count:
        case Count.MAP:
            return _write_map
        case Count.LIST:
            return partial(_write_messages, plan) if plan else _write_list
        case Count.ONE:
            return partial(_write_message, plan) if plan else setattr


def _write_message(plan: _Plan, message: Message, name: str, value: object) -> None:
    part = getattr(message, name)
    part.SetInParent()  # an empty message is not an absent one
    _write(plan, part, value)


def _write_messages(plan: _Plan, message: Message, name: str, values: tuple[object, ...]) -> None:
    parts = getattr(message, name)
    for value in _demand_tuple(values):
        _write(plan, parts.add(), value)


def _write_list(message: Message, name: str, values: tuple[object, ...]) -> None:
    getattr(message, name).extend(_demand_tuple(values))


def _write_map(message: Message, name: str, pairs: tuple[tuple[str, object], ...]) -> None:
    entries = dict(_demand_tuple(pairs))
    if len(entries) != len(pairs):
        raise ValueError("names a key twice: expected each key once")
    getattr(message, name).update(entries)


def _demand_tuple(values: tuple[Any, ...]) -> tuple[Any, ...]:
    # a bare string would pass as a list of its letters
    if not isinstance(values, tuple):
        raise TypeError(f"{type(values).__name__}: expected a tuple")
    return values

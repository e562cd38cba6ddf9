"""How each noun travels, worked out once from the two definitions that must agree: its class and its message.

They agree by name. A noun's fields are its message's fields, and ``unknown`` for those of a newer release. A list is a
tuple; a map is a tuple of pairs, sorted by key; a field that may be absent is ``None`` when it is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, cast

from google.protobuf.descriptor import FieldDescriptor

from daemoneye.model import agent, coverage, lookup, other_domains, process, status, task, trust
from daemoneye.wire.generated import agent_pb2, common_pb2, ipc_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

    from daemoneye.model.open_enum import OpenEnum

_ENUMS: dict[str, type[OpenEnum]] = {
    "TaskType": task.TaskType,
    "MonitoringDomain": task.MonitoringDomain,
    "OnDisk": process.OnDisk,
    "HashStatus": process.HashStatus,
    "RefusalCode": agent.RefusalCode,
    "ChildAction": agent.ChildAction,
}
_PLAIN: dict[int, type] = {
    FieldDescriptor.CPPTYPE_BOOL: bool,
    FieldDescriptor.CPPTYPE_DOUBLE: float,
    FieldDescriptor.CPPTYPE_STRING: str,
}  # every other scalar is a whole number
_WHOLE: dict[int, range] = {
    FieldDescriptor.CPPTYPE_INT32: range(-(2**31), 2**31),
    FieldDescriptor.CPPTYPE_INT64: range(-(2**63), 2**63),
    FieldDescriptor.CPPTYPE_UINT32: range(2**32),
    FieldDescriptor.CPPTYPE_UINT64: range(2**64),
}


class Count(Enum):
    ONE = auto()
    LIST = auto()
    MAP = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    name: str
    default: object
    optional: bool  # absent and zero are different things
    count: Count
    plain: type  # of a scalar, or of a map's value
    whole: range | None  # what fits, of a whole number
    enum: type[OpenEnum] | None
    noun: type | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    noun: type
    message: type[Message]
    fields: tuple[Field, ...]


_MESSAGES: dict[type, type[Message]] = {
    getattr(nouns, name): getattr(messages, name)
    for nouns in (process, other_domains, task, coverage, lookup, status, trust, agent)
    for messages in (common_pb2, ipc_pb2, agent_pb2)
    for name in messages.DESCRIPTOR.message_types_by_name
    if hasattr(nouns, name)
}
_NOUNS = {message.DESCRIPTOR.full_name: noun for noun, message in _MESSAGES.items()}


@cache
def shape_of(noun: type) -> Shape:
    message = _MESSAGES.get(noun)
    if message is None:
        raise TypeError(f"{noun.__name__}: no message is called so: expected a noun of daemoneye.model")
    # descriptors of the C implementation have a type of their own, and the same attributes
    described = cast("Descriptor", message.DESCRIPTOR).fields_by_name
    defaults = {field.name: field.default for field in fields(noun) if field.name != "unknown"}
    return Shape(
        noun=noun,
        message=message,
        fields=tuple(_field(described[name], default) for name, default in defaults.items()),
    )


def _field(described: FieldDescriptor, default: object) -> Field:
    entry = described.message_type if described.is_repeated else None
    pair = entry.fields_by_name if entry and entry.GetOptions().map_entry else None
    value = pair["value"] if pair else described
    return Field(
        name=described.name,
        default=default,
        optional=described.has_presence,
        count=Count.MAP if pair else Count.LIST if described.is_repeated else Count.ONE,
        plain=_PLAIN.get(value.cpp_type, int),
        whole=_WHOLE.get(value.cpp_type),
        enum=_ENUMS[value.enum_type.name] if value.enum_type else None,
        noun=_NOUNS[value.message_type.full_name] if value.message_type else None,
    )

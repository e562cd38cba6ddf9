"""The table behind everything: each field of ``Settings`` carries its kind, its default as YAML spells it, what it
means and why the default is what it is. Validation, the JSON Schema, the example file and ``config show`` read it here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from daemoneye.settings.nodes import node_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemoneye.settings.kinds import Kind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key:
    name: str  # with its sections: scan.interval
    kind: Kind[Any]
    default: Any  # the value
    means: str
    because: str

    @property
    def spelled(self) -> Any:
        """The default as YAML spells it."""
        return self.kind.write(self.default)


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    means: str
    members: Mapping[str, Key | Section]


Member: TypeAlias = Key | Section


def key(kind: Kind[T], default: Any, means: str, because: str) -> T:
    """A field of a section. The default passes through the same validation as anybody's value."""
    value = kind.read(node_of(default))
    return field(default=value, metadata={"kind": kind, "means": means, "because": because})


def section(cls: type[T], means: str) -> T:
    return field(default_factory=cls, metadata={"means": means})


def table(cls: type[Any], name: str = "", means: str = "") -> Section:
    """Walk a dataclass once, at import."""
    members: dict[str, Member] = {}
    for each in fields(cls):
        dotted = f"{name}.{each.name}" if name else each.name
        about = each.metadata
        if "kind" in about:
            members[each.name] = Key(dotted, about["kind"], each.default, about["means"], about["because"])
        else:
            members[each.name] = table(cast("type[Any]", each.default_factory), dotted, about["means"])
    return Section(name, means, members)


def keys(within: Section) -> Iterator[Key]:
    for member in within.members.values():
        if isinstance(member, Key):
            yield member
        else:
            yield from keys(member)


def build(cls: type[T], within: Section, values: Mapping[str, Any]) -> T:
    """The dataclass from a value for each dotted name."""
    parts = {}
    for each in fields(cls):  # type: ignore[arg-type] # only dataclasses get here: the table was made from them
        member = within.members[each.name]
        inner = cast("type[Any]", each.default_factory)
        parts[each.name] = values[member.name] if isinstance(member, Key) else build(inner, member, values)
    return cls(**parts)


def value_of(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings

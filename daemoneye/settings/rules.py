"""Trigger rules as they are written: a flat mapping, whose ``when`` says which of the other keys it may have."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from daemoneye.model.trigger import (
    Analysis,
    HashMismatch,
    MissingExecutable,
    NameMatches,
    PathMatches,
    Priority,
    ResourceAnomaly,
    SuspiciousParentChild,
    Trigger,
)
from daemoneye.settings.kinds import Choice, Integer, Kind, ListOf, Text
from daemoneye.settings.nodes import UNREAD, Fault, Mapping, Refusal, Scalar, describe, refusal
from daemoneye.settings.quantities import Size
from daemoneye.settings.suggestions import unknown

if TYPE_CHECKING:
    from daemoneye.model.trigger import Condition
    from daemoneye.settings.nodes import Node

PRIORITIES: Final = tuple(priority.name.lower() for priority in Priority)
_ANALYSES: Final = tuple(str(analysis) for analysis in Analysis)


@dataclass(frozen=True, slots=True)
class Needs:
    """Keys beside a condition: all of these, one of those, and these others if wanted."""

    all_of: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.all_of + self.one_of + self.may)


CONDITIONS: Final = {
    "missing_executable": Needs(),
    "hash_mismatch": Needs(),
    "suspicious_parent_child": Needs(all_of=("parents", "children")),
    "resource_anomaly": Needs(one_of=("cpu_percent", "memory"), may=("scans",)),
    "name_matches": Needs(all_of=("patterns",)),
    "path_matches": Needs(all_of=("patterns",)),
}
_CONDITIONAL: Final = frozenset(name for needs in CONDITIONS.values() for name in needs.names)

_GLOB: Final = Text("a name or glob of at most 255 characters", r".{1,255}", numbers=True)
_GLOBS: Final = ListOf(_GLOB, 256)
_NAME: Final = Text("a name of small letters, digits, '-', '_' and '.'", r"[a-z0-9][a-z0-9._-]{0,63}", numbers=True)


def _part(kind: Kind[Any], means: str, *, default: Any = MISSING, spelled: str | None = None) -> Any:
    return field(default=default, metadata={"kind": kind, "means": means, "spelled": spelled})


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRule:
    """What makes a process worth a closer look, and which look."""

    name: str = _part(_NAME, "names the rule in requests and counters")
    condition: str = _part(Choice(tuple(CONDITIONS)), "what must be seen", spelled="when")
    parents: tuple[str, ...] = _part(_GLOBS, "names of the parent, as globs", default=())
    children: tuple[str, ...] = _part(_GLOBS, "names of the child, as globs", default=())
    patterns: tuple[str, ...] = _part(_GLOBS, "globs on the name or the path", default=())
    # one core is 100; 819,200 is every core of the largest kernel (NR_CPUS of x86-64 is at most 8,192)
    cpu_percent: int | None = _part(Integer(1, 819_200), "processor use that is too much, 100 for a core", default=None)
    memory_bytes: int | None = _part(
        Size("1MiB", "65536GiB"), "resident memory that is too much", default=None, spelled="memory"
    )
    scans: int = _part(Integer(1, 1000), "how many scans in a row it must last", default=1)
    priority: str = _part(Choice(PRIORITIES), "what goes first when there is too much", default="normal")
    analysis: tuple[str, ...] = _part(
        ListOf(Choice(_ANALYSES), 16), "which analyses to ask for", default=("binary_hash",)
    )

    def trigger(self) -> Trigger:
        return Trigger(
            name=self.name,
            condition=self._condition(),
            priority=Priority[self.priority.upper()],
            analyses=tuple(map(Analysis, self.analysis)),
        )

    def _condition(self) -> Condition:
        match self.condition:
            case "missing_executable":
                return MissingExecutable()
            case "hash_mismatch":
                return HashMismatch()
            case "suspicious_parent_child":
                return SuspiciousParentChild(parents=self.parents, children=self.children)
            case "resource_anomaly":
                return ResourceAnomaly(cpu_percent=self.cpu_percent, memory_bytes=self.memory_bytes, scans=self.scans)
            case "name_matches":
                return NameMatches(globs=self.patterns)
        return PathMatches(globs=self.patterns)


_PARTS: Final = {part.metadata["spelled"] or part.name: part for part in fields(TriggerRule)}


def name_of(rule: Node) -> Scalar | None:
    """Also of one that has mistakes."""
    entries = rule.entries if isinstance(rule, Mapping) else ()
    return next((value for key, value in entries if key.text == "name" and isinstance(value, Scalar)), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """The kind of one rule."""

    expected: str = "a rule: name, when, and what that needs"

    def read(self, node: Node) -> TriggerRule:
        if not isinstance(node, Mapping):
            raise refusal(node, describe(node), self.expected)
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for key, value in node.entries:
            if key.text not in _PARTS:
                faults.append(unknown(key, tuple(_PARTS), "a rule"))
                continue
            try:
                values[key.text] = _PARTS[key.text].metadata["kind"].read(value)
            except Refusal as refused:
                faults += refused.faults
                values[key.text] = None
        faults += _mismatches(node, values)
        if faults:
            raise Refusal(faults)
        return TriggerRule(**{_PARTS[name].name: value for name, value in values.items()})

    def write(self, value: TriggerRule) -> dict[str, Any]:
        given = {name: (part, getattr(value, part.name)) for name, part in _PARTS.items()}
        return {name: part.metadata["kind"].write(each) for name, (part, each) in given.items() if each != part.default}

    def schema(self) -> dict[str, Any]:
        parts = {name: part.metadata["kind"].schema() for name, part in _PARTS.items()}
        described = {name: {"description": _PARTS[name].metadata["means"], **schema} for name, schema in parts.items()}
        return {
            "type": "object",
            "properties": described,
            "required": ["name", "when"],
            "additionalProperties": False,
            "oneOf": [_when(condition) for condition in CONDITIONS],
        }


def _mismatches(node: Mapping, values: dict[str, Any]) -> list[Fault]:
    """What the condition needs and is not there, and what is there for another condition."""
    if any(key.text == UNREAD.text for key, _ in node.entries):
        return []  # what is missing may be in the line that could not be read
    unnamed = [name for name in ("name", "when") if name not in values]
    faults = [Fault(node.mark, f"a rule without {' and '.join(unnamed)}", "name and when")] if unnamed else []
    condition = values.get("when")
    if condition is None:
        return faults
    needs = CONDITIONS[condition]
    absent = [name for name in needs.all_of if values.get(name, ()) == ()]
    if needs.one_of and not any(name in values for name in needs.one_of):
        absent.append(" or ".join(needs.one_of))
    if absent:
        faults.append(Fault(node.mark, f"{condition} without {' and '.join(absent)}", "a rule that has it"))
    for key, _ in node.entries:
        if key.text in _CONDITIONAL - needs.names:
            owners = [name for name, its in CONDITIONS.items() if key.text in its.names]
            faults.append(Fault(key.mark, f"'{key.text}' beside {condition}", f"{' or '.join(owners)} for it"))
    return faults


def _when(condition: str) -> dict[str, Any]:
    """The part of the schema that ``_mismatches`` is for values."""
    needs = CONDITIONS[condition]
    foreign = sorted(_CONDITIONAL - needs.names)
    shape: dict[str, Any] = {"properties": {"when": {"const": condition}, **dict.fromkeys(foreign, False)}}
    shape["required"] = list(needs.all_of)
    shape["properties"] |= {name: {"minItems": 1} for name in needs.all_of}
    if needs.one_of:
        shape["anyOf"] = [{"required": [name]} for name in needs.one_of]
    return shape

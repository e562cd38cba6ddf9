"""Defaults, files, environment and patches on top of each other: all of it, or nothing and every reason.

Each layer is read on its own, so that a mistake in a file shows even where another layer overrides it. Nothing here
touches the disk or anything that is in force.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from daemoneye.sanitize.hostile import printable
from daemoneye.settings.agreement import conflicts
from daemoneye.settings.document import Document
from daemoneye.settings.keys import Key, Section, build, value_of
from daemoneye.settings.kinds import ListOf
from daemoneye.settings.model import KEYS, TABLE, Settings
from daemoneye.settings.nodes import NOWHERE, Fault, Mapping, Refusal, Scalar, Sequence, describe
from daemoneye.settings.places import ConfigRejected, Place, Problem
from daemoneye.settings.suggestions import did_you_mean, unknown

if TYPE_CHECKING:
    from collections import abc

    from daemoneye.settings.nodes import Node

PREFIX: Final = "DAEMONEYE_"
VARIABLES: Final = {PREFIX + name.upper().replace(".", "__"): key for name, key in KEYS.items()}
ESCAPE: Final = "x-"  # top-level keys for others: templates and notes


@dataclass(frozen=True, slots=True)
class Given:
    value: Any
    place: Place


@dataclass(slots=True)
class Layer:
    """What one source gives, and what is wrong with it."""

    given: dict[str, Given] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    unshown: int = 0
    file: str | None = None
    broken: bool = False  # something in it could not be read: nobody knows what is missing


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings that hold together, and where each of them came from."""

    settings: Settings
    origins: abc.Mapping[str, str]


def from_document(name: str, data: bytes) -> Layer:
    document = Document(name, data)
    layer = Layer(file=name, broken=document.broken)
    for root in document.roots:
        match root:
            case Mapping():
                mine = tuple(entry for entry in root.entries if not entry[0].text.startswith(ESCAPE))
                _read_section(document, Mapping(mine, root.mark), TABLE, layer)
            case Scalar(empty=True):
                pass  # a document that says nothing
            case _:
                document.fault(root.mark, describe(root), "'section:' with keys indented below it")
    layer.problems = document.problems
    layer.unshown = document.unshown
    return layer


def from_environment(environ: abc.Mapping[str, str]) -> Layer:
    layer = Layer()
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        place = Place(f"environment {printable(variable)}")
        if variable in VARIABLES:
            _read_text(VARIABLES[variable], environ[variable], place, layer)
        else:
            expected = f"{PREFIX}SECTION__KEY{did_you_mean(variable, VARIABLES, PREFIX)}"
            layer.problems.append(Problem(place, "no such setting", expected))
    return layer


def from_changes(changes: abc.Mapping[str, str]) -> Layer:
    layer = Layer()
    for name, text in changes.items():
        place = Place(f"patch {printable(name)}")
        if name in KEYS:
            _read_text(KEYS[name], text, place, layer)
        else:
            layer.problems.append(Problem(place, "no such setting", f"one of the keys{did_you_mean(name, KEYS)}"))
    return layer


def settle(*layers: Layer) -> Loaded:
    """The last layer wins, key by key; any problem anywhere rejects everything."""
    return _settle({name: Given(key.default, Place("default")) for name, key in KEYS.items()}, layers)


def patch(loaded: Loaded, changes: abc.Mapping[str, str]) -> Loaded:
    """New settings with these changes; on any problem ``ConfigRejected``, and ``loaded`` is what it was."""
    origins = loaded.origins
    current = {name: Given(value_of(loaded.settings, name), Place(origins[name])) for name in KEYS}
    return _settle(current, [from_changes(changes)])


def _settle(base: dict[str, Given], layers: abc.Collection[Layer]) -> Loaded:
    merged = base
    for layer in layers:
        merged = merged | layer.given
    settings = build(Settings, TABLE, {name: given.value for name, given in merged.items()})
    problems = [problem for layer in layers for problem in layer.problems]
    if not any(layer.broken for layer in layers):
        problems += _disagreements(settings, merged, frozenset().union(*(layer.refused for layer in layers)))
    if problems:
        files = [layer.file for layer in layers if layer.file]
        problems.sort(key=lambda problem: _order(problem.place, files))
        raise ConfigRejected(problems, sum(layer.unshown for layer in layers))
    return Loaded(settings, MappingProxyType({name: given.place.where for name, given in merged.items()}))


def _disagreements(settings: Settings, merged: dict[str, Given], refused: frozenset[str]) -> abc.Iterator[Problem]:
    for conflict in conflicts(settings):
        if refused.isdisjoint(conflict.keys):
            places = [merged[name].place for name in conflict.keys]
            place = next((each for each in places if each.where != "default"), places[0])
            yield Problem(place, conflict.found, conflict.expected)


def _order(place: Place, files: list[str]) -> tuple[int, tuple[int, int]]:
    """As one reads: file by file from the top; then what is in no file, in the order it came."""
    return (files.index(place.file) if place.file in files else len(files)), place.order


def _read_section(document: Document, node: Mapping, section: Section, layer: Layer) -> None:
    for key, value in node.entries:
        match section.members.get(key.text):
            case None:
                document.fault(*unknown(key, section.members, section.name or "the settings", KEYS))
            case Key() as known:
                _read_value(document, value, known, layer)
            case Section() as inner if isinstance(value, Mapping):
                _read_section(document, value, inner, layer)
            case Section() as inner:
                document.fault(*_no_section(value, inner.name))


def _read_value(document: Document, node: Node, key: Key, layer: Layer) -> None:
    if isinstance(node, Scalar) and node.empty:
        layer.refused.add(key.name)
        document.fault(node.mark, "no value", f"{key.kind.expected}; leave the key out for the default")
        return
    try:
        layer.given[key.name] = Given(key.kind.read(node), document.place(node.mark))
    except Refusal as refusal:
        layer.refused.add(key.name)
        for fault in refusal.faults:
            document.fault(*fault)


def _no_section(node: Node, what: str) -> Fault:
    found = "nothing below" if isinstance(node, Scalar) and node.empty else describe(node)
    return Fault(node.mark, found, f"the keys of {what}, indented below it; without any, leave it out")


def _read_text(key: Key, text: str, place: Place, layer: Layer) -> None:
    """A value from outside any file: lists are YAML in brackets, or words between commas."""
    try:
        layer.given[key.name] = Given(key.kind.read(_node(key, text)), place)
    except Refusal as refusal:
        layer.refused.add(key.name)
        hint = ", without quotes around it" if text[:1] in ("'", '"') and text[-1:] == text[:1] else ""
        layer.problems += [Problem(place, fault.found, fault.expected + hint) for fault in refusal.faults]


def _node(key: Key, text: str) -> Node:
    if not isinstance(key.kind, ListOf):
        return Scalar(text)
    if not text.startswith("["):
        words = (word.strip() for word in text.split(","))
        return Sequence(tuple(Scalar(word) for word in words if word))
    document = Document("value", text.encode(errors="surrogatepass"))
    if document.problems:
        as_in = ", in a list such as [a, b], or words between commas"
        raise Refusal(Fault(NOWHERE, problem.found, problem.expected + as_in) for problem in document.problems)
    return document.roots[0]

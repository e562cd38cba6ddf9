"""How a listed value travels: a tuple of its fields, and nothing about its type where the annotation says it already.

A thousand records in a message are a thousand tuples: their type is named once, in the annotation of the message that
holds them, which both sides have. Only where an annotation leaves it open does a value carry the name of its type.
Coming back, each is made by its own constructor all the same. That is what makes a batch cheaper than a plain pickle,
which names the type of everything and looks each name up.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class Shape(NamedTuple):
    take_apart: Callable[[Any], tuple[Any, ...]]
    build: Callable[..., object]


class _Way(NamedTuple):
    """Out and back, of a field whose annotation says what it holds."""

    out: Callable[[Any], object]
    back: Callable[[Any], object]


def shapes_of(kinds: Collection[type]) -> dict[type, Shape]:
    """How each of these travels: an enum by its value, a dataclass or named tuple by its fields, in their order."""
    drawn: dict[type, Shape] = {}
    drawing = _Drawing(frozenset(kinds), drawn)
    return {kind: drawing.shape(kind) for kind in kinds}


class _Drawing:
    def __init__(self, kinds: frozenset[type], drawn: dict[type, Shape]) -> None:
        self._kinds = kinds
        self._drawn = drawn
        self._begun: set[type] = set()

    def shape(self, kind: type) -> Shape:
        if kind not in self._drawn:
            self._begun.add(kind)
            self._drawn[kind] = self._draw(kind)
        return self._drawn[kind]

    def _draw(self, kind: type) -> Shape:
        if issubclass(kind, Enum):
            return Shape(lambda member: (member.value,), kind)
        names = _names(kind)
        hints = _hints(kind)
        ways = [(position, self._way(hints.get(name))) for position, name in enumerate(names)]
        return _shape(kind, names, [(position, way) for position, way in ways if way])

    def _way(self, annotation: Any) -> _Way | None:
        """None for what travels as it is, and says of itself what it is if it is anything but plain data."""
        inner = get_args(annotation)
        if isinstance(annotation, type) and annotation in self._kinds:
            return _by_value(annotation) if issubclass(annotation, Enum) else self._by_fields(annotation)
        if get_origin(annotation) is tuple and len(inner) == 2 and inner[1] is Ellipsis:
            return _each(self._way(inner[0]))
        if get_origin(annotation) in {Union, UnionType} and len(inner) == 2 and NoneType in inner:
            return _perhaps(self._way(inner[inner[0] is NoneType]))
        return None

    def _by_fields(self, kind: type) -> _Way | None:
        if kind in self._begun and kind not in self._drawn:
            return None  # it contains itself: how deep, only the value says
        shape = self.shape(kind)

        def out(value: object) -> tuple[Any, ...]:
            return shape.take_apart(_of(kind, value))

        def back(row: object) -> object:
            return shape.build(*_of(tuple, row))

        return _Way(out, back)


def _names(kind: type) -> tuple[str, ...]:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return tuple(kind._fields)
    raise TypeError(f"{kind.__qualname__}: expected an enum, a dataclass or a named tuple, or a shape of its own")


def _hints(kind: type) -> dict[str, Any]:
    try:
        return get_type_hints(kind)
    except NameError:  # a name that is imported for type checkers only says nothing here
        return {}


def _of(kind: type, value: Any) -> Any:
    """Exactly that type: what stands where the annotation promises it has no other way to say what it is."""
    if type(value) is not kind:
        raise TypeError(f"{type(value).__qualname__} in the place of {kind.__qualname__}")
    return value


def _by_value(kind: type[Enum]) -> _Way:
    return _Way(lambda member: _of(kind, member).value, kind)


def _each(way: _Way | None) -> _Way | None:
    if way is None:
        return None
    out, back = way
    return _Way(lambda values: tuple(map(out, _of(tuple, values))), lambda rows: tuple(map(back, _of(tuple, rows))))


def _perhaps(way: _Way | None) -> _Way | None:
    if way is None:
        return None
    out, back = way
    return _Way(
        lambda value: None if value is None else out(value),
        lambda row: None if row is None else back(row),
    )


def _shape(kind: type, names: tuple[str, ...], ways: list[tuple[int, _Way]]) -> Shape:
    values_of = _getter(names)
    if not ways:
        return Shape(values_of, lambda *row: kind(**dict(zip(names, row, strict=True))))

    def take_apart(value: object) -> tuple[Any, ...]:
        values = list(values_of(value))
        for position, way in ways:
            values[position] = way.out(values[position])
        return tuple(values)

    def build(*row: object) -> object:
        values = list(row)
        for position, way in ways:
            values[position] = way.back(values[position])
        return kind(**dict(zip(names, values, strict=True)))

    return Shape(take_apart, build)


def _getter(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)  # in C; for one name it would give the bare value, for none nothing
    return lambda value: tuple(getattr(value, name) for name in names)

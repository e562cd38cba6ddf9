"""The list of types: what can be said at all.

A type is on the list with two functions: one takes a value apart into a tuple, one builds it again. Decoding never
imports, never looks a name up anywhere but here, and builds each value through its own constructor, so what a
message promises about itself in ``__post_init__`` holds for what arrives, too. Encoding knows the same list: what the
peer would refuse never leaves.
"""

from __future__ import annotations

import pickle
from io import BytesIO
from typing import TYPE_CHECKING, Any

from daemoneye.actors.transport import opcodes
from daemoneye.actors.transport.refusals import Refusal, Refused
from daemoneye.actors.transport.shapes import Shape, shapes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MalformedValueError", "Shape", "UnknownTypeError", "Vocabulary"]

# These the unpickler calls by name when the peer says so (APPENDS, ADDITEMS, SETITEMS on what is no list, set or dict).
_CALLABLE_FROM_OUTSIDE = ("append", "extend", "add", "__setitem__")

# What the unpickler and a constructor say of wrong values. Anything else is a bug in a constructor, and may be seen.
_WRONG = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class UnknownTypeError(Refused):
    """A type that is not on the list, wherever it comes from."""

    kind = Refusal.TYPE


class MalformedValueError(Refused):
    """A listed type, but not what its constructor takes; or no value at all."""

    kind = Refusal.FORGERY


class Vocabulary:
    mark = b"P"  # what an envelope says about a body of this kind

    def __init__(self, kinds: Iterable[type] = (), shapes: dict[type, Shape] | None = None) -> None:
        self._shapes: dict[type, Shape] = {}
        self._builders: dict[tuple[str, str], Callable[..., object]] = {}
        for kind, shape in (shapes_of(tuple(kinds)) | (shapes or {})).items():
            self._add(kind, shape)

    def _add(self, kind: type, shape: Shape) -> None:
        if reachable := [name for name in _CALLABLE_FROM_OUTSIDE if hasattr(kind, name)]:
            raise TypeError(f"{kind.__qualname__}: has {reachable[0]}, which a peer could call: expected none of those")
        self._shapes[kind] = shape
        self._builders[kind.__module__, kind.__qualname__] = shape.build

    def __or__(self, other: Vocabulary) -> Vocabulary:
        if other._shapes.items() <= self._shapes.items():
            return self  # each process asks for the same; main has made it once, for all of them
        return Vocabulary(shapes=self._shapes | other._shapes)

    @property
    def kinds(self) -> frozenset[type]:
        return frozenset(self._shapes)

    def encode(self, value: object) -> bytes:
        pickled = BytesIO()
        pickler = _Pickler(pickled, self._shapes)
        pickler.fast = True  # no memo: see opcodes.py
        pickler.dump(value)
        return pickled.getvalue()

    def decode(self, pickled: bytes) -> object:
        opcodes.check(pickled)
        try:
            return _Unpickler(pickled, self._builders).load()
        except _WRONG as error:
            raise MalformedValueError(f"actor message: {type(error).__name__}: expected a value of its type") from error


class _Pickler(pickle.Pickler):
    def __init__(self, file: BytesIO, shapes: dict[type, Shape]) -> None:
        super().__init__(file, protocol=5)
        self._shapes = shapes

    def reducer_override(self, value: Any) -> Any:
        """Called for everything that is not plain data; also for the class that a value of ours travels under."""
        kind = type(value)
        shape = self._shapes.get(kind)
        if shape:
            return kind, shape.take_apart(value)
        if isinstance(value, type) and value in self._shapes:
            return NotImplemented
        raise UnknownTypeError(f"actor message: {kind.__module__}.{kind.__qualname__}: expected a type on the list")


class _Unpickler(pickle.Unpickler):
    def __init__(self, pickled: bytes, builders: dict[tuple[str, str], Callable[..., object]]) -> None:
        super().__init__(BytesIO(pickled))
        self._builders = builders

    def find_class(self, module: str, name: str) -> Any:
        builder = self._builders.get((module, name))
        if builder is None:
            raise UnknownTypeError(f"actor message: {f'{module}.{name}'[:120]!a}: expected a type on the list")
        return builder

"""An inbox that is no pickle: a byte for the type, then its fields, one after another, each with its own bounds.

For a role that may do what nobody else may. Its types are frozen dataclasses of numbers, text, bytes, of one another,
and of tuples of text or of one another; their annotations are the whole description, read once, and there is nothing in
a message that could ask for anything else. Every length is held against its bound and against what is there before
anything is made of it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args, get_origin, get_type_hints

from thespian.actors import ActorExitRequest

from daemoneye.actors.transport.vocabulary import MalformedValueError, UnknownTypeError, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The longest text that settings hold is a path, with 4,096 bytes; sixteen times that is room, and no burden.
MAX_TEXT: Final = 64 * 1024
# The longest list written by a person is one of variable or account names; batches are shorter.
MAX_ITEMS: Final = 1024

# Inodes have 64 bits without a sign, and anybody may give a file a time whose nanoseconds have more.
_INT_BYTES: Final = 16
_INT_LIMIT: Final = 1 << (8 * _INT_BYTES - 1)
_FLOAT: Final = struct.Struct("<d")
_LENGTH: Final = struct.Struct("<I")


class _Rest:
    """What of a message is still to be read."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def take(self, size: int) -> bytes:
        start, self._position = self._position, self._position + size
        if self._position > len(self._body):
            raise MalformedValueError(f"actor message: {len(self._body)} bytes: expected at least {self._position}")
        return self._body[start : self._position]

    def take_length(self, limit: int) -> int:
        length: int = _LENGTH.unpack(self.take(_LENGTH.size))[0]
        if length > limit:
            raise MalformedValueError(f"actor message: length {length}: expected at most {limit}")
        return length

    def end(self) -> None:
        if self._position != len(self._body):
            raise MalformedValueError(f"actor message: {len(self._body)} bytes: expected {self._position}")


class _Form(NamedTuple):
    """How values of one type travel. Writing a value that no peer would take is our own mistake, hence ValueError."""

    write: Callable[[Any, bytearray], None]
    read: Callable[[_Rest], object]


def _demand(value: object, kind: type, *, within: bool = True) -> None:
    if type(value) is not kind or not within:
        raise ValueError(f"actor message: {type(value).__qualname__} in the place of {kind.__qualname__}, or too large")


def _write_int(value: int, out: bytearray) -> None:
    _demand(value, int, within=-_INT_LIMIT <= value < _INT_LIMIT)
    out += value.to_bytes(_INT_BYTES, "little", signed=True)


def _read_int(rest: _Rest) -> int:
    return int.from_bytes(rest.take(_INT_BYTES), "little", signed=True)


def _write_bool(value: bool, out: bytearray) -> None:
    _demand(value, bool)
    out.append(value)


def _read_bool(rest: _Rest) -> bool:
    byte = rest.take(1)
    if byte not in {b"\0", b"\1"}:
        raise MalformedValueError(f"actor message: {byte!r}: expected 0 or 1")
    return byte == b"\1"


def _write_float(value: float, out: bytearray) -> None:
    number = float(value) if type(value) is int else value  # which Python takes for one, too
    _demand(number, float, within=math.isfinite(number))
    out += _FLOAT.pack(number)


def _read_float(rest: _Rest) -> float:
    number: float = _FLOAT.unpack(rest.take(_FLOAT.size))[0]
    if not math.isfinite(number):
        raise MalformedValueError(f"actor message: {number}: expected a finite number")
    return number


def _write_bytes(value: bytes, out: bytearray) -> None:
    _demand(value, bytes, within=len(value) <= MAX_TEXT)
    out += _LENGTH.pack(len(value)) + value


def _read_bytes(rest: _Rest) -> bytes:
    return rest.take(rest.take_length(MAX_TEXT))


def _write_text(value: str, out: bytearray) -> None:
    _demand(value, str)
    _write_bytes(value.encode(), out)


def _read_text(rest: _Rest) -> str:
    try:
        return _read_bytes(rest).decode()
    except UnicodeDecodeError as error:
        raise MalformedValueError("actor message: text is not UTF-8: expected UTF-8") from error


_SIMPLE: Final[Mapping[Any, _Form]] = {
    int: _Form(_write_int, _read_int),
    bool: _Form(_write_bool, _read_bool),
    float: _Form(_write_float, _read_float),
    bytes: _Form(_write_bytes, _read_bytes),
    str: _Form(_write_text, _read_text),
}
_EXIT: Final = _Form(
    lambda request, out: _write_bool(request.isRecursive, out), lambda rest: ActorExitRequest(_read_bool(rest))
)


def _form_of(kind: Any, concrete: Mapping[type, Mapping[str, type]], around: tuple[type, ...] = ()) -> _Form:
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if get_origin(kind) is tuple and get_args(kind)[1:] == (Ellipsis,):
        return _form_of_each(_form_of(get_args(kind)[0], concrete, around))
    if not isinstance(kind, type) or not is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise TypeError(f"{kind}: expected a number, text, bytes, or a frozen dataclass or tuple of them")
    if kind in around:
        raise TypeError(f"{kind.__qualname__}: contains itself: expected a message with an end")
    hints = {**get_type_hints(kind), **concrete.get(kind, {})}
    return _form_of_parts(kind, {f.name: _form_of(hints[f.name], concrete, (*around, kind)) for f in fields(kind)})


def _form_of_each(form: _Form) -> _Form:
    def write(values: tuple[Any, ...], out: bytearray) -> None:
        _demand(values, tuple, within=len(values) <= MAX_ITEMS)
        out += _LENGTH.pack(len(values))
        for value in values:
            form.write(value, out)

    def read(rest: _Rest) -> tuple[object, ...]:
        return tuple(form.read(rest) for _ in range(rest.take_length(MAX_ITEMS)))

    return _Form(write, read)


def _form_of_parts(kind: type, parts: Mapping[str, _Form]) -> _Form:
    def write(value: Any, out: bytearray) -> None:
        _demand(value, kind)
        for name, form in parts.items():
            form.write(getattr(value, name), out)

    def read(rest: _Rest) -> object:
        values = {name: form.read(rest) for name, form in parts.items()}
        try:
            return kind(**values)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # its own promises about its fields
            raise MalformedValueError(f"actor message: {kind.__qualname__}: {type(error).__name__}") from error

    return _Form(write, read)


class FixedInbox:
    """A codec for ``Site.inboxes``. It knows Thespian's ``ActorExitRequest`` besides its own types.

    Where an annotation leaves a choice (``settings: CollectorSettings | GatewaySettings``), ``concrete`` says what the
    field is for this role: ``{Begin: {"settings": CollectorSettings}}``.
    """

    def __init__(
        self,
        mark: bytes,
        types: tuple[type, ...],
        *,
        concrete: Mapping[type, Mapping[str, type]] = MappingProxyType({}),
    ) -> None:
        if len(mark) != 1 or mark == Vocabulary.mark or len(types) > 255:
            raise ValueError(f"inbox {mark!r} of {len(types)} types: expected a byte of its own, and at most 255")
        self.mark = mark
        self._forms = (_EXIT, *(_form_of(kind, concrete) for kind in types))
        self._tags = {kind: tag for tag, kind in enumerate((ActorExitRequest, *types))}

    def encode(self, value: object) -> bytes:
        tag = self._tags.get(type(value))
        if tag is None:
            raise UnknownTypeError(f"actor message: {type(value).__qualname__}: expected a type of this inbox")
        out = bytearray((tag,))
        self._forms[tag].write(value, out)
        return bytes(out)

    def decode(self, body: bytes) -> object:
        rest = _Rest(body)
        tag = rest.take(1)[0]
        if tag >= len(self._forms):
            raise UnknownTypeError(f"actor message: type {tag}: expected at most {len(self._forms) - 1}")
        value = self._forms[tag].read(rest)
        rest.end()
        return value

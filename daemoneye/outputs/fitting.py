"""Keeping a record within a size, and saying in it that it was longer.

First long texts and lists are cut, each with its mark; then whole parts go, in the order in which their format can do
without them. What remains tells which record it is, and where in its stream: the journal has all of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from daemoneye.outputs.json_text import encode
from daemoneye.sanitize.limits import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemoneye.outputs.native import Json

Path: TypeAlias = tuple[str, ...]

# Bytes of a text, entries of a list. The last keeps digests and ids whole: an ssdeep digest has at most 148 characters.
_STEPS: Final = ((1024, 64), (256, 16), (160, 8))
_LONGEST_MARK: Final = 40  # bytes of "…truncated N bytes"
_MARKED: Final = re.compile(r"(.*)…truncated (\d{1,18}) bytes", re.DOTALL)
_MARKED_LIST: Final = re.compile(r"…truncated (\d{1,18}) entries")


def fit(document: Json, limit: int, *, mark: Path, expendable: Sequence[Path]) -> bytes:
    """Encode in at most ``limit`` bytes; under ``mark``, a shortened one says how many bytes it should have had."""
    line = encode(document).encode()
    if len(line) <= limit:
        return line
    whole = len(line)
    for longest, most in _STEPS:
        document = _shortened(document, longest, most)
        line = _marked_line(document, mark, whole)
        if len(line) <= limit:
            return line
    for path in expendable:
        _drop(document, path)
        line = _marked_line(document, mark, whole)
        if len(line) <= limit:
            return line
    raise ValueError(f"{limit} bytes: too few for a record without details, which has {len(line)}")


def _marked_line(document: Json, mark: Path, whole: int) -> bytes:
    _put(document, mark, whole)
    return encode(document).encode()


def _shortened(value: Any, longest: int, most: int) -> Any:
    match value:
        case str():
            return _cut(value, longest)
        case dict():
            return {name: _shortened(item, longest, most) for name, item in value.items()}
        case list():
            return _shortened_list(value, longest, most)
    return value


def _shortened_list(values: list[Any], longest: int, most: int) -> list[Any]:
    earlier = _MARKED_LIST.fullmatch(values[-1]) if values and isinstance(values[-1], str) else None
    entries, beyond = (values[:-1], int(earlier[1])) if earlier else (values, 0)
    kept = [_shortened(item, longest, most) for item in entries[:most]]
    gone = len(entries) - len(kept) + beyond
    # a list of objects has no place for a mark; that the record was cut is said once more, for all of it
    return [*kept, f"…truncated {gone} entries"] if gone and isinstance(entries[0] if entries else "", str) else kept


def _cut(text: str, longest: int) -> str:
    """Measure a text as it will be written: one escaped byte takes up to six."""
    if len(text) * 6 <= longest or len(encode(text).encode()) - 2 <= longest:
        return text
    earlier = _MARKED.fullmatch(text)
    head, beyond = (earlier[1], int(earlier[2])) if earlier else (text, 0)
    keep = longest
    while True:
        shorter = cut(head, keep, beyond)
        # At the third halving it is short enough: no byte is written as more than six.
        if len(encode(shorter).encode()) - 2 <= longest + _LONGEST_MARK:
            return shorter
        keep //= 2


def _put(document: Json, path: Path, value: int) -> None:
    *parents, name = path
    for parent in parents:
        document = document.setdefault(parent, {})
    document[name] = max(value, document.get(name, 0))  # it may have been cut before


def _drop(document: Json, path: Path) -> None:
    *parents, name = path
    for parent in parents:
        document = document.get(parent, {})
    document.pop(name, None)

"""The C library that analysts' tools are built on: not a fake, but the judge, where it is installed."""

from __future__ import annotations

import ctypes
from typing import Any, Final

import pytest


def _load() -> Any:
    try:
        library = ctypes.CDLL("libfuzzy.so.2")
    except OSError:
        return None
    library.fuzzy_hash_buf.argtypes = [ctypes.c_char_p, ctypes.c_uint32, ctypes.c_char_p]
    library.fuzzy_compare.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    return library


_LIBRARY: Final = _load()
_LONGEST_RESULT: Final = 148  # FUZZY_MAX_RESULT
needs_libfuzzy = pytest.mark.skipif(_LIBRARY is None, reason="libfuzzy.so.2 (Debian: libfuzzy2) is not installed")


def digest(data: bytes) -> str:
    result = ctypes.create_string_buffer(_LONGEST_RESULT)
    assert _LIBRARY.fuzzy_hash_buf(data, len(data), result) == 0
    return result.value.decode()


def score(one: str, other: str) -> int:
    answer: int = _LIBRARY.fuzzy_compare(one.encode(), other.encode())
    assert answer >= 0
    return answer

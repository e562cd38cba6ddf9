"""JSON that can be shown: valid UTF-8, one line, nothing that a terminal or an eye would misread.

Control, bidirectional and invisible characters are JSON escapes, so a parser gets back exactly what was written.
"""

from __future__ import annotations

import json
from typing import Any, Final

from daemoneye.sanitize.hostile import decodable

# NaN is not JSON, and a record that holds one is a bug
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> str:
    text = _ENCODER.encode(value)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return json.dumps(decodable(character))[1:-1]

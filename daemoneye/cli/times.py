"""A moment, as people say it: how long ago, which day, or a time of ISO 8601. In UTC, like every time that we print."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from daemoneye.sanitize.hostile import printable

EXPECTED: Final = "how long ago (30m, 2h, 1d12h), now, today, yesterday, or ISO 8601 (2026-01-31, 2026-01-31T08:00:00Z)"
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_AGO: Final = re.compile(r"(?:[0-9]{1,9}[smhdw])+")
_PART: Final = re.compile(r"([0-9]+)([smhdw])")
_DAYS: Final = {"today": 0, "yesterday": 1}
_SHOWN: Final = 40  # of what was typed


def parse(text: str, now_ms: int) -> int | None:
    """Milliseconds since 1970; ``None`` for what is no time, or none of those."""
    word = text.strip().lower()
    if word == "now":
        return now_ms
    if _AGO.fullmatch(word):
        ago_s = sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(word))
        return max(0, now_ms - ago_s * 1000)
    if word in _DAYS:
        midnight = datetime.fromtimestamp(now_ms / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return _ms(midnight - timedelta(days=_DAYS[word]))
    return _of_iso(text.strip())


def _of_iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        at_ms = _ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return at_ms if at_ms >= 0 else None


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


class When(click.ParamType[int]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        at_ms = parse(str(value), time.time_ns() // 1_000_000)
        if at_ms is None:
            self.fail(f"'{printable(str(value), _SHOWN)}' is no time: expected {EXPECTED}", param, ctx)
        return at_ms

"""One word for everything that goes from one actor to another in numbered batches: this one has arrived."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """I have taken what had this number; send the next. Each of two peers numbers what it sends to the other."""

    number: int

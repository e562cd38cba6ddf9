"""Who reports. The same for every record of one agent, so that a receiver of many can tell them apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    version: str  # of this program
    host_name: str  # at most 64 bytes, as the kernel has it
    host_id: str  # stays the same when the name does not

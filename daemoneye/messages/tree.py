"""From the runner to the supervisor: begin, and what came of reading the settings again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daemoneye.settings.model import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTree:
    """The settings are those that the main process was started with; every process of the tree has them."""

    number: int  # how many trees there were, this one included


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsRead:
    """Valid as a whole; nothing of it is in force yet."""

    settings: Settings
    sha256: str | None
    read_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsUnreadable:
    """Everything stays as it is."""

    problems: str  # one per line, as ``config check`` shows them
    read_ms: int


FromRunner: TypeAlias = StartTree | SettingsRead | SettingsUnreadable

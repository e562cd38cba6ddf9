"""The redactor that the settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.host.keys import read_or_create_key
from daemoneye.sanitize.redactor import Redactor

if TYPE_CHECKING:
    from daemoneye.settings import Settings

KEY_FILE: Final = "redact.key"


def redactor(settings: Settings) -> Redactor:
    """The key of the host is read, or made, only where correlation is wanted."""
    key = None
    if settings.sanitize.mask and settings.sanitize.correlate:
        key = read_or_create_key(Path(settings.paths.state_dir) / KEY_FILE)
    return Redactor(mask=settings.sanitize.mask, correlate_key=key)

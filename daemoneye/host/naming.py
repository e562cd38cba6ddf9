"""What this machine is called, and what it is: the second stays the same when the first does not."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final

from daemoneye.errors import CannotCreateError
from daemoneye.sanitize.hostile import printable

FILE_NAME: Final = "host.id"
# The one of systemd, and where there is none the one of D-Bus: what other tools send as the id of the host.
_PLACES: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_ID: Final = re.compile(r"[0-9a-f]{32}")
_MODE: Final = 0o640


def host_name() -> str:
    return printable(os.uname().nodename, 64)


def host_id(state_dir: Path, places: tuple[Path, ...] = _PLACES) -> str:
    """Where the machine has none (a container), the state directory keeps one."""
    if found := known_host_id(state_dir, places):
        return found
    own, made = state_dir / FILE_NAME, secrets.token_hex(16)
    try:
        own.unlink(missing_ok=True)  # it holds no id
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{made}\n")
    except OSError as error:
        where, found = printable(str(own)), (error.strerror or "error").lower()
        raise CannotCreateError(where, found, "a place for the id of this host") from None
    return made


def known_host_id(state_dir: Path, places: tuple[Path, ...] = _PLACES) -> str | None:
    return next((found for place in (*places, state_dir / FILE_NAME) if (found := _read(place))), None)


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            text = file.read(64).strip()
    except OSError:
        return None
    return text if _ID.fullmatch(text) and text.strip("0") else None

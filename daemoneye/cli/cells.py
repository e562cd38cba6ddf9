"""How one record becomes the cells of a table: short, aligned, and safe to show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from daemoneye.model.process import HashStatus, OnDisk
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from daemoneye.model.process import ProcessRecord

UNKNOWN: Final = "-"
STYLES: Final = {OnDisk.DELETED: "bold red", OnDisk.REPLACED: "bold red", OnDisk.MEMFD: "bold magenta"}
DIGEST: Final = 12  # as much of a SHA-256 as tells two files of one host apart
_SHORT: Final = {HashStatus.REMOTE_FILESYSTEM: "remote", HashStatus.CHANGED_WHILE_READ: "changed"}
_STEP: Final = 1024
_LONGEST_S: Final = 100 * 366 * 86400  # nothing runs longer than a century: such a number is a mistake
_NAME_CELLS: Final = 60  # the longest name a kernel thread or an extended comm is likely to have, and then some


def size(count: int | None) -> str:
    """Bytes as people read them: three digits and a unit."""
    if count is None:
        return UNKNOWN
    amount, units = float(count), iter("BKMGTPE")
    unit = next(units)
    while amount >= 1000:
        amount, unit = amount / _STEP, next(units)
    return f"{amount:.0f}{unit}" if unit == "B" or amount >= 100 else f"{amount:.1f}{unit}"


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share:.1f}"


def since(start_s: int | None, now_ms: int) -> str:
    """The clock time of today, the day before that; in UTC, as every other time we print."""
    if start_s is None:
        return UNKNOWN
    try:
        start = datetime.fromtimestamp(start_s, UTC)
    except (ValueError, OverflowError, OSError):  # a start beyond the calendar: the clock was set by a joker
        return UNKNOWN
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return start.strftime("%H:%M:%S" if start.date() == now.date() else "%Y-%m-%d")


def elapsed(seconds: float | None) -> str:
    """A length of time in its two largest units."""
    if seconds is None or not 0 <= seconds < _LONGEST_S:
        return UNKNOWN
    if seconds < 10:
        return f"{seconds:.1f}s"
    left = int(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


def moment(at_ms: int | None) -> str | None:
    """A time as programs read it."""
    if at_ms is None:
        return None
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return None


def title(record: ProcessRecord, limit: int | None = None) -> str:
    """What was started: the masked command line, else the name, in brackets for what has no command line."""
    if record.command_line and any(record.command_line):
        return printable(" ".join(record.command_line), limit)
    return f"[{printable(record.name, _NAME_CELLS)}]"


def on_disk(record: ProcessRecord) -> str:
    return "kernel" if record.kernel_thread else record.on_disk.label


def digest(record: ProcessRecord) -> str:
    """Its beginning, else the word that says why there is none."""
    if record.executable_hash:
        return printable(record.executable_hash[:DIGEST])
    if record.hash_status:
        return _SHORT.get(record.hash_status, record.hash_status.label.replace("_", " "))
    return "" if record.kernel_thread else UNKNOWN

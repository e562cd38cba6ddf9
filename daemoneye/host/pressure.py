"""How long tasks have waited for processors and disks of late: the kernel's pressure stall information (PSI)."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

_PROC: Final = Path("/proc")


class Strain(NamedTuple):
    """Percent of the last ten seconds in which some task waited; ``None`` where the kernel does not tell."""

    cpu: float | None
    io: float | None


def read_strain(proc: Path = _PROC) -> Strain:
    return Strain(_some(proc / "pressure" / "cpu"), _some(proc / "pressure" / "io"))


def _some(path: Path) -> float | None:
    """Read a line like ``some avg10=1.53 avg60=2.29 avg300=3.41 total=83188247``."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        some = next(line.split() for line in lines if line.startswith("some "))
        return float(dict(word.split("=") for word in some[1:])["avg10"])
    except (OSError, ValueError, KeyError, StopIteration):  # OSError: no such file, or switched off (EOPNOTSUPP)
        return None

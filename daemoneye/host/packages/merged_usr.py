"""Where a distribution has moved its directories, packages may still list their files under the names of before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# On a merged /usr these are links into it.
_TOP: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32")
_SBIN: Final = b"/usr/sbin/"


class MergedUsr:
    """The links of a root as they are now."""

    def __init__(self, root: Path) -> None:
        self._top = tuple(f"/{name}/".encode() for name in _TOP if _leads(root / name, f"usr/{name}", f"/usr/{name}"))
        self._one_bin = _leads(root / "usr/sbin", "bin", "/usr/bin")

    def usual(self, path: bytes) -> bytes:
        """Name a file as the kernel does."""
        within = b"/usr" + path if path.startswith(self._top) else path
        return b"/usr/bin/" + within[len(_SBIN) :] if self._one_bin and within.startswith(_SBIN) else within


def _leads(link: Path, *places: str) -> bool:
    try:
        return str(link.readlink()) in places
    except OSError:
        return False

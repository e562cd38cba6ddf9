"""Who put a file there, and is it what they brought? Asked of the host's package database, which is only ever read.

A database that cannot be asked gives no verdict; a wrong one would be worse than none. So does one of another mount
namespace, which is not the host's and may have been made to say anything: nobody here ever looks at one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from daemoneye.host.packages.dpkg import Dpkg
from daemoneye.host.packages.rpm import Rpm, older
from daemoneye.model.alert import PackageVerdict

if TYPE_CHECKING:
    from collections.abc import Callable

    # Takes the name of an algorithm and gives the digest of the file in question, or None: asked only if it matters.
    Digest: TypeAlias = Callable[[str], str | None]

_ROOT: Final = Path("/")


class Packages(Protocol):
    @property
    def database(self) -> str:
        """The name of what is asked, or why nothing is."""

    def mark(self) -> object:
        """Change whenever a verdict might: what was said before holds only while this is the same."""

    def verdict(self, path: str, digest: Digest) -> PackageVerdict | None:
        """Judge the file at ``path``; ``None``: packages are being installed at this moment, ask again."""


class NoPackages:
    """A host without a database that we can read."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def database(self) -> str:
        return self._reason

    def mark(self) -> object:
        return None

    def verdict(self, path: str, digest: Digest) -> PackageVerdict:  # noqa: ARG002 - the port's
        return PackageVerdict(reason=self._reason)


def packages_of_this_host(root: Path = _ROOT) -> Packages:
    if Dpkg.is_at(root):
        return Dpkg(root)
    if Rpm.is_at(root):
        return Rpm(root)
    return NoPackages(older(root) or "no package database was found")

"""Asks the package database about the file at a program's path, and remembers what it said while it stays as it is.

A bad word is only as good as the digest it was said about: if the path has come to lead to another file meanwhile, as
it does when a package is installed twice in a row, nothing was said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.host.packages import packages_of_this_host
from daemoneye.host.presence import is_there
from daemoneye.integrity.sighting import UNANSWERED
from daemoneye.lifecycle.bounded import BoundedMap, Occupancy
from daemoneye.model.alert import Ownership, PackageVerdict
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.host.packages import Packages
    from daemoneye.integrity.sighting import Hashed, Sighting
    from daemoneye.model.process import FileIdentity

CAPACITY: Final = 10_000  # as many as there can be baselines
_NO_PATH: Final = PackageVerdict(reason="it has no path")


class Provenance:
    def __init__(
        self,
        packages: Packages | None = None,
        is_there: Callable[[str, FileIdentity], bool] = is_there,
        *,
        capacity: int = CAPACITY,
    ) -> None:
        self._packages = packages or packages_of_this_host()
        self._is_there = is_there
        self._capacity = capacity
        self._mark: object = None
        self._known = self._nothing()

    @property
    def database(self) -> str:
        return self._packages.database

    @property
    def occupancy(self) -> Occupancy:
        return self._known.occupancy

    def verdict(self, sighting: Sighting) -> PackageVerdict | None:
        """Judge what lies at its path, whose digests are in; ``None``: not at this moment, ask again."""
        if sighting.path is None:
            return _NO_PATH
        replaced = sighting.on_disk is OnDisk.REPLACED
        hashed, file = (sighting.there, sighting.file_there) if replaced else (sighting.running, sighting.file)
        found = self._ask(sighting.path, UNANSWERED if sighting.on_disk is OnDisk.DELETED else hashed)
        if found and found.ownership is Ownership.DIFFERS and file and not self._is_there(sighting.path, file):
            return None
        return found

    def _ask(self, path: str, hashed: Hashed) -> PackageVerdict | None:
        mark = self._packages.mark()
        if mark != self._mark:
            self._mark, self._known = mark, self._nothing()
        digests = {"sha256": hashed.sha256, "md5": hashed.md5}
        question = (path, hashed.sha256, hashed.md5)
        found = self._known.get(question)
        if found is None:
            found = self._packages.verdict(path, digests.get)
            if found is not None and mark == self._packages.mark():
                self._known.set(question, found)
        return found

    def _nothing(self) -> BoundedMap[tuple[str, str | None, str | None], PackageVerdict]:
        return BoundedMap("package_verdicts", self._capacity)

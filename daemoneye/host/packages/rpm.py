"""rpm: who owns a file, what it was and in which version, all of it is in the header of the package.

The headers are read once for who owns what and again whenever rpm has changed something; one of them when a file of it
is asked for. rpm lays down the files of a package before the database knows them. So while it holds its lock only a
good word is believed, as with dpkg. Where a header makes no sense nobody can tell what is nobody's.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Final

from daemoneye.host.packages.lock import is_held
from daemoneye.host.packages.merged_usr import MergedUsr
from daemoneye.host.packages.owners import MOST_PACKAGES, Owners
from daemoneye.host.packages.rpm_database import RpmDatabase
from daemoneye.host.packages.rpm_header import File, Header, HeaderError
from daemoneye.model.alert import Ownership, PackageVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.host.packages import Digest

_DATABASE: Final = "rpm"
# The first is where Fedora and SUSE have moved it to, for the sake of snapshots.
PLACES: Final = ("usr/lib/sysimage/rpm", "var/lib/rpm")
_FILE: Final = "rpmdb.sqlite"
# The numbers are those of OpenPGP (RFC 4880, 9.4). The others are digests that nobody takes here.
_ALGORITHMS: Final = {1: ("md5", 32), 8: ("sha256", 64)}
_HEX: Final = re.compile(r"[0-9a-f]*")
_CONFIG, _GHOST = 1 << 0, 1 << 6
_VERIFY_DIGEST: Final = 1 << 0
_STATES: Final = {1: "replaced by another package's", 2: "not installed", 3: "on a shared filesystem"}
_RANK: Final = (Ownership.MATCHES, Ownership.DIFFERS, Ownership.UNKNOWN)


class Rpm:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._database = RpmDatabase(next(_files(root)))
        self._mark: tuple[object, ...] = ()
        self._owners = Owners(())
        self._senseless = 0
        self._usual = MergedUsr(root).usual

    @staticmethod
    def is_at(root: Path) -> bool:
        return next(_files(root), None) is not None

    @property
    def database(self) -> str:
        return _DATABASE

    def mark(self) -> object:
        try:
            return self._database.mark()
        except OSError:  # then there are no verdicts either
            return None

    def verdict(self, path: str, digest: Digest) -> PackageVerdict | None:
        try:
            before = self._database.mark()
            found = self._ask(path.encode("utf-8", "replace"), digest)
            settled = before == self._database.mark() and not is_held(self._database.lock, self._root)
        except OSError as error:
            return _unknown(f"not readable: {(error.strerror or str(error)).lower()}")
        return found if settled or found.ownership is Ownership.MATCHES else None

    def _ask(self, path: bytes, digest: Digest) -> PackageVerdict:
        try:
            self._refresh()
            return self._judge(self._usual(path), digest)
        except sqlite3.Error as error:  # for one that rpm writes at this moment, the mark or the lock tells
            return _unknown(f"not readable: {error}")

    def _judge(self, path: bytes, digest: Digest) -> PackageVerdict:
        verdicts = list(self._claims(path, digest))
        if verdicts:
            # several architectures may share a file, and a package may have replaced another's
            return min(verdicts, key=lambda each: _RANK.index(each.ownership))
        if self._senseless:
            return _unknown(f"headers that make no sense: {self._senseless}")
        return PackageVerdict(ownership=Ownership.UNOWNED, database=_DATABASE)

    def _claims(self, path: bytes, digest: Digest) -> Iterator[PackageVerdict]:
        for number in self._owners.candidates(path):
            try:
                header = Header(self._database.header(int(number)))
                if file := header.file(path, self._usual):
                    ownership, reason = _compare(file, digest)
                    yield PackageVerdict(
                        ownership=ownership, database=_DATABASE, name=header.name, version=header.version, reason=reason
                    )
            except HeaderError:
                yield _unknown("the header of its package makes no sense")

    def _refresh(self) -> None:
        mark = self._database.mark()
        if mark == self._mark:
            return
        self._usual = MergedUsr(self._root).usual
        self._senseless = 0
        self._owners = Owners(self._listed())
        self._mark = mark

    def _listed(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        for count, (number, blob) in enumerate(self._database.headers(MOST_PACKAGES)):
            if count == MOST_PACKAGES:
                raise sqlite3.DataError(f"more than {MOST_PACKAGES:,} packages")
            try:
                paths = Header(blob).paths()
            except HeaderError:
                self._senseless += 1
            else:
                yield str(number), map(self._usual, paths)


def _compare(file: File, digest: Digest) -> tuple[Ownership, str]:
    algorithm, length = _ALGORITHMS.get(file.algorithm, ("", 0))
    if reason := _why_not(file, length):
        return Ownership.UNKNOWN, reason
    actual = digest(algorithm)
    if actual is None:
        return Ownership.UNKNOWN, "the file could not be read"
    return (Ownership.MATCHES if actual == file.digest else Ownership.DIFFERS), ""


def _why_not(file: File, length: int) -> str:
    """Say why its content cannot be judged, if so."""
    if file.state:
        return f"the file is {_STATES.get(file.state, 'of another architecture')}"
    if file.flags & (_CONFIG | _GHOST):
        return "the file is configuration" if file.flags & _CONFIG else "the package does not bring the file"
    if not file.verified & _VERIFY_DIGEST:
        return "the package lets its content change"
    if not file.digest:
        return "the package lists no digest for it"
    if not length:
        return f"the package lists a digest of a kind that is not taken: {file.algorithm}"
    return "" if len(file.digest) == length and _HEX.fullmatch(file.digest) else "its digest makes no sense"


def _unknown(reason: str) -> PackageVerdict:
    return PackageVerdict(database=_DATABASE, reason=reason)


def _files(root: Path) -> Iterator[Path]:
    return (file for place in PLACES if (file := root / place / _FILE).is_file())


def older(root: Path) -> str | None:
    """Say what of rpm is there that cannot be read."""
    for place in PLACES:
        for name, kind in (("Packages.db", "NDB"), ("Packages", "Berkeley DB")):
            if (root / place / name).is_file():
                return f"the rpm database in /{place} is {kind}, which is not read"
    found = next((place for place in PLACES if (root / place).is_dir()), None)
    return found and f"there is no rpm database in /{found} that can be read"

"""dpkg: who owns a file is in its lists, what the file was is in its md5sums, and the version in its status.

The lists are read once and again whenever dpkg has changed something; the digests of a package when one is asked for.
dpkg renames the files of a package before its lists know them. So while it works, only a good word is believed: a bad
one is put off, as is one that was true of a database which has changed since. A file that is listed without a digest
gets no verdict, and neither does configuration: changing that is what it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.packages import dpkg_files as files
from daemoneye.host.packages.lock import is_held
from daemoneye.host.packages.mark import mark_of
from daemoneye.host.packages.merged_usr import MergedUsr
from daemoneye.host.packages.owners import Owners
from daemoneye.model.alert import Ownership, PackageVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.host.packages import Digest

_DATABASE: Final = "dpkg"
_COMPLETE: Final = frozenset({"installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"})


class _Claim(NamedTuple):
    """A package that lists a file, and under which name it does."""

    package: str
    path: bytes

    @property
    def bare(self) -> str:
        """The name without the architecture: diversions have none."""
        return self.package.partition(":")[0]


class Dpkg:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._home = root / "var/lib/dpkg"
        self._mark: tuple[object, ...] = ()
        self._owners = Owners(())
        self._moved: list[files.Diversion] = []
        self._usual = MergedUsr(root).usual

    @staticmethod
    def is_at(root: Path) -> bool:
        return (root / "var/lib/dpkg/status").is_file() and (root / "var/lib/dpkg/info").is_dir()

    @property
    def database(self) -> str:
        return _DATABASE

    def mark(self) -> object:
        try:
            return self._marks()
        except OSError:  # then there are no verdicts either
            return None

    def verdict(self, path: str, digest: Digest) -> PackageVerdict | None:
        try:
            self._refresh()
            mark = self._mark
            found = self._judge(self._usual(path.encode("utf-8", "replace")), digest)
            settled = found.ownership is Ownership.MATCHES or (
                mark == self._marks() and not is_held(self._home / "lock", self._root)
            )
        except OSError as error:
            return PackageVerdict(database=_DATABASE, reason=f"not readable: {(error.strerror or str(error)).lower()}")
        return found if settled else None

    def _judge(self, path: bytes, digest: Digest) -> PackageVerdict:
        claims = list(self._claims(path))
        if not claims:
            return PackageVerdict(ownership=Ownership.UNOWNED, database=_DATABASE)
        verdicts = [self._weigh(claim, digest) for claim in claims]
        # packages of several architectures may share a file
        return next((each for each in verdicts if each.ownership is Ownership.MATCHES), verdicts[0])

    def _weigh(self, claim: _Claim, digest: Digest) -> PackageVerdict:
        stanza = self._stanza(claim.package)
        if stanza is None or stanza.state not in _COMPLETE:
            state = stanza.state if stanza else "not in the status file"
            return PackageVerdict(database=_DATABASE, name=claim.package, reason=f"the package is {state}")
        ownership, reason = self._compare(claim, digest)
        return PackageVerdict(
            ownership=ownership, database=_DATABASE, name=claim.package, version=stanza.version, reason=reason
        )

    def _compare(self, claim: _Claim, digest: Digest) -> tuple[Ownership, str]:
        expected = self._expected(claim)
        if expected is None:
            return Ownership.UNKNOWN, "the package lists no digest for it"
        actual = digest("md5")
        if actual is None:
            return Ownership.UNKNOWN, "the file could not be read"
        return (Ownership.MATCHES if actual == expected else Ownership.DIFFERS), ""

    def _claims(self, path: bytes) -> Iterator[_Claim]:
        """Who lists it: under its own name, or under the one it would have here but for a diversion."""
        diverters = {each.by for each in self._moved if each.path == path}
        yield from (claim for claim in self._listing(path) if not diverters or claim.bare in diverters)
        for each in self._moved:
            if each.moved_to == path:
                yield from (claim for claim in self._listing(each.path) if claim.bare != each.by)

    def _listing(self, path: bytes) -> Iterator[_Claim]:
        for package in self._owners.candidates(path):
            if path in map(self._usual, files.listed(self._info(package, "list"))):
                yield _Claim(package, path)

    def _expected(self, claim: _Claim) -> str | None:
        if claim.path in map(self._usual, files.listed(self._info(claim.package, "conffiles"))):
            return None
        found = files.digests(self._info(claim.package, "md5sums"))
        return next((digest for path, digest in found if self._usual(path) == claim.path), None)

    def _info(self, package: str, kind: str) -> bytes:
        try:
            return (self._home / "info" / f"{package}.{kind}").read_bytes()
        except FileNotFoundError:
            return b""  # a package without any, or one that goes at this moment

    def _stanza(self, package: str) -> files.Stanza | None:
        """Read the latest word: while dpkg works, it is in a journal beside the status file."""
        updates = [each for each in (self._home / "updates").iterdir() if each.name.isdigit()]
        for file in (*sorted(updates, reverse=True), self._home / "status"):
            if stanza := files.stanza(file.read_bytes(), package):
                return stanza
        return None

    def _refresh(self) -> None:
        mark = self._marks()
        if mark == self._mark:
            return
        self._usual = MergedUsr(self._root).usual
        self._moved = [
            files.Diversion(self._usual(each.path), self._usual(each.moved_to), each.by)
            for each in files.diversions(self._read_diversions())
        ]
        self._owners = Owners(
            (file.name.removesuffix(".list"), map(self._usual, files.listed(file.read_bytes())))
            for file in sorted((self._home / "info").glob("*.list"))
        )
        self._mark = mark

    def _marks(self) -> tuple[object, ...]:
        """Change whenever dpkg has changed anything: it never writes in place, it renames."""
        return tuple(mark_of(self._home / name) for name in ("status", "info", "diversions", "updates"))

    def _read_diversions(self) -> bytes:
        try:
            return (self._home / "diversions").read_bytes()
        except FileNotFoundError:
            return b""

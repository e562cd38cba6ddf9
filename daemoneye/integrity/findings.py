"""What was found about one process, before anybody decides whether to say it again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from daemoneye.errors import HostileInput
from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.model.alert import Evidence, PackageVerdict
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.integrity.sighting import Sighting
    from daemoneye.integrity.similarity import Similarity
    from daemoneye.model.alert import Content, Rule, Severity
    from daemoneye.model.process import FileIdentity

Compare: TypeAlias = "Callable[[FuzzyDigest, FuzzyDigest], Similarity]"


class Likeness(NamedTuple):
    score: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    rule: Rule
    severity: Severity
    sighting: Sighting
    evidence: Evidence

    @property
    def key(self) -> bytes:
        """The same for every process of this executable in which the same change is found."""
        evidence = self.evidence
        old = evidence.old.sha256 if evidence.old else _image(evidence.file)
        new = evidence.new.sha256 if evidence.new else _state(evidence.file_on_disk)
        return _digest(self.rule, self.sighting.namespace, evidence.path or "", old, new)

    @property
    def outline(self) -> bytes:
        """The same for this process and these files, whether their digests are known; but it says if they are."""
        return self._outline(known=self._is_known)

    @property
    def likes(self) -> frozenset[bytes]:
        """What of the same process is the same finding: this one, or one that was made without digests, or with."""
        known = (self._outline(known=True),) if not self._is_known else ()
        return frozenset((self.key, self._outline(known=False), *known))

    @property
    def _is_known(self) -> bool:
        evidence = self.evidence
        return evidence.old is not None and (evidence.new is not None or evidence.on_disk is not OnDisk.REPLACED)

    def _outline(self, *, known: bool) -> bytes:
        path, runs, lies = self.evidence.path or "", _image(self.evidence.file), _state(self.evidence.file_on_disk)
        return _digest(self.rule, self.sighting.namespace, path, runs, lies, str(known))


def _image(file: FileIdentity | None) -> str:
    """Name a file that runs, and so keeps its inode and what it holds."""
    return f"{file.dev}:{file.ino}" if file else ""


def _state(file: FileIdentity | None) -> str:
    """Name a file that nothing holds: it may be written to, and its inode is given to the next when it is gone."""
    return f"{file.dev}:{file.ino}:{file.size}:{file.mtime_ns}" if file else ""


def _digest(*parts: str) -> bytes:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()


def likeness(old: Content | None, new: Content | None, compare: Compare) -> Likeness:
    if old is None or new is None:
        return Likeness(None, "one of the two contents is not known")
    if old.ssdeep is None or new.ssdeep is None:
        return Likeness(None, "one of the two has no ssdeep digest")
    try:
        found = compare(FuzzyDigest.parse(old.ssdeep), FuzzyDigest.parse(new.ssdeep))
    except HostileInput as error:  # what was written down years ago need not be what it was
        return Likeness(None, f"a recorded ssdeep digest is damaged: {error}")
    return Likeness(found.score, found.reason)


def evidence_of(
    sighting: Sighting,
    *,
    old: Content | None,
    new: Content | None,
    alike: Likeness,
    package: PackageVerdict | None,
) -> Evidence:
    return Evidence(
        path=sighting.path,
        mount_namespace=sighting.mount_namespace,
        on_disk=sighting.on_disk,
        file=sighting.file,
        file_on_disk=sighting.file_there,
        old=old,
        new=new,
        similarity=alike.score,
        not_comparable=alike.reason,
        package=package or PackageVerdict(),
        ancestors=sighting.ancestors,
        container=sighting.container,
    )

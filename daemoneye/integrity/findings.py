"""What was found about one process, before anybody decides whether to say it again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from daemoneye.errors import HostileInput
from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.model.alert import Evidence, PackageVerdict

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
        old, new = _name(evidence.old, evidence.file), _name(evidence.new, evidence.file_on_disk)
        return _digest(self.rule, self.sighting.namespace, evidence.path or "", old, new)


def _name(content: Content | None, file: FileIdentity | None) -> str:
    if content:
        return content.sha256
    return f"{file.dev}:{file.ino}" if file else ""


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

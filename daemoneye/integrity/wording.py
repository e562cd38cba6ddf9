"""What an administrator reads: what happened, how sure we are, and how to see it without us.

A text of the host goes into a sentence as it is, because whoever shows the sentence neutralises it; into a command it
goes quoted.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from daemoneye.integrity.territory import HOST
from daemoneye.model.alert import Ownership, Phase, Rule
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.integrity.findings import Finding
    from daemoneye.integrity.sighting import Hashed
    from daemoneye.model.alert import Evidence, PackageVerdict, Shortfall


def message(finding: Finding) -> str:
    return _SENTENCES[finding.rule](finding)


def _mismatch(finding: Finding) -> str:
    evidence = finding.evidence
    if evidence.on_disk is OnDisk.DELETED:
        listed = f": {_package(evidence.package)} still lists it" if evidence.package.name else ""
        return (
            f"{_who(finding)} runs a program whose file {evidence.path} was deleted, and no package explains it"
            f"{listed}. {_sure_of(finding.sighting.running, 'the running image')}"
        )
    return (
        f"{_who(finding)} runs a program whose file {evidence.path} was replaced by another, and no package explains it"
        f"{_owner(evidence.package)}. {_proof(finding)}"
    )


def _restart(finding: Finding) -> str:
    evidence = finding.evidence
    package = _package(evidence.package)
    if evidence.on_disk is OnDisk.DELETED:
        return (
            f"{_who(finding)} still runs {evidence.path}, which its package no longer holds: restart or stop it. "
            "The content that runs is the one that the package brought."
        )
    return (
        f"{_who(finding)} still runs what {evidence.path} was before it was updated to {package}: restart it. "
        "The file there has the digest that the package database lists for it."
    )


def _content(finding: Finding) -> str:
    evidence = finding.evidence
    runs = finding.sighting.running.sha256 == (evidence.new.sha256 if evidence.new else None)
    what = f"{_who(finding)} runs {evidence.path} with" if runs else f"The file {evidence.path} has"
    return f"{what} a content other than the one recorded for it{_owner(evidence.package)}. {_proof(finding)}"


def _binary(finding: Finding) -> str:
    evidence = finding.evidence
    return (
        f"{evidence.path}, run by {_who(finding)}, is only {evidence.similarity} % similar to what is recorded for it: "
        "more than a patch. Similarity is an estimate; that the content differs at all is proven by SHA-256."
    )


def _fileless(finding: Finding) -> str:
    return (
        f"{_who(finding)} runs from memory: its program is {finding.evidence.path}, a file that never had a name. "
        f"{_sure_of(finding.sighting.running, 'the running image')}"
    )


_SENTENCES: Final[dict[Rule, Callable[[Finding], str]]] = {
    Rule.DISK_MISMATCH: _mismatch,
    Rule.RESTART_REQUIRED: _restart,
    Rule.CONTENT_CHANGED: _content,
    Rule.BINARY_CHANGE: _binary,
    Rule.FILELESS: _fileless,
}


def shortfall(state: Shortfall) -> str:
    counts = ", ".join(f"{count} {reason}" for reason, count in state.counts) or "nothing counted"
    subject = "Digests that were due" if state.cause == DIGESTS else f"The child {state.cause}"
    if state.phase is Phase.START:
        missing = "could not be had" if state.cause == DIGESTS else "is not at work"
        return f"{subject} {missing} ({counts}): what was not looked at is not known to be right."
    back = "can be had again" if state.cause == DIGESTS else "is at work again"
    return f"{subject} {back}. In the meantime: {counts}."


DIGESTS: Final = "digests"  # the one cause that is not a child


def _who(finding: Finding) -> str:
    process = finding.sighting.process
    return f"{process.name} (pid {process.pid})"


def _package(verdict: PackageVerdict) -> str:
    return " ".join(part for part in (verdict.name, verdict.version) if part) or "a package"


def _owner(verdict: PackageVerdict) -> str:
    match verdict.ownership:
        case Ownership.UNOWNED:
            return ": no package owns it"
        case Ownership.DIFFERS:
            return f": it belongs to {_package(verdict)} but is not what that package brought"
        case Ownership.UNKNOWN if verdict.name:
            return f": it belongs to {_package(verdict)}, but {verdict.reason}"
        case Ownership.UNKNOWN if verdict.reason:
            return f" ({verdict.reason})"
        case _:
            return ""


def _proof(finding: Finding) -> str:
    evidence = finding.evidence
    if not (evidence.old and evidence.new):
        missing = finding.sighting.running if not evidence.old else finding.sighting.there
        return f"That it is another file is certain; the contents were not compared{_why(missing)}."
    if evidence.similarity is None:
        alike = f"how much is not to be told: {evidence.not_comparable}"
    else:
        alike = f"the two are {evidence.similarity} % similar"
    return f"That the contents differ is certain, by SHA-256; {alike}."


def _sure_of(hashed: Hashed, what: str) -> str:
    if hashed.content:
        return f"This is certain; the digests are those of {what}."
    return f"This is certain; {what} has no digest{_why(hashed)}."


def _why(hashed: Hashed) -> str:
    return f" ({hashed.status.label})" if hashed.status else ""


def recheck(finding: Finding) -> tuple[str, ...]:
    return tuple(_commands(finding.sighting.process.pid, finding.evidence, finding.sighting.namespace == HOST))


def _commands(pid: int, evidence: Evidence, at_home: bool) -> Iterator[str]:
    yield f"ls -l /proc/{pid}/exe"
    yield f"sha256sum /proc/{pid}/exe"
    if evidence.path is None or evidence.on_disk is OnDisk.MEMFD:
        return
    path = shlex.quote(evidence.path if at_home else f"/proc/{pid}/root{evidence.path}")
    if evidence.on_disk is not OnDisk.DELETED:
        yield f"sha256sum -- {path}"
    if evidence.package.database == "rpm":
        yield f"rpm -qf {path}"
        yield f"rpm -Vf {path}"
    elif evidence.package.database:
        yield f"dpkg -S {path}"
    if evidence.package.database == "dpkg" and evidence.package.name:
        yield f"dpkg -V {shlex.quote(evidence.package.name)}"

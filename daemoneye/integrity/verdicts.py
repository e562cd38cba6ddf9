"""What to make of one sighting: pure judgement, without memory.

Two questions are asked of every image. Is it still what lies at its path (``mismatch``)? And is it what was trusted
there before (``change``)? SHA-256 answers both; ssdeep says how far apart two contents are, and the package database
who put them there. The reference of a baseline is what the second question is about, so it is asked of what runs. Of
what merely lies there it is asked only when a package says that its own file has been tampered with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from daemoneye.integrity.baselines import Baseline, Source
from daemoneye.integrity.findings import Finding, evidence_of, likeness
from daemoneye.integrity.sighting import Need
from daemoneye.integrity.territory import HOST
from daemoneye.model.alert import Ownership, PackageVerdict, Rule, Severity
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.integrity.findings import Compare
    from daemoneye.integrity.sighting import Sighting
    from daemoneye.model.alert import Content

# How long an alert may wait for answers that would change or enrich it: dpkg renames the files of a large package one
# by one, each written through to the disk, before its database knows them.
PATIENCE_MS: Final = 120_000
_FOREIGN: Final = PackageVerdict(reason="the package database of another mount namespace is not asked")
_NAMELESS: Final = PackageVerdict(reason="a program without a path is nobody's")
_SWITCHED_OFF: Final = PackageVerdict(reason="package verdicts are switched off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    compare: Compare
    similarity_threshold: int = 80
    package_verdicts: bool = True

    def asks_about(self, namespace: str) -> bool:
        return self.package_verdicts and namespace == HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    findings: tuple[Finding, ...] = ()
    needs: frozenset[Need] = frozenset()
    put_off: bool = False  # until they are answered; else nothing waits for them
    baseline: Baseline | None = None  # as it should be from now on, if it should change


def judge(sighting: Sighting, baseline: Baseline | None, policy: Policy, now_ms: int) -> Judgement:
    """Judge when everything is known, or when it has been waited for long enough."""
    needs = frozenset(_needs(sighting, baseline, policy))
    if needs and 0 <= now_ms - sighting.detected_ms < PATIENCE_MS:
        return Judgement(needs=needs, put_off=True)
    case = _Case(sighting, baseline, policy)
    if sighting.on_disk is OnDisk.MEMFD:
        return Judgement(findings=(case.fileless(),))
    findings = (*case.mismatch(), *case.change())
    after = case.after(now_ms, alarmed=any(finding.severity > Severity.INFO for finding in findings))
    return Judgement(findings=findings, needs=_wishes(sighting, after or baseline, policy), baseline=after)


def _needs(sighting: Sighting, baseline: Baseline | None, policy: Policy) -> Iterator[Need]:
    """What could still turn the verdict. A first sight is silent, whatever the package says."""
    if not sighting.running.answered:
        yield Need.RUNNING
    if sighting.on_disk is OnDisk.REPLACED and not sighting.there.answered:
        yield Need.THERE
    if sighting.package is not None or sighting.key is None or not policy.asks_about(sighting.namespace):
        return
    if sighting.lost_its_file or (_is_in_place(sighting) and baseline and _is_news(sighting, baseline)):
        yield Need.PACKAGE


def _is_in_place(sighting: Sighting) -> bool:
    """Whether what runs is what lies at its path: then a verdict on the one is a verdict on the other."""
    return sighting.on_disk is OnDisk.PRESENT


def _is_news(sighting: Sighting, baseline: Baseline) -> bool:
    """Whether the running content is not what it should be. A path that moved on is the other question's business."""
    sha256 = sighting.running.sha256
    if sha256 is None or sha256 == baseline.reference.sha256:
        return False
    return _is_in_place(sighting) or not baseline.was_trusted(sha256)


def _wishes(sighting: Sighting, after: Baseline | None, policy: Policy) -> frozenset[Need]:
    """Whose a new program is, is good to know, and so is what runs, however late; but nothing waits for it."""
    unasked = after is not None and after.package is None and sighting.package is None
    asked_now = unasked and _is_in_place(sighting) and policy.asks_about(sighting.namespace)
    wishes = {Need.PACKAGE: asked_now, Need.RUNNING: sighting.key is not None and not sighting.running.answered}
    return frozenset(need for need, wished in wishes.items() if wished)


class _Case:
    def __init__(self, sighting: Sighting, baseline: Baseline | None, policy: Policy) -> None:
        self._sighting = sighting
        self._baseline = baseline
        self._policy = policy
        self._running = sighting.running.content
        self._package = self._verdict()

    def fileless(self) -> Finding:
        return self._finding(Rule.FILELESS, old=self._running, new=None)

    def mismatch(self) -> Iterator[Finding]:
        if not self._sighting.lost_its_file:
            return
        there = self._sighting.there.content if self._sighting.on_disk is OnDisk.REPLACED else None
        if self._running and there and self._running.sha256 == there.sha256:
            return  # reinstalled, or an overlay that shows one file under two inodes
        rule = Rule.RESTART_REQUIRED if self._is_explained() else Rule.DISK_MISMATCH
        yield self._finding(rule, old=self._running, new=there)
        if self._package.ownership is Ownership.DIFFERS and self._baseline and there:
            yield from self._changes(self._baseline, there, self._package)

    def change(self) -> Iterator[Finding]:
        if self._running is None or self._baseline is None or not _is_news(self._sighting, self._baseline):
            return
        if self._is_verified():
            return
        concerns_us = _is_in_place(self._sighting)
        yield from self._changes(self._baseline, self._running, self._package if concerns_us else PackageVerdict())

    def after(self, now_ms: int, *, alarmed: bool) -> Baseline | None:
        """Seed, follow or move the baseline; ``None``: it stays as it is."""
        key, running, before = self._sighting.key, self._running, self._baseline
        if key is None:
            return None
        if before is None:
            seeds = running if not self._sighting.lost_its_file else None
            return self._with_package(Baseline.seeded(key, seeds, now_ms)) if seeds else None
        if running and self._is_verified() and running.sha256 != before.reference.sha256:
            return before.moved(running, Source.PACKAGE, now_ms, self._package)
        after = self._with_package(self._followed(before, now_ms, alarmed=alarmed))
        return after if after != before else None

    def _followed(self, before: Baseline, now_ms: int, *, alarmed: bool) -> Baseline:
        """Note what was seen; an open finding is closed by the right program, if nothing is wrong about its file."""
        running = self._running
        right = running is not None and running.sha256 == before.reference.sha256
        return replace(
            before,
            # ssdeep may have been switched off when the reference was taken
            reference=running if running and right and before.reference.ssdeep is None else before.reference,
            last=running if running and _is_in_place(self._sighting) else before.last,
            open=alarmed or (before.open and not right),
            last_seen_ms=now_ms if before.is_stale(now_ms) else before.last_seen_ms,
        )

    def _is_verified(self) -> bool:
        return _is_in_place(self._sighting) and self._package.ownership is Ownership.MATCHES

    def _is_explained(self) -> bool:
        """Whether a package put something else there, or took away what was its own.

        What runs must have been trusted, if anything is known about it: otherwise somebody has put the right file back
        over a wrong one that still runs.
        """
        baseline, sha256 = self._baseline, self._sighting.running.sha256
        if baseline and sha256 and not baseline.was_trusted(sha256):
            return False
        if self._sighting.on_disk is OnDisk.REPLACED:
            return self._package.ownership is Ownership.MATCHES
        was_packaged = baseline is not None and baseline.source is Source.PACKAGE and sha256 is not None
        return was_packaged and self._package.ownership is Ownership.UNOWNED

    def _verdict(self) -> PackageVerdict:
        if not self._policy.package_verdicts:
            return _SWITCHED_OFF
        if self._sighting.namespace != HOST:
            return _FOREIGN
        if self._sighting.key is None:
            return _NAMELESS
        return self._sighting.package or PackageVerdict(reason="no answer in time")

    def _with_package(self, baseline: Baseline) -> Baseline:
        """Note whose the reference is, as soon as that is known."""
        answer = self._sighting.package
        known = baseline.package or self._sighting.running.sha256 != baseline.reference.sha256
        if answer is None or known or not _is_in_place(self._sighting):
            return baseline
        proven = answer.ownership is Ownership.MATCHES and baseline.source is Source.SEEDED
        return replace(baseline, package=answer, source=Source.PACKAGE if proven else baseline.source)

    def _changes(self, baseline: Baseline, new: Content, package: PackageVerdict) -> Iterator[Finding]:
        if new.sha256 == baseline.reference.sha256:
            return
        tampered = package.ownership is Ownership.DIFFERS
        severity = Severity.CRITICAL if tampered else Rule.CONTENT_CHANGED.severity
        changed = self._finding(
            Rule.CONTENT_CHANGED, old=baseline.reference, new=new, package=package, severity=severity
        )
        yield changed
        alike = changed.evidence.similarity
        if alike is not None and alike < self._policy.similarity_threshold:
            yield self._finding(Rule.BINARY_CHANGE, old=baseline.reference, new=new, package=package)

    def _finding(
        self,
        rule: Rule,
        *,
        old: Content | None,
        new: Content | None,
        package: PackageVerdict | None = None,
        severity: Severity | None = None,
    ) -> Finding:
        return Finding(
            rule=rule,
            severity=severity or rule.severity,
            sighting=self._sighting,
            evidence=evidence_of(
                self._sighting,
                old=old,
                new=new,
                alike=likeness(old, new, self._policy.compare),
                package=package or self._package,
            ),
        )

"""Alerts from findings: everything that a formatter needs, in one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.integrity import wording
from daemoneye.model.alert import Alert, Rule

if TYPE_CHECKING:
    from daemoneye.integrity.findings import Finding
    from daemoneye.integrity.sighting import Now
    from daemoneye.model.alert import Shortfall


def of_finding(finding: Finding, alert_id: str, now: Now, suppressed: int) -> Alert:
    sighting = finding.sighting
    return Alert(
        id=alert_id,
        rule=finding.rule,
        severity=finding.severity,
        wall_ms=now.wall_ms,
        monotonic_ns=now.monotonic_ns,
        boot_id=now.boot_id,
        message=wording.message(finding),
        recheck=wording.recheck(finding),
        process=sighting.process,
        hash=sighting.running.content,
        evidence=finding.evidence,
        suppressed=suppressed,
    )


def of_shortfall(shortfall: Shortfall, alert_id: str, now: Now) -> Alert:
    return Alert(
        id=alert_id,
        rule=Rule.COVERAGE_DEGRADED,
        severity=Rule.COVERAGE_DEGRADED.severity,
        wall_ms=now.wall_ms,
        monotonic_ns=now.monotonic_ns,
        boot_id=now.boot_id,
        message=wording.shortfall(shortfall),
        recheck=("daemoneye status",),
        shortfall=shortfall,
    )

"""The words and numbers of an alert are a contract."""

from __future__ import annotations

import pytest

from daemoneye.model.alert import Rule, Severity

CONTRACT = [
    (Rule.DISK_MISMATCH, "integrity.disk_mismatch", "high"),
    (Rule.BINARY_CHANGE, "integrity.binary_change", "medium"),
    (Rule.CONTENT_CHANGED, "integrity.content_changed", "high"),
    (Rule.RESTART_REQUIRED, "integrity.restart_required", "info"),
    (Rule.FILELESS, "integrity.fileless", "high"),
    (Rule.COVERAGE_DEGRADED, "integrity.coverage.degraded", "medium"),
]


def test_the_list_is_complete() -> None:
    """No rule speaks that is not in the contract."""
    assert [rule for rule, _, _ in CONTRACT] == list(Rule)


@pytest.mark.parametrize(("rule", "name", "severity"), CONTRACT)
def test_a_rule(rule: Rule, name: str, severity: str) -> None:
    """Somebody's filters depend on how it is called and what it is worth."""
    assert rule == name
    assert rule.severity.word == severity
    assert rule.headline


def test_severities() -> None:
    """``event.severity`` is 1, 3, 5, 7, 9 times ten."""
    assert [each.value for each in Severity] == [10, 30, 50, 70, 90]

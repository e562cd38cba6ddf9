"""Trigger rules: each condition has what it needs and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.model.trigger import (
    Analysis,
    HashMismatch,
    MissingExecutable,
    NameMatches,
    PathMatches,
    Priority,
    ResourceAnomaly,
    SuspiciousParentChild,
    Trigger,
)
from daemoneye.settings import Settings, TriggerRule
from daemoneye.settings.nodes import Mapping, Refusal, Scalar, Sequence, Style, node_of
from daemoneye.settings.rules import CONDITIONS, Rule

if TYPE_CHECKING:
    from daemoneye.model.trigger import Condition


def read(**parts: Any) -> TriggerRule:
    return Rule().read(node_of(parts))


def faults(parts: Any) -> list[str]:
    with pytest.raises(Refusal) as refused:
        Rule().read(node_of(parts) if isinstance(parts, dict) else parts)
    return [f"{fault.found}: {fault.expected}" for fault in refused.value.faults]


def test_a_rule_says_when_and_how_urgently() -> None:
    """What is left out has a default."""
    assert read(name="r", when="hash_mismatch") == TriggerRule(
        name="r", condition="hash_mismatch", priority="normal", analysis=("binary_hash",)
    )


def test_a_rule_about_resources_takes_either_limit() -> None:
    """Memory has a unit, processor use is in percent of a core."""
    rule = read(name="r", when="resource_anomaly", memory="2GiB", cpu_percent=150, scans=3)
    assert (rule.memory_bytes, rule.cpu_percent, rule.scans) == (2 << 30, 150, 3)
    assert read(name="r", when="resource_anomaly", cpu_percent=90).memory_bytes is None


@pytest.mark.parametrize(
    ("parts", "complaints"),
    [
        ({}, ["a rule without name and when: name and when"]),
        ({"when": "hash_mismatch"}, ["a rule without name: name and when"]),
        ({"name": "r", "when": "sometimes"}, [f"'sometimes': one of {', '.join(CONDITIONS)}"]),
        ({"nam": "r", "when": "hash_mismatch"}, ["unknown key 'nam': a key of a rule (did you mean 'name'?)",
                                                 "a rule without name: name and when"]),
        ({"name": "r", "when": "name_matches"}, ["name_matches without patterns: a rule that has it"]),
        ({"name": "r", "when": "name_matches", "patterns": []}, ["name_matches without patterns: a rule that has it"]),
        ({"name": "r", "when": "resource_anomaly"},
         ["resource_anomaly without cpu_percent or memory: a rule that has it"]),
        ({"name": "r", "when": "suspicious_parent_child", "parents": ["a"]},
         ["suspicious_parent_child without children: a rule that has it"]),
        ({"name": "r", "when": "hash_mismatch", "patterns": ["a"]},
         ["'patterns' beside hash_mismatch: name_matches or path_matches for it"]),
        ({"name": "r", "when": "hash_mismatch", "priority": "urgent", "analysis": ["yara_scann"]},
         ["'urgent': one of low, normal, high, critical",
          "'yara_scann': one of binary_hash, yara_scan, memory, network, behaviour (did you mean 'yara_scan'?)"]),
    ],
)  # fmt: skip
def test_an_incomplete_or_contradictory_rule_is_refused(parts: dict[str, Any], complaints: list[str]) -> None:
    """A condition that lacks what it needs would never be met, and nobody would notice."""
    assert faults(parts) == complaints


def test_a_glob_may_be_a_number_and_is_no_other_guess_of_yaml() -> None:
    """A program called 7 exists; one called true is in quotes."""
    globs = Sequence(tuple(Scalar(text, Style.PLAIN) for text in ("7", "true", "1.5", "yes")))
    rule = Mapping((
        (Scalar("name"), Scalar("r")), (Scalar("when"), Scalar("name_matches")), (Scalar("patterns"), globs),
    ))  # fmt: skip
    with pytest.raises(Refusal) as refused:
        Rule().read(rule)
    assert [fault.found.split(",")[0] for fault in refused.value.faults] == ["'true'", "'1.5'", "'yes'"]
    assert read(name="r", when="name_matches", patterns=[7, "true"]).patterns == ("7", "true")


def test_a_rule_is_a_mapping() -> None:
    """A bare word is no rule."""
    assert faults(Scalar("x", Style.PLAIN)) == ["'x': a rule: name, when, and what that needs"]


def test_rules_are_written_as_they_are_read() -> None:
    """What is shown can be pasted into a file."""
    for rule in Settings().triggers.rules:
        assert Rule().read(node_of(Rule().write(rule))) == rule


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        ({"when": "missing_executable"}, MissingExecutable()),
        ({"when": "hash_mismatch"}, HashMismatch()),
        (
            {"when": "suspicious_parent_child", "parents": ["nginx"], "children": ["sh"]},
            SuspiciousParentChild(parents=("nginx",), children=("sh",)),
        ),
        (
            {"when": "resource_anomaly", "memory": "1MiB", "scans": 3},
            ResourceAnomaly(memory_bytes=2**20, scans=3),
        ),
        ({"when": "name_matches", "patterns": ["nc"]}, NameMatches(globs=("nc",))),
        ({"when": "path_matches", "patterns": ["/srv/*"]}, PathMatches(globs=("/srv/*",))),
    ],
)
def test_every_condition_that_can_be_written_is_one_that_can_be_evaluated(
    given: dict[str, object], condition: Condition
) -> None:
    """No rule is accepted and then ignored."""
    rule = read(name="r", priority="high", analysis=["network", "memory"], **given)
    assert rule.trigger() == Trigger(
        name="r", condition=condition, priority=Priority.HIGH, analyses=(Analysis.NETWORK, Analysis.MEMORY)
    )

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemoneye.model.alert import Phase, Rule, Severity
from daemoneye.model.process import Container
from daemoneye.outputs import native, ocsf
from tests.fakes.outgoing import ID, MACHINE, NOW_MS, ON_DISK, ORIGIN, PLAIN_EVENTS, RUNNING, alert, shortfall
from tests.fakes.schemas import ocsf_faults


def finding(**other: Any) -> native.Json:
    return ocsf.document(native.of_alert(alert(**other)), 42, ORIGIN)


def activity(number: int, **other: Any) -> native.Json:
    body = native.of_event(PLAIN_EVENTS[number], id=ID, machine=MACHINE, hash=RUNNING)
    return ocsf.document(body | other, 7, ORIGIN)


def test_an_alert_is_a_detection_finding() -> None:
    """A data lake sorts an alert as a detection, with its rule, its id and the schema's version."""
    said = finding()
    assert (said["class_uid"], said["type_uid"], said["category_uid"]) == (2004, 200401, 2)
    assert said["metadata"]["version"] == "1.4.0"
    assert (said["metadata"]["uid"], said["metadata"]["sequence"]) == (ID, 42)
    assert said["finding_info"]["analytic"]["uid"] == "integrity.disk_mismatch"
    assert (said["time"], said["severity_id"], said["is_alert"]) == (NOW_MS, 4, True)


def test_the_evidence_is_what_runs_and_what_lies_there() -> None:
    """Both contents are named by both digests."""
    running, there = finding()["evidences"]
    assert [each["value"] for each in running["process"]["file"]["hashes"]] == [RUNNING.sha256, RUNNING.ssdeep]
    assert [each["algorithm_id"] for each in there["file"]["hashes"]] == [3, 5]
    assert there["file"]["hashes"][0]["value"] == ON_DISK.sha256
    assert (there["file"]["name"], there["file"]["uid"], there["file"]["size"]) == ("httpd", "64769:1234", 99_000)
    assert running["process"]["container"] == {"uid": "c0ffee", "runtime": "docker"}
    assert running["process"]["ancestry"] == [{"pid": 1, "uid": "1" * 32, "name": "init"}]


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("severity", Severity)
def test_every_rule_is_valid(rule: Rule, severity: Severity) -> None:
    """Whatever the rule and severity, the event is one of the schema."""
    assert not ocsf_faults(finding(rule=rule, severity=severity))


@pytest.mark.parametrize("phase", Phase)
def test_degraded_coverage(phase: Phase) -> None:
    """An alert that is about no process is valid without one, and keeps its counts."""
    said = ocsf.document(native.of_alert(shortfall(phase)), 1, ORIGIN)
    assert not ocsf_faults(said)
    assert "evidences" not in said
    assert said["unmapped"]["shortfall"]["counts"] == {"timeout": 3}


def test_events_are_process_activity() -> None:
    """Starts, ends and changes have their activities; what there is none for is 'other', with its name."""
    said = [activity(number) for number in range(4)]
    assert not [fault for each in said for fault in ocsf_faults(each)]
    assert [each["activity_id"] for each in said] == [1, 2, 1, 99]
    assert said[3]["activity_name"] == "Modified"
    assert said[1]["process"]["terminated_time"] == NOW_MS


def test_who_did_it() -> None:
    """A process is started by its parent, and ends or executes by itself, as what it was before."""
    assert activity(0)["actor"]["process"] == {"pid": 1, "uid": "1" * 32, "name": "init"}
    assert activity(1)["actor"]["process"]["pid"] == 4242
    assert activity(2)["actor"]["process"]["file"]["path"] == "/bin/sh"
    assert activity(2)["process"]["file"]["path"] == "/usr/sbin/httpd"


def test_a_start_by_nobody_known() -> None:
    """Without a parent the process itself is named: the schema demands an actor."""
    body = native.of_event(PLAIN_EVENTS[0], id=ID, machine=MACHINE)
    del body["ancestors"], body["process"]["parent_pid"]
    said = ocsf.document(body, 1, ORIGIN)
    assert not ocsf_faults(said)
    assert said["actor"]["process"]["pid"] == 4242


def test_a_container_without_an_id_is_none() -> None:
    """What is only a control group is not called a container."""
    evidence = alert().evidence
    assert evidence
    said = finding(evidence=replace(evidence, container=Container(cgroup_path="/system.slice")))
    assert "container" not in said["evidences"][0]["process"]
    assert said["unmapped"]["evidence"]["container"] == {"cgroup_path": "/system.slice"}


@pytest.mark.parametrize(("user", "said"), [("33", {"uid": "33"}), ("www", {"name": "www"}), (None, None)])
def test_users(user: str | None, said: dict[str, str] | None) -> None:
    """A number is a user's id and anything else a name."""
    process = alert().process
    assert process
    assert finding(process=replace(process, user=user))["evidences"][0]["process"].get("user") == said

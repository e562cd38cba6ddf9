from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemoneye.model.alert import Phase, Rule, Severity
from daemoneye.outputs import ecs, native
from tests.fakes.outgoing import ID, MACHINE, ON_DISK, ORIGIN, PLAIN_EVENTS, RUNNING, alert, shortfall
from tests.fakes.schemas import ecs_faults


def document(**other: Any) -> native.Json:
    return ecs.document(native.of_alert(alert(**other)), 42, ORIGIN)


def event_document(number: int) -> native.Json:
    return ecs.document(native.of_event(PLAIN_EVENTS[number], id=ID, machine=MACHINE), 7, ORIGIN)


def test_the_fields_that_were_promised() -> None:
    """Dashboards find an alert's fields where the contract says they are."""
    said = document()
    assert said["@timestamp"] == "2027-01-15T08:00:00.123Z"
    assert said["message"] == alert().message
    assert said["event"]["id"] == ID
    assert (said["event"]["sequence"], said["event"]["severity"], said["event"]["kind"]) == (42, 70, "alert")
    assert said["rule"] == {"id": "integrity.disk_mismatch", "name": "On-disk executable mismatch"}
    assert (said["process"]["pid"], said["process"]["entity_id"]) == (4242, "e" * 32)
    assert said["process"]["executable"] == "/usr/sbin/httpd"
    assert said["process"]["hash"] == {"sha256": RUNNING.sha256, "ssdeep": RUNNING.ssdeep}
    assert said["daemoneye"]["severity"] == "high"
    assert said["daemoneye"]["evidence"]["similarity"] == 38


def test_what_runs_and_what_lies_there_are_told_apart() -> None:
    """The process has the digest of the running image, the file that of what its path leads to now."""
    said = document()
    assert said["file"] == {
        "path": "/usr/sbin/httpd",
        "inode": "1234",
        "device": "64769",
        "size": 99_000,
        "mtime": "2023-11-14T22:13:20.500Z",
        "ctime": "2001-09-09T01:46:40.000Z",
        "hash": {"sha256": ON_DISK.sha256, "ssdeep": ON_DISK.ssdeep},
    }
    assert said["package"] == {"name": "httpd", "version": "2.4"}
    assert said["container"] == {"id": "c0ffee", "runtime": "docker"}


def test_the_command_line_can_be_pasted() -> None:
    """Arguments with blanks are quoted in the one line that rules look at."""
    assert document()["process"]["command_line"] == "httpd -f '/etc/my httpd.conf'"
    assert document()["process"]["args_count"] == 3


@pytest.mark.parametrize(("user", "said"), [("33", {"id": "33"}), ("www-data", {"name": "www-data"}), (None, None)])
def test_users(user: str | None, said: dict[str, str] | None) -> None:
    """A number is a user's id and anything else a name."""
    process = alert().process
    assert process
    assert document(process=replace(process, user=user))["process"].get("user") == said


def test_the_parent_has_a_name_if_it_is_the_one() -> None:
    """The name of a parent that has died is not given to the process that took its place."""
    process = alert().process
    assert process
    assert document()["process"]["parent"] == {
        "pid": 1,
        "entity_id": "1" * 32,
        "name": "init",
        "executable": "/sbin/init",
    }
    assert document(process=replace(process, parent_pid=99))["process"]["parent"] == {"pid": 99}
    assert document(process=replace(process, parent_pid=None), evidence=None)["process"].get("parent") is None


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("severity", Severity)
def test_every_rule_is_an_official_kind_of_event(rule: Rule, severity: Severity) -> None:
    """Whatever the rule, its categories and types are ones that the schema allows together."""
    said = document(rule=rule, severity=severity)
    assert not ecs_faults(said)
    assert said["event"]["severity"] == severity


@pytest.mark.parametrize("phase", Phase)
def test_degraded_coverage_starts_and_ends(phase: Phase) -> None:
    """A shortfall is about the host, and is a start or an end."""
    said = ecs.document(native.of_alert(shortfall(phase)), 1, ORIGIN)
    assert not ecs_faults(said)
    assert (said["event"]["category"], said["event"]["type"]) == (["host"], [phase])
    assert said["daemoneye"]["shortfall"]["counts"] == {"timeout": 3}
    assert "process" not in said


def test_events() -> None:
    """Starts, ends and changes of processes are those of the schema."""
    said = [event_document(number) for number in range(4)]
    assert [each["event"]["type"] for each in said] == [["start"], ["end"], ["start"], ["change"]]
    assert [each["event"]["dataset"] for each in said] == ["daemoneye.process"] * 4
    assert not [fault for each in said for fault in ecs_faults(each)]
    assert said[1]["process"]["end"] == said[1]["@timestamp"]
    assert said[2]["process"]["previous"] == {"args": ["sh", "x"], "executable": "/bin/sh"}
    assert said[0]["daemoneye"]["process"]["session"] == 4242
    assert said[0]["host"]["boot"]["id"] == MACHINE.boot_id


@pytest.mark.parametrize(("ms", "text"), [(-5, "1970-01-01T00:00:00.000Z"), (2**63, "9999-12-31T23:59:59.999Z")])
def test_a_clock_set_wrong(ms: int, text: str) -> None:
    """A clock that cannot be right still gives a time that receivers can read."""
    assert ecs.timestamp(ms) == text

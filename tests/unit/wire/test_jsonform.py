from __future__ import annotations

import json
import math
from typing import Any

import pytest

from daemoneye.model.other_domains import PerformanceRecord
from daemoneye.model.process import LinuxMetadata, OnDisk, ProcessRecord
from daemoneye.model.task import DetectionResult, DetectionTask, ProcessFilter, TaskType
from daemoneye.wire.errors import MessageError
from daemoneye.wire.jsonform import from_json, to_json

BARE = {
    "pid": 1,
    "name": "sh",
    "command_line": [],
    "accessible": True,
    "file_exists": True,
    "collection_time": 0,
    "on_disk_mismatch": False,
    "ssdeep_degraded": False,
    "on_disk": "present",
    "kernel_thread": False,
    "hash_status": "unspecified",
    "unread": {},
}


def test_a_record_has_the_names_of_proto_and_leaves_out_what_is_not_known() -> None:
    """A script finds a field under its documented name, or finds that it is not known."""
    assert to_json(ProcessRecord(pid=1, name="sh", accessible=True, file_exists=True, on_disk=OnDisk.PRESENT)) == BARE


def test_what_the_disk_holds_is_not_claimed_when_it_could_not_be_seen() -> None:
    """'Unknown' is never shown as 'there is no file'."""
    form = to_json(ProcessRecord(pid=1))
    assert form["on_disk"] == "unknown"
    assert not {"file_exists", "on_disk_mismatch"} & form.keys()


def test_what_a_peer_said_about_the_disk_is_kept() -> None:
    """A peer that knows file_exists but not on_disk is quoted in full."""
    form = to_json(ProcessRecord(pid=1, file_exists=True))
    assert form["file_exists"] is True
    assert "on_disk_mismatch" not in form


def test_an_unread_field_is_absent_and_the_reason_is_there() -> None:
    """An empty command line and one that could not be read look different."""
    unread = (("command_line", "permission"), ("on_disk", "permission"))
    form = to_json(ProcessRecord(pid=1, unread=unread))
    assert "command_line" not in form
    assert form["unread"] == {"command_line": "permission", "on_disk": "permission"}
    assert form["on_disk"] == "unknown"


def test_nested_values_lists_and_maps_are_plain_json() -> None:
    """Tools like jq need no special knowledge."""
    linux = LinuxMetadata(environment=(("HOME", "/root"),), seccomp_mode=2)
    form = to_json(ProcessRecord(pid=1, memory_usage=2**64 - 1, command_line=("sh", "-c"), linux=linux))
    assert form["linux"] == {"seccomp_mode": 2, "listening": [], "environment": {"HOME": "/root"}}
    assert form["command_line"] == ["sh", "-c"]
    assert json.loads(json.dumps(form))["memory_usage"] == 2**64 - 1


def test_a_task_type_keeps_the_name_that_clients_know() -> None:
    """Enumerations read as words, task types as in proto/; a number without a name keeps its number."""
    assert to_json(DetectionTask(task_id="t")) == {"task_id": "t", "task_type": "ENUMERATE_PROCESSES"}
    assert to_json(DetectionTask(task_type=TaskType(99)))["task_type"] == "UNRECOGNISED_99"
    assert from_json(DetectionTask, {"task_type": "UNRECOGNISED_99"}).task_type == 99
    assert from_json(ProcessRecord, {"on_disk": "unrecognised_-5"}).on_disk == -5


@pytest.mark.parametrize(("number", "word"), [(math.inf, "Infinity"), (-math.inf, "-Infinity"), (math.nan, "NaN")])
def test_numbers_without_digits_are_words(number: float, word: str) -> None:
    """What is printed is JSON, whatever a peer measured."""
    form = to_json(PerformanceRecord(value=number))
    assert form["value"] == word
    assert repr(from_json(PerformanceRecord, form).value) == repr(number)


def test_fields_of_a_newer_release_survive_json() -> None:
    """An archive of JSON lines loses nothing either."""
    record = ProcessRecord(pid=1, unknown=b"\xba\x3e\x03new")
    assert to_json(record)["unknown"] == "uj4DbmV3"
    assert from_json(ProcessRecord, to_json(record)) == record


def test_silence_means_the_default() -> None:
    """A hand-written task needs to say only what it wants."""
    form = {"task_id": "t", "process_filter": {"pids": [1]}}
    assert from_json(DetectionTask, form) == DetectionTask(task_id="t", process_filter=ProcessFilter(pids=(1,)))


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ([], "ProcessRecord: list: expected dict"),
        (None, "ProcessRecord: NoneType: expected dict"),
        ({"pidd": 1}, "'pidd': expected one of its fields"),
        ({5: 1}, "5: expected one of its fields"),
        ({"pid": "1"}, "pid: str: expected int"),
        ({"pid": True}, "pid: bool: expected int"),
        ({"pid": None}, "pid: NoneType: expected int"),
        ({"pid": -1}, "pid: -1: expected 0 to 4294967295: expected the JSON form"),
        (
            {"start_time": 2**63},
            f"start_time: {2**63}: expected {-(2**63)} to {2**63 - 1}",
        ),
        ({"pid": 1.0}, "pid: float: expected int"),
        ({"accessible": 1}, "accessible: int: expected bool"),
        ({"cpu_usage": 10**400}, "00: expected a number that a double can hold"),
        ({"cpu_usage": "1"}, "cpu_usage: str: expected float"),
        ({"name": "\udc80"}, r"name: '\udc80': expected text without halves of characters"),
        ({"unread": {"\udc80": "gone"}}, r"unread: '\udc80': expected text without halves of characters"),
        ({"command_line": "sh"}, "command_line: str: expected list"),
        ({"command_line": [1]}, "command_line: int: expected str"),
        ({"unread": []}, "unread: list: expected dict"),
        ({"unread": {1: "gone"}}, "unread: int: expected str"),
        ({"on_disk": 1}, "on_disk: int: expected str"),
        ({"on_disk": "here"}, "on_disk: 'here': expected one of unknown, present, deleted, replaced, memfd"),
        ({"on_disk": ""}, "on_disk: '': expected one of unknown"),
        ({"on_disk": "Present"}, "on_disk: 'Present': expected one of"),
        ({"on_disk": "1"}, "on_disk: '1': expected one of"),
        ({"on_disk": "unrecognised_1"}, "on_disk: 'unrecognised_1': expected one of"),
        ({"on_disk": "unrecognised_099"}, "on_disk: 'unrecognised_099': expected one of"),
        ({"on_disk": "UNRECOGNISED_99"}, "on_disk: 'UNRECOGNISED_99': expected one of"),
        ({"on_disk": "unrecognised_ 99"}, "on_disk: 'unrecognised_ 99': expected one of"),
        ({"on_disk": "unrecognised_٩٩"}, "expected one of"),
        ({"on_disk": "unrecognised_9_9"}, "on_disk: 'unrecognised_9_9': expected one of"),
        ({"on_disk": "unrecognised_4294967296"}, "on_disk: 'unrecognised_4294967296': expected one of"),
        ({"linux": {"fd_count": -1}}, "fd_count: -1: expected 0 to"),
        ({"executable_hash": "ab"}, "together or not at all"),
        ({"unknown": "%%"}, "base64"),
        ({"unknown": "ä"}, "unknown: expected base64"),
        ({"unknown": "CAE="}, "ProcessRecord.unknown: holds fields that have names here"),
        ({"unknown": "/w=="}, "ProcessRecord.unknown: bytes that are no fields"),
        ({"unknown": 5}, "unknown: int: expected str"),
    ],
)
def test_json_that_is_no_record_is_an_error_that_names_the_place(form: Any, found: str) -> None:
    """A wrong file is refused with the field that is wrong."""
    with pytest.raises(MessageError, match=r"^ProcessRecord: ") as caught:
        from_json(ProcessRecord, form)
    assert found.lower() in str(caught.value).lower()


def test_an_error_stays_short_however_long_the_value_was() -> None:
    """A hostile file cannot fill the log with one line."""
    for form in ({"p" * 10**6: 1}, {"pid": 10**4000}, {"on_disk": "x" * 10**6}):
        with pytest.raises(MessageError) as caught:
            from_json(ProcessRecord, form)
        assert len(str(caught.value)) < 300


def test_a_result_round_trips_with_its_records() -> None:
    """What was written as JSON is read back as it was."""
    result = DetectionResult.new_success("t", (ProcessRecord(pid=1), ProcessRecord(pid=2, ppid=0)))
    assert from_json(DetectionResult, json.loads(json.dumps(to_json(result)))) == result


def test_a_detail_that_could_not_be_read_is_absent_and_not_empty() -> None:
    """Nobody is told that a process listens nowhere when nobody could look."""
    linux = LinuxMetadata(fd_count=3)
    unread = (("linux.listening", "permission"),)
    form = to_json(ProcessRecord(linux=linux, unread=unread))
    assert form["linux"] == {"fd_count": 3, "environment": {}}
    assert from_json(ProcessRecord, form) == ProcessRecord(linux=linux, unread=unread)

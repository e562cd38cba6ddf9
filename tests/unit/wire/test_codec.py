from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from daemoneye.errors import HostileInput
from daemoneye.model.other_domains import PerformanceFilter
from daemoneye.model.process import (
    Capabilities,
    FileIdentity,
    HashStatus,
    LinuxMetadata,
    ListeningSocket,
    OnDisk,
    ProcessRecord,
)
from daemoneye.model.task import DetectionResult, DetectionTask, HashResult, ProcessFilter, TaskType
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.errors import MessageError
from tests.fakes.nouns import varint

NEWER = b"\xba\x3e\x03new"  # 999 << 3 | 2 = 7994 = ba 3e


def test_fields_of_a_newer_release_are_passed_on_from_the_level_where_they_were() -> None:
    """An old agent between two new ones loses nothing of what they tell each other."""
    identity = b"\x08\x01" + NEWER
    record = b"\x08\x07" + b"\xba\x02" + bytes([len(identity)]) + identity + NEWER
    result = b"\x22" + bytes([len(record)]) + record + NEWER
    found = decode(DetectionResult, result)
    assert found == DetectionResult(
        processes=(ProcessRecord(pid=7, executable_file=FileIdentity(dev=1, unknown=NEWER), unknown=NEWER),),
        unknown=NEWER,
    )
    assert encode(found) == result


def test_changing_a_record_keeps_what_a_newer_release_said() -> None:
    """What is added on the way does not wipe out what is not understood."""
    record = decode(ProcessRecord, b"\x08\x07" + NEWER)
    assert encode(replace(record, name="sh")) == b"\x08\x07\x1a\x02sh" + NEWER


def test_numbers_without_a_name_survive() -> None:
    """A state or a task type of a newer release is passed on, and is nobody else's."""
    task = decode(DetectionTask, b"\x10\x63")
    assert task.task_type == 99
    assert not task.task_type.recognised
    assert encode(task) == b"\x10\x63"
    record = decode(ProcessRecord, b"\x98\x02\x63\xa8\x02\x63")
    assert (record.on_disk, record.hash_status) == (OnDisk(99), HashStatus(99))


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff",  # a tag that never ends
        b"\x0a\x05ab",  # a string longer than the message
        b"\x1a\x02\xff\xfe",  # a name that is not UTF-8
        b"\x0b" * 300,  # groups in groups
        b"\x0c",  # the end of a group that never began
        b"\x07",  # field 0, and a wire type that does not exist
        b"\x4a\x02ab",  # executable_hash alone
        b"\x52\x06sha256",  # hash_algorithm alone
        b"\x4a\x02ab\x52\x00",  # executable_hash and an empty hash_algorithm
    ],
)
def test_what_is_no_record_is_an_error_that_says_so(payload: bytes) -> None:
    """A peer that sends nonsense gets one named error, whatever the nonsense."""
    with pytest.raises(MessageError, match=r"ProcessRecord: .*expected a message") as caught:
        decode(ProcessRecord, payload)
    assert isinstance(caught.value, HostileInput)


def test_a_broken_record_spoils_the_whole_result() -> None:
    """Half of an answer is never taken for the answer."""
    with pytest.raises(MessageError, match="together or not at all"):
        decode(DetectionResult, b"\x22\x02\x08\x01\x22\x04\x4a\x02ab")


def test_a_digest_in_a_result_comes_with_its_algorithm() -> None:
    """Nobody compares a digest without knowing which."""
    with pytest.raises(MessageError, match="hash_value"):
        decode(HashResult, b"\x0a\x02ab")
    assert decode(HashResult, b"\x12\x06sha256") == HashResult(algorithm="sha256")
    assert decode(ProcessRecord, b"\x4a\x00") == ProcessRecord(executable_hash="")


def test_a_success_in_a_result_comes_with_its_digest() -> None:
    """A peer cannot claim that a file is as expected and not say what it is."""
    with pytest.raises(MessageError, match="success without hash_value"):
        decode(HashResult, b"\x20\x01")


def broken(field: str, value: object) -> ProcessRecord:
    return replace(ProcessRecord(), **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pid", -1),
        ("pid", 2**32),
        ("pid", None),
        ("pid", True),
        ("pid", "1"),
        ("pid", 1.5),
        ("start_time", 2**63),
        ("memory_usage", -1),
        ("accessible", 10**40),
        ("cpu_usage", 10**400),
        ("cpu_usage", "1"),
        ("name", 5),
        ("name", "\udc80"),
        ("on_disk", 2**31),
        ("command_line", "sh -c"),
        ("command_line", None),
        ("command_line", (1,)),
        ("unread", {"cwd": "gone"}),
        ("unread", (("cwd", "gone"), ("cwd", "io"))),
        ("unread", (("cwd", 1),)),
        ("linux", FileIdentity()),
        ("unknown", b"\xff"),
        ("unknown", b"\x08\x01"),  # a pid
        ("unknown", "text"),
    ],
)
def test_a_record_that_cannot_be_sent_is_refused_by_field(field: str, value: Any) -> None:
    """A mistake in a program is named where it was made, and never reaches a peer."""
    with pytest.raises(ValueError, match=f"^ProcessRecord.{field}: "):
        encode(broken(field, value))


def test_a_mistake_deep_inside_is_named_with_its_way_there() -> None:
    """One look at the message is enough to find the value."""
    record = ProcessRecord(linux=LinuxMetadata(listening=(ListeningSocket(port=-1),)))
    with pytest.raises(ValueError, match=r"^ProcessRecord.linux: LinuxMetadata.listening: ListeningSocket.port: "):
        encode(record)


@pytest.mark.parametrize("stranger", [5, "text", None, object()])
def test_what_is_no_noun_cannot_be_sent(stranger: Any) -> None:
    """Only what proto/ describes goes out."""
    with pytest.raises(TypeError, match="no message is called so"):
        encode(stranger)


def test_maps_arrive_sorted_and_leave_in_one_order() -> None:
    """The same content is the same bytes, whoever wrote it."""
    one = b"\x1a\x0c\x0a\x01b\x11" + bytes(8)
    two = b"\x1a\x0c\x0a\x01a\x11" + bytes(8)
    found = decode(PerformanceFilter, one + two)
    assert found == PerformanceFilter(min_thresholds=(("a", 0.0), ("b", 0.0)))
    assert encode(found) == two + one


def test_an_absent_part_and_an_empty_part_are_different_things() -> None:
    """'Not known' does not turn into 'nothing' on the way."""
    for record in (ProcessRecord(), ProcessRecord(linux=LinuxMetadata(capabilities=Capabilities()))):
        assert decode(ProcessRecord, encode(record)) == record


def test_absent_numbers_and_zeros_are_different_things() -> None:
    """Parent 0 and an unknown parent stay apart."""
    for ppid in (None, 0):
        assert decode(ProcessRecord, encode(ProcessRecord(ppid=ppid))).ppid == ppid


def test_the_last_of_two_values_counts_and_messages_merge() -> None:
    """Messages cut and joined as protobuf allows mean what protobuf says they mean."""
    found = decode(DetectionTask, b"\x0a\x01a\x1a\x02\x10\x01\x0a\x01b\x1a\x03\x1a\x01*\x10\x01")
    assert found == DetectionTask(
        task_id="b",
        task_type=TaskType.CHECK_PROCESS_HASH,
        process_filter=ProcessFilter(pids=(1,), executable_pattern="*"),
    )


def fill(prefix: bytes, piece: bytes) -> bytes:
    """A message of 64 KiB of ``piece`` inside the field that ``prefix`` opens."""
    body = piece * (65536 // len(piece))
    return prefix + varint(len(body)) + body if prefix else body


@pytest.mark.parametrize(
    ("noun", "payload"),
    [
        (DetectionResult, fill(b"", b"\x22\x00")),  # as many records as fit
        (DetectionTask, fill(b"\x1a", b"\x12\x02\x80\x02")),  # as many numbers that are objects of their own
        (DetectionTask, fill(b"\x1a", b"\x0a\x02ab")),  # as many strings
        (LinuxMetadata, fill(b"", b"\x42\x00")),
        (LinuxMetadata, fill(b"", b"\x4a\x00")),
    ],
)
def test_a_message_costs_memory_in_proportion_to_its_size(noun: type[Any], payload: bytes) -> None:
    """The frame limit is a limit on memory, too, even for what no honest peer would send."""
    decode(noun, b"")
    tracemalloc.start()
    decode(noun, payload)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 250 * len(payload)  # measured: 169 for empty records, two bytes each; below 40 for the others


PARTS: dict[str, DetectionResult | PerformanceFilter] = {
    "lists": DetectionResult(processes=(ProcessRecord(pid=1),) * 4),  # 1 + 4
    "within each other": DetectionResult(  # 1 + 3
        processes=(ProcessRecord(linux=LinuxMetadata(capabilities=Capabilities())),),
    ),
    "maps": PerformanceFilter(min_thresholds=(("a", 1.0), ("b", 2.0)), max_thresholds=(("a", 1.0),)),  # 1 + 3
}
COUNTS = {"lists": 5, "within each other": 4, "maps": 4}


@pytest.mark.parametrize("case", PARTS)
def test_who_has_little_time_says_how_many_parts_a_message_may_have(case: str) -> None:
    """As many are taken, and one more is refused before anything is made of it."""
    noun = PARTS[case]
    payload = encode(noun)
    assert decode(type(noun), payload, most_parts=COUNTS[case]) == noun
    with pytest.raises(MessageError, match=f"more than {COUNTS[case] - 1} messages within each other"):
        decode(type(noun), payload, most_parts=COUNTS[case] - 1)

"""The bytes of tasks and results, by hand from the protobuf encoding rules: the wire cannot drift unnoticed.

A tag is ``field << 3 | wire type``, itself a varint: seven bits a byte, lowest first, 0x80 set on all but the last.
Wire type 0 is a varint, 1 eight bytes, 2 a length and so many bytes: strings, lists, nested messages.
"""

from __future__ import annotations

from typing import Any

import pytest

from daemoneye.model.other_domains import (
    FilesystemFilter,
    FilesystemRecord,
    NetworkFilter,
    NetworkRecord,
    PerformanceFilter,
    PerformanceRecord,
)
from daemoneye.model.process import (
    ProcessRecord,
)
from daemoneye.model.task import (
    AdvancedCapabilities,
    CapabilityRequest,
    CapabilityResponse,
    CollectionCapabilities,
    DetectionResult,
    DetectionTask,
    HashCheck,
    HashResult,
    MonitoringDomain,
    ProcessFilter,
    TaskType,
)
from daemoneye.wire.codec import decode, encode

MINUS_ONE = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"  # 64 bits of ones, seven a byte: int32 is sign-extended, too
ONE_AND_A_HALF = b"\x00\x00\x00\x00\x00\x00\xf8\x3f"  # sign 0, exponent 0x3ff, mantissa .5, lowest byte first

FILTER = ProcessFilter(process_names=("sh", "py*"), pids=(1, 300), executable_pattern="/bin/*")
FILTER_BYTES = (
    b"\x0a\x02sh"  # 1 << 3 | 2 = 0x0a
    b"\x0a\x03py*"  # a repeated string is one entry each
    b"\x12\x03\x01\xac\x02"  # 2 << 3 | 2 = 0x12: repeated numbers are packed; 300 = 0b10_0101100 = ac 02
    b"\x1a\x06/bin/*"  # 3 << 3 | 2 = 0x1a
)
HASH_CHECK = HashCheck(expected_hash="ab", hash_algorithm="sha256", executable_path="/bin/sh")
HASH_CHECK_BYTES = (
    b"\x0a\x02ab"  # 1 << 3 | 2 = 0x0a
    b"\x12\x06sha256"  # 2 << 3 | 2 = 0x12
    b"\x1a\x07/bin/sh"  # 3 << 3 | 2 = 0x1a
)
HASH_RESULT = HashResult(hash_value="ab", algorithm="sha256", file_path="/bin/sh", success=True, error_message="no")
HASH_RESULT_BYTES = (
    b"\x0a\x02ab"  # 1 << 3 | 2 = 0x0a
    b"\x12\x06sha256"  # 2 << 3 | 2 = 0x12
    b"\x1a\x07/bin/sh"  # 3 << 3 | 2 = 0x1a
    b"\x20\x01"  # 4 << 3 | 0 = 0x20
    b"\x2a\x02no"  # 5 << 3 | 2 = 0x2a
)
GOLDEN: dict[str, tuple[Any, bytes]] = {
    "filter": (FILTER, FILTER_BYTES),
    "hash check": (HASH_CHECK, HASH_CHECK_BYTES),
    "hash result": (HASH_RESULT, HASH_RESULT_BYTES),
    "enumerate task": (DetectionTask.new_enumerate("t1"), b"\x0a\x02t1"),  # type 0 is the default: it is not sent
    "hash task": (
        DetectionTask.new_hash_check("t", HASH_CHECK),
        b"\x0a\x01t"  # 1 << 3 | 2 = 0x0a
        b"\x10\x01"  # 2 << 3 | 0 = 0x10
        b"\x22\x15" + HASH_CHECK_BYTES,  # 4 << 3 | 2 = 0x22; 4 + 8 + 9 = 21 = 0x15
    ),
    "task with every filter": (
        DetectionTask(
            task_type=TaskType.COLLECT_PERFORMANCE_METRICS,
            process_filter=FILTER,
            metadata="m",
            network_filter=NetworkFilter(
                protocols=("p",), source_addresses=("s",), destination_addresses=("d",), connection_states=("c",)
            ),
            filesystem_filter=FilesystemFilter(path_patterns=("p",), operation_types=("o",), file_extensions=("f",)),
            performance_filter=PerformanceFilter(
                metric_names=("m",), components=("c",), min_thresholds=(("a", 1.5),), max_thresholds=(("b", 0.0),)
            ),
        ),
        b"\x10\x06"  # 2 << 3 | 0 = 0x10
        b"\x1a\x16" + FILTER_BYTES +  # 3 << 3 | 2 = 0x1a; 4 + 5 + 5 + 8 = 22 = 0x16
        b"\x2a\x01m"  # 5 << 3 | 2 = 0x2a
        b"\x32\x0c"  # 6 << 3 | 2 = 0x32; four times 3
        b"\x0a\x01p\x12\x01s\x1a\x01d\x22\x01c"  # 1..4 << 3 | 2
        b"\x3a\x09"  # 7 << 3 | 2 = 0x3a; three times 3
        b"\x0a\x01p\x12\x01o\x1a\x01f"  # 1..3 << 3 | 2
        b"\x42\x22"  # 8 << 3 | 2 = 0x42; 3 + 3 + 14 + 14 = 34 = 0x22
        b"\x0a\x01m\x12\x01c"  # 1..2 << 3 | 2
        b"\x1a\x0c\x0a\x01a\x11" + ONE_AND_A_HALF +  # 3 << 3 | 2 = 0x1a; in the entry 2 << 3 | 1 = 0x11; 3 + 9
        b"\x22\x0c\x0a\x01b\x11\x00\x00\x00\x00\x00\x00\x00\x00",  # 4 << 3 | 2; an entry is always sent whole
    ),
    "first part of a result": (
        DetectionResult(task_id="t", success=True, processes=(ProcessRecord(pid=1), ProcessRecord())),
        (b"\x0a\x01t"  # 1 << 3 | 2 = 0x0a
        b"\x10\x01"  # 2 << 3 | 0 = 0x10
        b"\x22\x02\x08\x01"  # 4 << 3 | 2 = 0x22
        b"\x22\x00"),  # an empty record is still a record; part 0 and not the last are the defaults
    ),
    "last part of a result": (
        DetectionResult(task_id="t", success=True, hash_result=HASH_RESULT, part=1, last=True),
        b"\x0a\x01t"  # 1 << 3 | 2 = 0x0a
        b"\x10\x01"  # 2 << 3 | 0 = 0x10
        b"\x2a\x1b" + HASH_RESULT_BYTES +  # 5 << 3 | 2 = 0x2a; 4 + 8 + 9 + 2 + 4 = 27 = 0x1b
        b"\x80\x02\x01"  # 32 << 3 | 0 = 256 = 80 02
        b"\x88\x02\x01",  # 33 << 3 | 0 = 264 = 88 02
    ),
    "failed result": (
        DetectionResult.new_failure("t", "no"),
        (b"\x0a\x01t"  # 1 << 3 | 2 = 0x0a
        b"\x1a\x02no"  # 3 << 3 | 2 = 0x1a
        b"\x88\x02\x01"),  # 33 << 3 | 0 = 264 = 88 02
    ),
    "result of other domains": (
        DetectionResult(
            network_events=(
                NetworkRecord(
                    connection_id="c",
                    source_address="s",
                    destination_address="d",
                    protocol="p",
                    state="l",
                    pid=1,
                    bytes_sent=2,
                    bytes_received=3,
                    collection_time=-1,
                ),
            ),
            filesystem_events=(
                FilesystemRecord(
                    operation_id="o",
                    path="p",
                    operation_type="t",
                    pid=1,
                    file_size=2,
                    permissions="m",
                    file_hash="h",
                    collection_time=3,
                ),
            ),
            performance_events=(
                PerformanceRecord(
                    metric_id="i", metric_name="n", value=1.5, unit="u", pid=1, component="c", collection_time=2
                ),
            ),
        ),
        b"\x32\x20"  # 6 << 3 | 2 = 0x32; 5 * 3 + 3 * 2 + 11 = 32 = 0x20
        b"\x0a\x01c\x12\x01s\x1a\x01d\x22\x01p\x2a\x01l\x30\x01\x38\x02\x40\x03"  # 1..5 << 3 | 2, 6..8 << 3 | 0
        b"\x48" + MINUS_ONE +  # 9 << 3 | 0 = 0x48
        b"\x3a\x15"  # 7 << 3 | 2 = 0x3a; 5 * 3 + 3 * 2 = 21 = 0x15
        b"\x0a\x01o\x12\x01p\x1a\x01t\x20\x01\x28\x02\x32\x01m\x3a\x01h\x40\x03"  # 4, 5 and 8 are << 3 | 0
        b"\x42\x19"  # 8 << 3 | 2 = 0x42; 3 + 3 + 9 + 3 + 2 + 3 + 2 = 25 = 0x19
        b"\x0a\x01i\x12\x01n\x19" + ONE_AND_A_HALF +  # 3 << 3 | 1 = 0x19
        b"\x22\x01u\x28\x01\x32\x01c\x38\x02",  # 5 and 7 are << 3 | 0
    ),
    "capability request": (
        CapabilityRequest(
            client_id="c", requested_domains=(MonitoringDomain.PROCESS, MonitoringDomain.NETWORK), client_version="1"
        ),
        (b"\x0a\x01c"  # 1 << 3 | 2 = 0x0a
        b"\x12\x02\x00\x01"  # 2 << 3 | 2 = 0x12: enumerations are numbers, and packed
        b"\x1a\x011"),  # 3 << 3 | 2 = 0x1a
    ),
    "capability response": (
        CapabilityResponse(
            negotiation_success=True,
            capabilities=CollectionCapabilities(
                supported_domains=(MonitoringDomain.PERFORMANCE,),
                advanced=AdvancedCapabilities(kernel_level=True, realtime=True, system_wide=True),
            ),
            error_message="",
            server_version="1",
        ),
        (b"\x08\x01"  # 1 << 3 | 0 = 0x08
        b"\x12\x0b"  # 2 << 3 | 2 = 0x12; 3 + 8 = 11
        b"\x0a\x01\x03"  # 1 << 3 | 2 = 0x0a, packed
        b"\x12\x06\x08\x01\x10\x01\x18\x01"  # 2 << 3 | 2 = 0x12; 1..3 << 3 | 0
        b"\x1a\x00"  # 3 << 3 | 2 = 0x1a; an optional empty string is sent
        b"\x22\x011"),  # 4 << 3 | 2 = 0x22
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GOLDEN)
def test_what_is_sent_is_byte_for_byte_what_the_contract_says(case: str) -> None:
    """A client written against the contract understands every message of this release."""
    noun, wire = GOLDEN[case]
    assert encode(noun) == wire


@pytest.mark.parametrize("case", GOLDEN)
def test_what_the_contract_says_is_understood_in_full(case: str) -> None:
    """A message written against the contract loses nothing in here."""
    noun, wire = GOLDEN[case]
    assert decode(type(noun), wire) == noun

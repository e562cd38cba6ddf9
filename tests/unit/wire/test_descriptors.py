"""The compiled messages against the contract, field by field, and against the nouns that stand for them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto

from daemoneye.wire.codec import decode, encode
from daemoneye.wire.generated import agent_pb2, common_pb2, ipc_pb2
from daemoneye.wire.shape import shape_of
from tests.fakes.nouns import ENUMS, NOUNS

if TYPE_CHECKING:
    from daemoneye.model.open_enum import OpenEnum

# One line a message: number, name, type; "rep" is repeated, "opt" tells absent from zero.
CONTRACT = {
    "ProcessFilter": "1 process_names rep string|2 pids rep uint32|3 executable_pattern opt string",
    "HashCheck": "1 expected_hash string|2 hash_algorithm string|3 executable_path string",
    "HashResult": "1 hash_value string|2 algorithm string|3 file_path string|4 success bool|5 error_message opt string",
    "ProcessRecord": "1 pid uint32|2 ppid opt uint32|3 name string|4 executable_path opt string"
    "|5 command_line rep string|6 start_time opt int64|7 cpu_usage opt double|8 memory_usage opt uint64"
    "|9 executable_hash opt string|10 hash_algorithm opt string|11 user_id opt string|12 accessible bool"
    "|13 file_exists bool|14 collection_time int64|15 ssdeep_hash opt string|16 on_disk_mismatch bool"
    "|17 ssdeep_degraded bool|32 entity_id opt string|33 start_ticks opt uint64|34 boot_id opt string"
    "|35 on_disk OnDisk|36 kernel_thread bool|37 hash_status HashStatus|38 unread rep UnreadEntry"
    "|39 executable_file opt FileIdentity|40 state opt string|41 cpu_time_ms opt uint64|42 cwd opt string"
    "|43 root opt string|44 credentials opt Credentials|45 process_group opt int32|46 session opt int32"
    "|47 tty opt string|48 login_uid opt uint32|49 threads opt uint32|50 linux opt LinuxMetadata",
    "NetworkFilter": "1 protocols rep string|2 source_addresses rep string|3 destination_addresses rep string"
    "|4 connection_states rep string",
    "FilesystemFilter": "1 path_patterns rep string|2 operation_types rep string|3 file_extensions rep string",
    "PerformanceFilter": "1 metric_names rep string|2 components rep string|3 min_thresholds rep MinThresholdsEntry"
    "|4 max_thresholds rep MaxThresholdsEntry",
    "NetworkRecord": "1 connection_id string|2 source_address string|3 destination_address string|4 protocol string"
    "|5 state string|6 pid opt uint32|7 bytes_sent uint64|8 bytes_received uint64|9 collection_time int64",
    "FilesystemRecord": "1 operation_id string|2 path string|3 operation_type string|4 pid opt uint32"
    "|5 file_size opt uint64|6 permissions opt string|7 file_hash opt string|8 collection_time int64",
    "PerformanceRecord": "1 metric_id string|2 metric_name string|3 value double|4 unit string|5 pid opt uint32"
    "|6 component string|7 collection_time int64",
    "AdvancedCapabilities": "1 kernel_level bool|2 realtime bool|3 system_wide bool",
    "CollectionCapabilities": "1 supported_domains rep MonitoringDomain|2 advanced opt AdvancedCapabilities",
    "DetectionTask": "1 task_id string|2 task_type TaskType|3 process_filter opt ProcessFilter"
    "|4 hash_check opt HashCheck|5 metadata opt string|6 network_filter opt NetworkFilter"
    "|7 filesystem_filter opt FilesystemFilter|8 performance_filter opt PerformanceFilter",
    "DetectionResult": "1 task_id string|2 success bool|3 error_message opt string|4 processes rep ProcessRecord"
    "|5 hash_result opt HashResult|6 network_events rep NetworkRecord|7 filesystem_events rep FilesystemRecord"
    "|8 performance_events rep PerformanceRecord|32 part uint32|33 last bool",
    "CapabilityRequest": "1 client_id string|2 requested_domains rep MonitoringDomain|3 client_version opt string",
    "CapabilityResponse": "1 negotiation_success bool|2 capabilities opt CollectionCapabilities"
    "|3 error_message opt string|4 server_version opt string",
    "Envelope": "1 id uint64|2 hello opt Hello|3 welcome opt Welcome|4 refusal opt Refusal"
    "|16 status_request opt StatusRequest|17 health_request opt HealthRequest|18 child_request opt ChildRequest"
    "|19 reload_request opt ReloadRequest|20 processes_request opt ProcessesRequest"
    "|21 entries_request opt EntriesRequest|22 metrics_request opt MetricsRequest"
    "|23 baselines_request opt BaselinesRequest|24 trust_request opt TrustRequest|64 status opt Status"
    "|65 health opt Health|66 accepted opt Accepted|67 processes opt Processes|68 entries opt Entries"
    "|69 metrics opt Metrics|70 baselines opt Baselines",
    "Hello": "1 versions rep uint32|2 client string",
    "Welcome": "1 version uint32|2 server string",
    "Refusal": "1 code RefusalCode|2 text string|3 versions rep uint32",
    "HealthRequest": "1 child opt string",
    "ChildRequest": "1 action ChildAction|2 child string",
    "Accepted": "1 text string",
    "Status": "1 state string|2 pid uint32|3 version string|4 uptime_s double|5 tree uint32|6 children rep ChildReport"
    "|7 coverage opt Coverage|8 sandbox rep ProcessReport|9 findings rep string|10 config opt ConfigReport"
    "|11 reload opt ReloadReport|12 clients opt ClientsReport|13 scan opt ScanReport"
    "|14 journal opt JournalReport|15 sinks rep SinkReport|16 hashing opt HashingStatus"
    "|17 integrity opt IntegrityStatus",
    "Coverage": "1 seen uint64|2 fully_read uint64|3 partly_read uint64|4 partly_read_by_reason rep"
    " PartlyReadByReasonEntry|5 kernel_threads uint64|6 vanished uint64|7 malformed uint64|8 timeout uint64"
    "|9 refused uint64|10 hidden bool|11 started opt uint64|12 exited opt uint64|13 came_and_went_at_most opt uint64"
    "|14 hashed opt uint64|15 not_hashed_by_reason rep NotHashedByReasonEntry",
    "HashingStatus": "1 files rep FilesEntry|2 bytes_read uint64|3 waiting uint64|4 share double"
    "|5 degraded rep DegradedEntry|6 quarantined uint64|7 trouble string",
    "IntegrityStatus": "1 alerts rep AlertsEntry|2 suppressed uint64|3 degraded rep DegradedEntry|4 waiting uint64"
    "|5 packages string|6 baselines uint64|7 trouble string",
    "BaselinesRequest": "1 path opt string|2 after_namespace opt string|3 after_path opt string",
    "TrustRequest": "1 trusts rep Trust|2 part uint32|3 last bool",
    "Trust": "1 path string|2 namespace string|3 sha256 opt string|4 ssdeep opt string",
    "Baselines": "1 baselines rep BaselineEntry|2 last bool",
    "BaselineEntry": "1 namespace string|2 path string|3 sha256 string|4 ssdeep opt string|5 last_sha256 string"
    "|6 last_ssdeep opt string|7 source string|8 since_ms int64|9 first_seen_ms int64|10 last_seen_ms int64"
    "|11 open bool|12 ownership opt string|13 package opt string|14 version opt string",
    "JournalReport": "1 trouble string|2 detail string|3 chain string|4 streams rep StreamReport|5 disk_bytes uint64"
    "|6 recorded uint64|7 pruned uint64|8 waiting uint64|9 refused rep RefusedEntry|10 dropped rep DroppedEntry"
    "|11 alert_file opt AlertFileReport",
    "StreamReport": "1 name string|2 last uint64|3 kept uint64",
    "SinkReport": "1 name string|2 state string|3 trouble string|4 acknowledged uint64|5 set_aside uint64"
    "|6 retries uint64|7 behind uint64|8 last_success_ms opt int64",
    "AlertFileReport": "1 path string|2 last uint64|3 written uint64|4 trouble string|5 detail string",
    "Health": "1 children rep ChildReport",
    "ChildReport": "1 name string|2 pid opt uint32|3 state string|4 restarts uint32|5 uptime_s opt double"
    "|6 heartbeat_age_s opt double|7 privilege string|8 generation uint32|9 last_words string",
    "Processes": "1 records rep ProcessRecord|2 part uint32|3 last bool|4 coverage opt Coverage|5 left_out uint32",
    "EntriesRequest": "1 stream string|2 after opt uint64|3 through opt uint64|4 since_ms opt uint64"
    "|5 until_ms opt uint64|6 at_least opt uint32|7 kind opt string|8 pid opt uint32|9 name opt string"
    "|10 name_glob opt string|11 sha256 opt string|12 entity_id opt string|13 parent_entity_id opt string",
    "Entries": "1 entries rep RecordedEntry|2 reached uint64|3 end uint64|4 left_out uint32",
    "RecordedEntry": "1 stream string|2 sequence uint64|3 id string|4 severity uint32|5 kind string|6 wall_ms int64"
    "|7 monotonic_ns int64|8 boot_id string|9 body string|10 pid opt uint32|11 entity_id opt string"
    "|12 parent_entity_id opt string|13 name opt string|14 sha256 opt string",
    "Metrics": "1 text string",
}
ENUM_VALUES = {
    "TaskType": "ENUMERATE_PROCESSES CHECK_PROCESS_HASH MONITOR_PROCESS_TREE VERIFY_EXECUTABLE "
    "MONITOR_NETWORK_CONNECTIONS TRACK_FILE_OPERATIONS COLLECT_PERFORMANCE_METRICS",
    "MonitoringDomain": "PROCESS NETWORK FILESYSTEM PERFORMANCE",
}
RESERVED = {
    "ProcessRecord": [(18, 31)],
    "DetectionResult": [(9, 31)],
    "Envelope": [(5, 15), (25, 47), (48, 63), (71, 95), (96, 111)],
}
PREFIXES = {
    "OnDisk": "ON_DISK_",
    "HashStatus": "HASH_STATUS_",
    "RefusalCode": "REFUSAL_CODE_",
    "ChildAction": "CHILD_ACTION_",
}
WORDS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_DOUBLE: "double",
}
FILES = (common_pb2.DESCRIPTOR, ipc_pb2.DESCRIPTOR, agent_pb2.DESCRIPTOR)
MESSAGES = {name: message for file in FILES for name, message in file.message_types_by_name.items()}
ENUM_DESCRIPTORS = {name: enum for file in FILES for name, enum in file.enum_types_by_name.items()}


def line_of(field: FieldDescriptor) -> str:
    label = "rep " if field.is_repeated else "opt " if field.has_presence else ""
    named = field.message_type or field.enum_type
    return f"{field.number} {field.name} {label}{named.name if named else WORDS[field.type]}"


@pytest.mark.parametrize("message", CONTRACT)
def test_every_field_has_the_number_and_the_type_of_the_contract(message: str) -> None:
    """Programs compiled against an earlier release read this one's messages."""
    assert "|".join(line_of(field) for field in MESSAGES[message].fields) == CONTRACT[message]


@pytest.mark.parametrize("enum", ENUM_VALUES)
def test_enumerations_have_the_names_and_numbers_of_the_contract(enum: str) -> None:
    """A task type means the same on both sides."""
    assert [(value.name, value.number) for value in ENUM_DESCRIPTORS[enum].values] == [
        (name, number) for number, name in enumerate(ENUM_VALUES[enum].split())
    ]


@pytest.mark.parametrize("message", MESSAGES)
def test_numbers_that_others_may_grow_into_are_reserved(message: str) -> None:
    """A later release of the upstream protocol cannot collide with what we added."""
    described = DescriptorProto()
    MESSAGES[message].CopyToProto(described)
    found = [(span.start, span.end - 1) for span in described.reserved_range]
    assert found == RESERVED.get(message, [])


def test_every_message_and_enumeration_has_its_noun() -> None:
    """Nothing on the wire is out of reach of a Python client."""
    assert {noun.__name__ for noun in NOUNS} == MESSAGES.keys()
    assert {enum.__name__ for enum in ENUMS} == ENUM_DESCRIPTORS.keys()


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_has_the_fields_of_its_message_in_their_order(noun: type) -> None:
    """What proto/ documents is what a Python client finds, under the same names."""
    names = [field.name for field in fields(noun)]
    assert names == [field.name for field in MESSAGES[noun.__name__].fields] + ["unknown"]
    assert [field.name for field in shape_of(noun).fields] == names[:-1]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_in_which_nothing_is_said_is_an_empty_message(noun: type) -> None:
    """A default in Python means the same as silence on the wire."""
    assert encode(noun()) == b""
    assert decode(noun, b"") == noun()


@pytest.mark.parametrize("enum", ENUMS)
def test_a_noun_enumeration_has_the_members_of_its_message(enum: type[OpenEnum]) -> None:
    """Names of states are the same in Python, in JSON and in proto/."""
    prefix = PREFIXES.get(enum.__name__, "")
    described = ENUM_DESCRIPTORS[enum.__name__].values
    assert [(prefix + member.name, member.value) for member in enum] == [(v.name, v.number) for v in described]


def test_a_class_that_is_no_message_cannot_be_sent() -> None:
    """A mistake in a program that uses the client is named at once."""
    with pytest.raises(TypeError, match="int: no message is called so"):
        shape_of(int)

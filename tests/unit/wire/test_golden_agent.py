"""The bytes of the conversation on agent.sock, by hand from the protobuf encoding rules, as in test_golden_tasks.py."""

from __future__ import annotations

import pytest

from daemoneye.model.agent import (
    BODIES,
    Accepted,
    Body,
    ChildAction,
    ChildRequest,
    Envelope,
    HealthRequest,
    Hello,
    Processes,
    ProcessesRequest,
    Refusal,
    RefusalCode,
    ReloadRequest,
    StatusRequest,
    Welcome,
)
from daemoneye.model.coverage import Coverage
from daemoneye.model.lookup import Entries, EntriesRequest, Metrics, MetricsRequest, RecordedEntry
from daemoneye.model.process import ProcessRecord
from daemoneye.model.status import (
    ChildReport,
    ClientsReport,
    ConfigReport,
    HashingStatus,
    Health,
    IntegrityStatus,
    ProcessReport,
    ReloadReport,
    ScanReport,
    Status,
)
from daemoneye.model.trust import BaselineEntry, Baselines, BaselinesRequest, Trust, TrustRequest
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.errors import MessageError

ONE_AND_A_HALF = b"\x00\x00\x00\x00\x00\x00\xf8\x3f"

CHILD = ChildReport(
    name="c", pid=9, state="running", restarts=1, uptime_s=1.5, heartbeat_age_s=0.0, privilege="none", generation=2
)
CHILD_BYTES = (
    b"\x0a\x01c\x10\x09\x1a\x07running\x20\x01"  # 1 << 3 | 2, 2 << 3 | 0, 3 << 3 | 2, 4 << 3 | 0
    b"\x29" + ONE_AND_A_HALF +  # 5 << 3 | 1 = 0x29
    b"\x31\x00\x00\x00\x00\x00\x00\x00\x00"  # 6 << 3 | 1 = 0x31: optional, so that zero is sent
    b"\x3a\x04none\x40\x02"  # 7 << 3 | 2, 8 << 3 | 0
)  # fmt: skip
COVERAGE = Coverage(seen=3, fully_read=2, partly_read=1, partly_read_by_reason=(("io", 1),), hidden=True, started=0)
COVERAGE_BYTES = (
    b"\x08\x03\x10\x02\x18\x01"  # 1..3 << 3 | 0
    b"\x22\x06\x0a\x02io\x10\x01"  # 4 << 3 | 2 = 0x22: an entry of a map is a message of key and value
    b"\x50\x01\x58\x00"  # 10 << 3 | 0 = 0x50, 11 << 3 | 0 = 0x58
)
GOLDEN: dict[str, tuple[Body, bytes]] = {
    "hello": (
        Hello(versions=(1, 2), client="x"),
        b"\x12\x07" + b"\x0a\x02\x01\x02\x12\x01x",  # 2 << 3 | 2 = 0x12; numbers are packed
    ),
    "welcome": (Welcome(version=1, server="x"), b"\x1a\x05" + b"\x08\x01\x12\x01x"),  # 3 << 3 | 2 = 0x1a
    "refusal": (
        Refusal(code=RefusalCode.VERSION, text="no", versions=(1,)),
        b"\x22\x09" + b"\x08\x01\x12\x02no\x1a\x01\x01",  # 4 << 3 | 2 = 0x22
    ),
    "status request": (StatusRequest(), b"\x82\x01\x00"),  # 16 << 3 | 2 = 130 = 82 01; empty, and still there
    "health request": (HealthRequest(), b"\x8a\x01\x00"),  # 17 << 3 | 2 = 138 = 8a 01
    "health request of one": (HealthRequest(child="c"), b"\x8a\x01\x03\x0a\x01c"),
    "child request": (
        ChildRequest(action=ChildAction.PAUSE, child="c"),
        b"\x92\x01\x05" + b"\x08\x02\x12\x01c",  # 18 << 3 | 2 = 146 = 92 01
    ),
    "reload request": (ReloadRequest(), b"\x9a\x01\x00"),  # 19 << 3 | 2 = 154 = 9a 01
    "processes request": (ProcessesRequest(), b"\xa2\x01\x00"),  # 20 << 3 | 2 = 162 = a2 01
    "entries request": (
        EntriesRequest(stream="alerts", after=0, since_ms=2, at_least=50, name="x"),
        b"\xaa\x01\x11" + b"\x0a\x06alerts\x10\x00\x20\x02\x30\x32\x4a\x01x",  # 21 << 3 | 2 = 170 = aa 01
    ),
    "metrics request": (MetricsRequest(), b"\xb2\x01\x00"),  # 22 << 3 | 2 = 178 = b2 01
    "status": (
        Status(
            state="running",
            pid=7,
            version="1",
            uptime_s=1.5,
            tree=1,
            children=(CHILD,),
            coverage=COVERAGE,
            sandbox=(
                ProcessReport(name="m", pid=7, uid=1, capabilities="c", no_new_privs=True, landlock="7"),
            ),
            findings=("f",),
            config=ConfigReport(generation=1, sha256="ab", loaded_at_ms=2, notes=("n",)),
            reload=ReloadReport(result="rejected", error="e", at_ms=0),
            clients=ClientsReport(connected=1, admitted=2, dropped=(("frame", 3),)),
            scan=ScanReport(scan=1, at_ms=2, duration_s=1.5, overrun=3, failed=4, shed=(("x", 5),)),
        ),
        b"\x82\x04\xb6\x01"  # 64 << 3 | 2 = 514 = 82 04; 25 + 44 + 20 + 17 + 3 + 13 + 17 + 17 + 26 = 182 = b6 01
        b"\x0a\x07running\x10\x07\x1a\x011"  # 9 + 2 + 3
        b"\x21" + ONE_AND_A_HALF + b"\x28\x01"  # 4 << 3 | 1 = 0x21; 9 + 2
        b"\x32\x2a" + CHILD_BYTES +  # 6 << 3 | 2 = 0x32; 3 + 2 + 9 + 2 + 9 + 9 + 6 + 2 = 42 = 0x2a
        b"\x3a\x12" + COVERAGE_BYTES +  # 7 << 3 | 2 = 0x3a; 6 + 8 + 4 = 18 = 0x12
        b"\x42\x0f" + b"\x0a\x01m\x10\x07\x18\x01\x22\x01c\x28\x01\x32\x017"  # 8 << 3 | 2 = 0x42
        b"\x4a\x01f"  # 9 << 3 | 2 = 0x4a
        b"\x52\x0b" + b"\x08\x01\x12\x02ab\x18\x02\x22\x01n"  # 10 << 3 | 2 = 0x52
        b"\x5a\x0f" + b"\x0a\x08rejected\x12\x01e\x18\x00"  # 11 << 3 | 2 = 0x5a
        b"\x62\x0f" + b"\x08\x01\x10\x02\x1a\x09\x0a\x05frame\x10\x03"  # 12 << 3 | 2 = 0x62
        b"\x6a\x18" + b"\x08\x01\x10\x02\x19" + ONE_AND_A_HALF + b"\x20\x03\x28\x04\x32\x05\x0a\x01x\x10\x05",
    ),
    "health": (Health(children=(CHILD,)), b"\x8a\x04\x2c" + b"\x0a\x2a" + CHILD_BYTES),  # 65 << 3 | 2 = 522 = 8a 04
    "accepted": (Accepted(text="ok"), b"\x92\x04\x04" + b"\x0a\x02ok"),  # 66 << 3 | 2 = 530 = 92 04
    "first part of a list": (
        Processes(records=(ProcessRecord(pid=1),)),
        b"\x9a\x04\x04" + b"\x0a\x02\x08\x01",  # 67 << 3 | 2 = 538 = 9a 04
    ),
    "last part of a list": (
        Processes(part=1, last=True, coverage=COVERAGE, left_out=2),
        b"\x9a\x04\x1a" + b"\x10\x01\x18\x01" + b"\x22\x12" + COVERAGE_BYTES + b"\x28\x02",
    ),
    "entries": (
        Entries(entries=(RecordedEntry(stream="a", sequence=7, body="{}", pid=0),), reached=7, end=9, left_out=1),
        b"\xa2\x04\x13"  # 68 << 3 | 2 = 546 = a2 04
        b"\x0a\x0b" + b"\x0a\x01a\x10\x07\x4a\x02{}\x50\x00"  # 3 + 2 + 4 + 2
        b"\x10\x07\x18\x09\x20\x01",
    ),
    "status of integrity": (
        Status(
            coverage=Coverage(hashed=0, not_hashed_by_reason=(("gone", 1),)),
            hashing=HashingStatus(
                files=(("gone", 2),), bytes_read=3, waiting=4, share=1.5, degraded=(("x", 5),),
                quarantined=6, trouble="t",
            ),
            integrity=IntegrityStatus(
                alerts=(("r/high", 7),), suppressed=8, degraded=(("c/x", 9),), waiting=10, packages="p",
                baselines=11, trouble="t",
            ),
        ),
        b"\x82\x04\x58"  # 64 << 3 | 2 = 514 = 82 04; 14 + 38 + 36 = 88 = 58
        b"\x3a\x0c" + b"\x70\x00\x7a\x08\x0a\x04gone\x10\x01"  # 14 << 3 | 0 = 0x70, 15 << 3 | 2 = 0x7a
        b"\x82\x01\x23"  # 16 << 3 | 2 = 130 = 82 01; 10 + 2 + 2 + 9 + 7 + 2 + 3 = 35 = 23
        b"\x0a\x08\x0a\x04gone\x10\x02\x10\x03\x18\x04"
        b"\x21" + ONE_AND_A_HALF + b"\x2a\x05\x0a\x01x\x10\x05\x30\x06\x3a\x01t"
        b"\x8a\x01\x21"  # 17 << 3 | 2 = 138 = 8a 01; 12 + 2 + 9 + 2 + 3 + 2 + 3 = 33 = 21
        b"\x0a\x0a\x0a\x06r/high\x10\x07\x10\x08\x1a\x07\x0a\x03c/x\x10\x09\x20\x0a\x2a\x01p\x30\x0b\x3a\x01t",
    ),
    "baselines request": (BaselinesRequest(), b"\xba\x01\x00"),  # 23 << 3 | 2 = 186 = ba 01
    "baselines request of one": (
        BaselinesRequest(path="/p", after_namespace="", after_path="/a"),
        b"\xba\x01\x0a" + b"\x0a\x02/p\x12\x00\x1a\x02/a",  # optional: empty is sent
    ),
    "trust request": (
        TrustRequest(trusts=(Trust(path="/p", namespace="n", sha256="ab", ssdeep="3::"), Trust()), part=1, last=True),
        b"\xc2\x01\x18"  # 24 << 3 | 2 = 194 = c2 01
        b"\x0a\x10" + b"\x0a\x02/p\x12\x01n\x1a\x02ab\x22\x033::" + b"\x0a\x00" + b"\x10\x01\x18\x01",
    ),
    "baselines": (
        Baselines(
            baselines=(
                BaselineEntry(
                    namespace="n", path="/p", sha256="ab", ssdeep="3::", last_sha256="cd", last_ssdeep="6::",
                    source="package", since_ms=1, first_seen_ms=2, last_seen_ms=3, open=True,
                    ownership="matches", package="p", version="1",
                ),
            ),
            last=True,
        ),
        b"\xb2\x04\x3d"  # 70 << 3 | 2 = 562 = b2 04
        b"\x0a\x39" + b"\x0a\x01n\x12\x02/p\x1a\x02ab\x22\x033::\x2a\x02cd\x32\x036::"  # 3 + 4 + 4 + 5 + 4 + 5
        b"\x3a\x07package\x40\x01\x48\x02\x50\x03\x58\x01"  # 9 + 2 + 2 + 2 + 2
        b"\x62\x07matches\x6a\x01p\x72\x011"  # 9 + 3 + 3
        b"\x10\x01",
    ),
    "metrics": (Metrics(text="x 1"), b"\xaa\x04\x05" + b"\x0a\x03x 1"),  # 69 << 3 | 2 = 554 = aa 04
}  # fmt: skip


@pytest.mark.parametrize("case", GOLDEN)
def test_what_is_sent_is_byte_for_byte_what_the_contract_says(case: str) -> None:
    """A client written against proto/agent.proto understands this release."""
    body, wire = GOLDEN[case]
    assert encode(Envelope.around(body, 5)) == b"\x08\x05" + wire  # 1 << 3 | 0 = 0x08


@pytest.mark.parametrize("case", GOLDEN)
def test_what_the_contract_says_is_understood_in_full(case: str) -> None:
    """A message written against proto/agent.proto loses nothing in here."""
    body, wire = GOLDEN[case]
    assert decode(Envelope, b"\x08\x05" + wire) == Envelope.around(body, 5)
    assert decode(Envelope, wire).body == body


def test_every_kind_of_body_has_its_golden_bytes() -> None:
    """A new kind of message is pinned down on the day it is made."""
    assert {type(body) for body, _ in GOLDEN.values()} == BODIES.keys()


def test_a_body_of_a_newer_release_is_kept_and_is_no_body() -> None:
    """An old agent tells a new request from a broken one."""
    envelope = decode(Envelope, b"\x08\x05" + b"\x82\x06\x00")  # 96 << 3 | 2 = 770 = 82 06
    assert (envelope.id, envelope.body, envelope.unknown) == (5, None, b"\x82\x06\x00")


def test_several_bodies_are_one_body() -> None:
    """Nobody can make an envelope that means two things: the last one counts, as protobuf has it."""
    assert decode(Envelope, b"\x82\x01\x00" + b"\x9a\x01\x00").body == ReloadRequest()
    with pytest.raises(ValueError, match="several bodies: expected one at most"):
        Envelope(status_request=StatusRequest(), reload_request=ReloadRequest())


def test_what_is_no_envelope_is_a_named_error() -> None:
    """Garbage from a peer has a name and nothing else."""
    with pytest.raises(MessageError, match="Envelope: 3 bytes that are no such message"):
        decode(Envelope, b"\x82\x01\x05")

"""The bytes of a process record, by hand from the protobuf encoding rules: the wire cannot drift unnoticed.

A tag is ``field << 3 | wire type``, itself a varint: seven bits a byte, lowest first, 0x80 set on all but the last.
Wire type 0 is a varint, 1 eight bytes, 2 a length and so many bytes: strings, lists, nested messages.
"""

from __future__ import annotations

from typing import Any

import pytest

from daemoneye.model.process import (
    Capabilities,
    Container,
    Credentials,
    FileIdentity,
    HashStatus,
    LinuxMetadata,
    ListeningSocket,
    Namespaces,
    OnDisk,
    ProcessRecord,
)
from daemoneye.wire.codec import decode, encode

MINUS_ONE = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"  # 64 bits of ones, seven a byte: int32 is sign-extended, too
ONE_AND_A_HALF = b"\x00\x00\x00\x00\x00\x00\xf8\x3f"  # sign 0, exponent 0x3ff, mantissa .5, lowest byte first

UPSTREAM_RECORD = ProcessRecord(
    pid=300,
    ppid=0,
    name="sh",
    executable_path="/bin/sh",
    command_line=("sh", "-c"),
    start_time=150,
    cpu_usage=1.5,
    memory_usage=4096,
    executable_hash="ab",
    hash_algorithm="sha256",
    user_id="0",
    accessible=True,
    file_exists=True,
    collection_time=1000,
    ssdeep_hash="3:a:b",
    on_disk_mismatch=True,
    ssdeep_degraded=True,
)
UPSTREAM_RECORD_BYTES = (
    b"\x08\xac\x02"  # 1 << 3 | 0 = 0x08; 300 = ac 02
    b"\x10\x00"  # 2 << 3 | 0 = 0x10; an optional zero is sent: parent 0 is an answer
    b"\x1a\x02sh"  # 3 << 3 | 2 = 0x1a
    b"\x22\x07/bin/sh"  # 4 << 3 | 2 = 0x22
    b"\x2a\x02sh"  # 5 << 3 | 2 = 0x2a
    b"\x2a\x02-c"
    b"\x30\x96\x01"  # 6 << 3 | 0 = 0x30; 150 = 0b1_0010110 = 96 01
    b"\x39" + ONE_AND_A_HALF +  # 7 << 3 | 1 = 0x39
    b"\x40\x80\x20"  # 8 << 3 | 0 = 0x40; 4096 = 0b100000_0000000 = 80 20
    b"\x4a\x02ab"  # 9 << 3 | 2 = 0x4a
    b"\x52\x06sha256"  # 10 << 3 | 2 = 0x52
    b"\x5a\x010"  # 11 << 3 | 2 = 0x5a
    b"\x60\x01"  # 12 << 3 | 0 = 0x60
    b"\x68\x01"  # 13 << 3 | 0 = 0x68
    b"\x70\xe8\x07"  # 14 << 3 | 0 = 0x70; 1000 = 0b111_1101000 = e8 07
    b"\x7a\x053:a:b"  # 15 << 3 | 2 = 0x7a
    b"\x80\x01\x01"  # 16 << 3 | 0 = 0x80 = 80 01
    b"\x88\x01\x01"  # 17 << 3 | 0 = 0x88 = 88 01
)  # fmt: skip
LINUX = LinuxMetadata(
    namespaces=Namespaces(cgroup=1, ipc=2, mnt=3, net=4, pid=5, time=6, user=7, uts=300),
    container=Container(cgroup_path="/c", runtime="r", container_id="i", pod_uid="p", systemd_unit="u"),
    capabilities=Capabilities(inheritable=1, permitted=2, effective=3, bounding=2**63, ambient=5),
    seccomp_mode=0,
    no_new_privs=False,
    lsm_label="l",
    fd_count=9,
    listening=(ListeningSocket(protocol="tcp", address="::1", port=80),),
    environment=(("A", "b"), ("C", "")),
)
LINUX_BYTES = (
    b"\x0a\x11"  # 1 << 3 | 2 = 0x0a; 7 fields of 2 bytes and one of 3 = 17 = 0x11
    b"\x08\x01\x10\x02\x18\x03\x20\x04\x28\x05\x30\x06\x38\x07"  # 1..7 << 3 | 0
    b"\x40\xac\x02"  # 8 << 3 | 0 = 0x40
    b"\x12\x10"  # 2 << 3 | 2 = 0x12; 4 + 4 * 3 = 16 = 0x10
    b"\x0a\x02/c\x12\x01r\x1a\x01i\x22\x01p\x2a\x01u"  # 1..5 << 3 | 2
    b"\x1a\x13"  # 3 << 3 | 2 = 0x1a; four fields of 2 bytes and one of 1 + 10 = 19 = 0x13
    b"\x08\x01\x10\x02\x18\x03"  # 1..3 << 3 | 0
    b"\x20\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"  # 4 << 3 | 0 = 0x20; bit 63 is the first of the tenth byte
    b"\x28\x05"  # 5 << 3 | 0 = 0x28
    b"\x20\x00"  # 4 << 3 | 0 = 0x20
    b"\x28\x00"  # 5 << 3 | 0 = 0x28
    b"\x32\x01l"  # 6 << 3 | 2 = 0x32
    b"\x38\x09"  # 7 << 3 | 0 = 0x38
    b"\x42\x0c"  # 8 << 3 | 2 = 0x42; 5 + 5 + 2 = 12
    b"\x0a\x03tcp\x12\x03::1\x18\x50"  # 1 << 3 | 2, 2 << 3 | 2, 3 << 3 | 0
    b"\x4a\x06\x0a\x01A\x12\x01b"  # 9 << 3 | 2 = 0x4a; a map entry is a message: key 1, value 2
    b"\x4a\x05\x0a\x01C\x12\x00"
)
FULL_RECORD = ProcessRecord(
    pid=300,
    entity_id="e",
    start_ticks=0,
    boot_id="b",
    on_disk=OnDisk.REPLACED,
    kernel_thread=True,
    hash_status=HashStatus.DISABLED,
    unread=(("cwd", "gone"),),
    executable_file=FileIdentity(dev=1, ino=2, size=300, mtime_ns=-1, ctime_ns=5),
    state="idle",
    cpu_time_ms=7,
    cwd="/",
    root="/r",
    credentials=Credentials(ruid=1, euid=2, suid=3, fsuid=4, rgid=5, egid=6, sgid=7, fsgid=2**32 - 1, groups=(0, 300)),
    process_group=1,
    session=-1,
    tty="t",
    login_uid=1000,
    threads=2,
    linux=LINUX,
)
FULL_RECORD_BYTES = (
    b"\x08\xac\x02"  # 1 << 3 | 0 = 0x08
    b"\x82\x02\x01e"  # 32 << 3 | 2 = 258 = 82 02
    b"\x88\x02\x00"  # 33 << 3 | 0 = 264 = 88 02
    b"\x92\x02\x01b"  # 34 << 3 | 2 = 274 = 92 02
    b"\x98\x02\x03"  # 35 << 3 | 0 = 280 = 98 02
    b"\xa0\x02\x01"  # 36 << 3 | 0 = 288 = a0 02
    b"\xa8\x02\x0c"  # 37 << 3 | 0 = 296 = a8 02
    b"\xb2\x02\x0b\x0a\x03cwd\x12\x04gone"  # 38 << 3 | 2 = 306 = b2 02; 5 + 6 = 11
    b"\xba\x02\x14"  # 39 << 3 | 2 = 314 = ba 02; 2 + 2 + 3 + 11 + 2 = 20 = 0x14
    b"\x08\x01\x10\x02\x18\xac\x02\x20" + MINUS_ONE + b"\x28\x05"  # 1..5 << 3 | 0
    b"\xc2\x02\x04idle"  # 40 << 3 | 2 = 322 = c2 02
    b"\xc8\x02\x07"  # 41 << 3 | 0 = 328 = c8 02
    b"\xd2\x02\x01/"  # 42 << 3 | 2 = 338 = d2 02
    b"\xda\x02\x02/r"  # 43 << 3 | 2 = 346 = da 02
    b"\xe2\x02\x19"  # 44 << 3 | 2 = 354 = e2 02; 7 * 2 + 6 + 5 = 25 = 0x19
    b"\x08\x01\x10\x02\x18\x03\x20\x04\x28\x05\x30\x06\x38\x07"  # 1..7 << 3 | 0
    b"\x40\xff\xff\xff\xff\x0f"  # 8 << 3 | 0 = 0x40; 32 bits of ones: no sign, five bytes
    b"\x4a\x03\x00\xac\x02"  # 9 << 3 | 2 = 0x4a, packed
    b"\xe8\x02\x01"  # 45 << 3 | 0 = 360 = e8 02
    b"\xf0\x02" + MINUS_ONE +  # 46 << 3 | 0 = 368 = f0 02
    b"\xfa\x02\x01t"  # 47 << 3 | 2 = 378 = fa 02
    b"\x80\x03\xe8\x07"  # 48 << 3 | 0 = 384 = 80 03; 1000 = e8 07
    b"\x88\x03\x02"  # 49 << 3 | 0 = 392 = 88 03
    b"\x92\x03\x60" + LINUX_BYTES  # 50 << 3 | 2 = 402 = 92 03; 19 + 18 + 21 + 9 + 14 + 15 = 96 = 0x60
)  # fmt: skip

GOLDEN: dict[str, tuple[Any, bytes]] = {
    "record as clients know it": (UPSTREAM_RECORD, UPSTREAM_RECORD_BYTES),
    "record with what is ours": (FULL_RECORD, FULL_RECORD_BYTES),
}


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

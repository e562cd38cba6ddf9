from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.procfs import sockets
from daemoneye.host.procfs.sockets import Descriptors, Tables, listening, read_descriptors
from daemoneye.model.process import ListeningSocket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = "   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100 0 0 10 0\n"
NOWHERE, NOWHERE_6 = "00000000:0000", "0" * 32 + ":0000"


def line(local: str, state: str, inode: int, remote: str = NOWHERE) -> str:
    return LINE.format(local=local, remote=remote, state=state, inode=inode)


def holding(place: Path, *inodes: int) -> Descriptors:
    for inode in inodes:
        (place / "fd" / str(inode)).symlink_to(f"socket:[{inode}]")
    return Descriptors(len(inodes), tuple(b"%d" % inode for inode in inodes))


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    (tmp_path / "net").mkdir()
    (tmp_path / "ns").mkdir()
    (tmp_path / "fd").mkdir()
    (tmp_path / "ns/net").symlink_to("net:[1]")
    descriptor = os.open(tmp_path, os.O_PATH)
    yield tmp_path, descriptor
    os.close(descriptor)


def test_listening_sockets_of_every_kind(directory: tuple[Path, int]) -> None:
    """TCP and UDP sockets that wait for others are told with address and port; connections are not."""
    place, descriptor = directory
    (place / "net/tcp").write_text(HEAD + line("0100007F:1F90", "0A", 11) + line("0100007F:1F91", "01", 12))
    (place / "net/tcp6").write_text(HEAD + line("00000000000000000000000001000000:0050", "0A", 13, NOWHERE_6))
    (place / "net/udp").write_text(HEAD + line("00000000:0035", "07", 14) + line("00000000:0036", "01", 15))
    found = listening(descriptor, holding(place, *range(10, 20)), Tables())
    assert found == (
        ListeningSocket(protocol="tcp", address="127.0.0.1", port=8080),
        ListeningSocket(protocol="tcp6", address="::1", port=80),
        ListeningSocket(protocol="udp", address="0.0.0.0", port=53),
    )


def test_only_sockets_that_the_process_holds(directory: tuple[Path, int]) -> None:
    """A socket of another process in the same namespace is not ascribed to this one."""
    place, descriptor = directory
    (place / "net/tcp").write_text(HEAD + line("0100007F:1F90", "0A", 11))
    assert listening(descriptor, holding(place, 12), Tables()) == ()


def test_a_name_cannot_forge_a_socket(directory: tuple[Path, int]) -> None:
    """Unix sockets are not told: the name of one may hold a line about any socket of another process."""
    place, descriptor = directory
    forged = "ffff: 00000002 00000000 00010000 0001 01 12 /run/forged\n"
    (place / "net/unix").write_text(f"Num RefCount Protocol Flags Type St Inode Path\n{forged}")
    assert listening(descriptor, holding(place, 12), Tables()) == ()


def test_descriptors_that_may_not_be_followed_are_no_empty_answer(
    directory: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may list the descriptors of a process, but not follow them, knows nothing of its sockets."""
    place, descriptor = directory
    held = holding(place, 12)

    def refused(*_: object, **__: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "readlink", refused)
    with pytest.raises(PermissionError):
        listening(descriptor, held, Tables())
    assert read_descriptors(descriptor).total == 1


def test_a_namespace_is_read_once_per_scan(directory: tuple[Path, int]) -> None:
    """A thousand processes that share a namespace cost one reading of its tables."""
    place, descriptor = directory
    tables = Tables()
    first = tables.of(descriptor)
    (place / "net/tcp").write_text(HEAD + line("0100007F:1F90", "0A", 11))
    assert tables.of(descriptor) is first


@pytest.mark.parametrize("text", ["", "x\n", "a b c\n", line("0100007F", "0A", 1), line("zz:zz", "0A", 1), "\xff\n"])
def test_lines_that_make_no_sense_are_passed_over(directory: tuple[Path, int], text: str) -> None:
    """A malformed line costs itself and nothing else."""
    place, descriptor = directory
    for name in ("tcp", "tcp6", "udp", "udp6"):
        (place / "net" / name).write_text(HEAD + text)
    with (place / "net/tcp").open("a") as file:
        file.write(line("0100007F:0050", "0A", 2))
    assert set(Tables().of(descriptor)) == {2}


def test_descriptors_are_counted_and_sockets_found(directory: tuple[Path, int]) -> None:
    """The number of open descriptors, and which are sockets; one closed meanwhile is none."""
    place, descriptor = directory
    (place / "net/tcp").write_text(HEAD + line("0100007F:1F90", "0A", 77))
    for number, target in enumerate(["/dev/null", "socket:[77]", "pipe:[5]", "socket:[x]"]):
        (place / "fd" / str(number)).symlink_to(target)
    (place / "fd" / "9").write_text("not a link")
    found = read_descriptors(descriptor)
    assert (found.total, sorted(found.first)) == (5, [b"0", b"1", b"2", b"3", b"9"])
    (place / "fd" / "0").unlink()
    assert [each.port for each in listening(descriptor, found, Tables())] == [8080]


def test_a_flood_of_descriptors_costs_a_bounded_part(
    directory: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only so many descriptors are followed, and all are counted."""
    monkeypatch.setattr(sockets, "_LINKS_LIMIT", 10)
    place, descriptor = directory
    for number in range(50):
        (place / "fd" / str(number)).symlink_to("socket:[77]")
    # a directory of a disk has a size of its own, which only a kernel's means a count by
    monkeypatch.setattr(os, "stat", lambda *_, **__: os.stat_result([0] * 10))
    found = read_descriptors(descriptor)
    assert (found.total, len(found.first)) == (50, 10)

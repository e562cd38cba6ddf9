from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.procfs.owner import parse_status, read_login_uid, terminal_name
from daemoneye.model.process import Capabilities, Credentials
from tests.fakes.procfs import STATUS

if TYPE_CHECKING:
    from pathlib import Path

RAW = STATUS.format(uids="1\t2\t3\t4", gids="5\t6\t7\t8", groups="9 10 ").encode()


def test_all_eight_ids_and_the_groups() -> None:
    """Credentials are complete, in the kernel's order."""
    status = parse_status(RAW, confinement=False)
    assert status.credentials == Credentials(
        ruid=1, euid=2, suid=3, fsuid=4, rgid=5, egid=6, sgid=7, fsgid=8, groups=(9, 10)
    )
    assert status.capabilities is None


def test_confinement_is_read_when_asked_for() -> None:
    """Capabilities, seccomp mode and no_new_privs are what the kernel says."""
    status = parse_status(RAW, confinement=True)
    assert status.capabilities == Capabilities(permitted=0xA80425FB, effective=0xA80425FB, bounding=0xA80425FB)
    assert (status.seccomp_mode, status.no_new_privs) == (2, True)


def test_an_older_kernel_tells_less() -> None:
    """What the kernel does not tell is absent."""
    ids = b"\n".join(line for line in RAW.splitlines() if line.startswith((b"Uid", b"Gid", b"Groups")))
    status = parse_status(ids, confinement=True)
    assert (status.capabilities, status.seccomp_mode, status.no_new_privs) == (None, None, None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Uid:\t1\t2\t3\nGid:\t1\t2\t3\t4\nGroups:\t\n",
        RAW.replace(b"\t4\n", b"\tx\n"),
        RAW.replace(b"\t4\n", b"\t4294967296\n"),
        RAW.replace(b"Seccomp:\t2", b"Seccomp:\t99999999999"),
        RAW.replace(b"CapEff:\t", b"CapEff:\tf0000000000"),
    ],
)
def test_nonsense_is_refused(raw: bytes) -> None:
    """A status that cannot be is not believed in part."""
    with pytest.raises(ValueError):
        parse_status(raw, confinement=True)


@pytest.mark.parametrize(("text", "uid"), [("1000", 1000), ("0", 0), ("4294967295", None)])
def test_login_uid(tmp_path: Path, text: str, uid: int | None) -> None:
    """A process that nobody's login started has no login uid."""
    (tmp_path / "loginuid").write_text(text)
    directory = os.open(tmp_path, os.O_PATH)
    assert read_login_uid(directory) == uid
    os.close(directory)


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (0, None),
        (-1, None),
        (136 << 8 | 3, "/dev/pts/3"),
        (137 << 8 | 1, "/dev/pts/257"),
        (136 << 8 | 44 | 1 << 20, "/dev/pts/300"),
        (4 << 8 | 1, "/dev/tty1"),
        (4 << 8 | 64, "/dev/ttyS0"),
        (5 << 8 | 1, "/dev/console"),
        (229 << 8, "/dev/hvc0"),
        (188 << 8 | 2, "/dev/ttyUSB2"),
        (204 << 8 | 64, "204:64"),
    ],
)
def test_terminals_have_names(device: int, name: str | None) -> None:
    """A terminal is named as in /dev, and by its number where that name is not settled."""
    assert terminal_name(device) == name

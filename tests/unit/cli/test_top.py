"""A live table that fits the terminal it is drawn on."""

from __future__ import annotations

import pytest
from rich.console import Console

from daemoneye.cli.top import View, drawn, plain
from daemoneye.lifecycle.tracker import Scan, Tracker
from daemoneye.model.process import HashStatus, OnDisk, ProcessRecord
from tests.fakes.snapshots import changed, facts, process, snapshot

VIEW = View(order="pid")


@pytest.fixture
def scan() -> Scan:
    gone = changed(process(10, "gone"), seen=facts("gone", on_disk=OnDisk.DELETED))
    return Tracker().observe(snapshot(gone, process(11, "fine")))


def hashed(record: ProcessRecord) -> ProcessRecord:
    values = {name: getattr(record, name) for name in ("pid", "name", "command_line", "on_disk", "user_id", "state")}
    if record.pid == 11:
        return ProcessRecord(**values, hash_status=HashStatus.REMOTE_FILESYSTEM)
    return ProcessRecord(
        **values, executable_hash="0123456789abcdef", hash_algorithm="sha256", hash_status=HashStatus.HASHED
    )


def shown(scan: Scan, width: int) -> list[str]:
    screen = Console(width=width, color_system=None)
    with screen.capture() as capture:
        screen.print(drawn(VIEW, scan, hashed, width=width, room=10))
    return capture.get().splitlines()


def test_a_wide_terminal_has_every_column(scan: Scan) -> None:
    """State on disk, the beginning of the digest or why there is none, and what was started."""
    _, heading, gone, fine, _ = shown(scan, 120)
    assert heading.split() == ["PID", "UID", "CPU%", "RSS", "STATE", "ON", "DISK", "SHA-256", "COMMAND"]
    assert gone.split()[-3:] == ["deleted", "0123456789ab", "gone"]
    assert fine.split()[-3:] == ["present", "remote", "fine"]


@pytest.mark.parametrize(
    ("width", "missing"), [(80, {"STATE"}), (69, {"STATE", "SHA-256"}), (40, {"STATE", "SHA-256", "UID", "RSS"})]
)
def test_a_narrow_one_keeps_what_matters(scan: Scan, width: int, missing: set[str]) -> None:
    """Less is shown before anything is cut: who, whether its file is still there, and what was started."""
    _, heading, gone, *_ = shown(scan, width)
    wanted = {"PID", "UID", "CPU%", "RSS", "STATE", "ON", "DISK", "SHA-256", "COMMAND"} - missing
    assert set(heading.split()) == wanted
    assert gone.split()[0] == "10"
    assert "deleted" in gone
    assert "gone" in gone
    assert "…" not in gone
    assert len(shown(scan, width)) == 5


def test_a_pipe_has_everything(scan: Scan) -> None:
    """Each line has as many cells as there are headings, in their columns."""
    heading, gone, fine, last = plain(VIEW, scan, hashed)
    place = heading.index("SHA-256")
    assert (gone[place : place + 12], fine[place : place + 12].strip()) == ("0123456789ab", "remote")
    assert "2 processes seen" in last

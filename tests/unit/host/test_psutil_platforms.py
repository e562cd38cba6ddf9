"""What macOS, Windows and FreeBSD tell through psutil, from answers written down in ``tests/data/psutil``."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from daemoneye.errors import NoInputError
from daemoneye.host.psutil_platform import platform_of
from daemoneye.model.observation import Losses
from daemoneye.model.process import Credentials, FileIdentity, OnDisk, ProcessRecord
from tests.fakes.psutil_recording import Recording

if TYPE_CHECKING:
    from daemoneye.model.observation import Machine, Observation

PLATFORMS = ("darwin", "win32", "freebsd14")


class Seen(NamedTuple):
    machine: Machine
    losses: Losses
    by_pid: dict[int, Observation]

    def unread(self, pid: int) -> dict[str, str]:
        return dict(self.by_pid[pid].facts.unread)


def seen(platform: str, *, enhanced: bool = False) -> Seen:
    snapshot = Recording.load(platform).source(enhanced=enhanced).scan()
    return Seen(snapshot.machine, snapshot.losses, {key.pid: found for key, found in snapshot.processes.items()})


@pytest.mark.parametrize("platform", PLATFORMS)
def test_recordings_say_where_they_come_from(platform: str) -> None:
    """Nobody takes a written answer for one that a machine gave."""
    assert "not recorded on the machine" in Recording.load(platform).header["origin"]


def test_the_table_has_every_field() -> None:
    """Whoever looks up a field finds what each platform tells of it."""
    table = (Path(__file__).parents[3] / "docs" / "platforms.md").read_text(encoding="utf-8")
    named = {name for row in table.splitlines() if row.startswith("| `") for name in re.findall(r"`(\w+)`", row)}
    assert {field.name for field in fields(ProcessRecord)} - named <= {"unread", "unknown"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_no_platform_tells_has_its_reason(platform: str) -> None:
    """An empty field is never a riddle."""
    machine = seen(platform)
    for pid, found in machine.by_pid.items():
        assert {"credentials.groups", "login_uid", "root"} <= {
            f for f, why in machine.unread(pid).items() if why == "unsupported"
        }
        assert (found.facts.root, found.facts.login_uid, found.facts.linux) == (None, None, None)
        assert "linux" not in machine.unread(pid)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_asking_for_more_than_a_platform_has_is_answered(platform: str) -> None:
    """Who turned on enhanced scanning learns that there is nothing here to enhance."""
    machine = seen(platform, enhanced=True)
    assert {machine.unread(pid)["linux"] for pid in machine.by_pid} == {"unsupported"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_forks_are_not_counted_there(platform: str) -> None:
    """Short-lived processes cannot be estimated without the kernel's counter, and no number pretends otherwise."""
    assert Recording.load(platform).source().scan().forks is None


@pytest.mark.parametrize(
    ("platform", "lost"),
    [
        ("darwin", Losses(vanished=1)),
        ("win32", Losses(vanished=1, refused=1)),
        ("freebsd14", Losses(vanished=1)),
    ],
)
def test_processes_without_a_record_are_counted(platform: str, lost: Losses) -> None:
    """Listed is seen or lost; nothing in between."""
    recording = Recording.load(platform)
    snapshot = recording.source().scan()
    assert snapshot.losses == lost
    assert len(snapshot.processes) + lost.vanished + lost.refused == len(recording.pids())


def test_starts_are_told_in_milliseconds_since_the_boot() -> None:
    """Without start ticks the creation time still tells two processes with one pid apart."""
    machine = seen("darwin")
    assert machine.machine.ticks_per_second == 1000
    assert machine.machine.boot_id == "darwin-boot-1760000000"
    assert machine.by_pid[412].sample.start_ticks == 60_250
    assert machine.machine.start_time_s(60_250) == pytest.approx(1760000060.25)


def test_a_process_as_old_as_the_kernel_starts_at_zero() -> None:
    """A boot time rounded to seconds never makes a negative start."""
    assert seen("darwin").by_pid[0].sample.start_ticks == 0
    assert seen("win32").by_pid[4].sample.start_ticks == 0


def test_macos_shows_all_of_a_process_of_ones_own() -> None:
    """Where the kernel answers, the record is full."""
    found = seen("darwin").by_pid[412]
    assert found.sample[:12] == (412, 60_250, 411, "zsh", "sleeping", 2250, 4_194_304, 412, 411, 0, 1, False)
    assert found.sample.uid == 501
    assert found.facts.executable_path == "/bin/zsh"
    assert found.facts.on_disk is OnDisk.PRESENT
    assert found.facts.executable_file == FileIdentity(
        dev=16777220, ino=12, size=1300000, mtime_ns=1757000000000000000, ctime_ns=1757000001000000000
    )
    assert found.facts.command_line == ("-zsh",)
    assert found.facts.cwd == "/Users/ada"
    assert found.facts.tty == "/dev/ttys001"
    assert found.facts.credentials == Credentials(
        ruid=501, euid=501, suid=501, fsuid=501, rgid=20, egid=20, sgid=20, fsgid=20
    )


def test_macos_shows_what_it_may_of_other_peoples_processes() -> None:
    """A process that guards its memory and arguments still has a name, an owner and a file."""
    machine = seen("darwin")
    found = machine.by_pid[1]
    assert (found.facts.name, found.facts.executable_path) == ("launchd", "/sbin/launchd")
    assert found.facts.credentials is not None
    guarded = ("command_line", "cwd", "cpu_time_ms", "cpu_usage", "memory_usage", "threads")
    assert [machine.unread(1)[field] for field in guarded] == ["permission"] * len(guarded)


def test_macos_names_longer_than_the_kernels_are_completed() -> None:
    """A helper is not cut down to the name of its browser; the kernel's own name stays beside it."""
    found = seen("darwin").by_pid[500]
    assert (found.sample.comm, found.facts.name) == ("Google Chrome He", "Google Chrome Helper (Renderer)")


def test_macos_a_living_process_that_psutil_calls_gone_stays_in_the_record() -> None:
    """login(1) cannot hide behind psutil's wrong guess about a refused command line."""
    machine = seen("darwin")
    assert machine.by_pid[610].facts.name == "login"
    assert machine.unread(610)["command_line"] == "gone"


def test_macos_a_refusal_wrapped_in_a_system_error_is_a_refusal() -> None:
    """A fault in psutil 7.2 neither ends the scan nor hides that permission was missing."""
    machine = seen("darwin")
    assert machine.unread(620)["command_line"] == "permission"
    assert machine.unread(621)["command_line"] == "malformed"


def test_macos_a_zombie_has_a_record_and_reasons() -> None:
    """What is left of a dead process is shown, and the rest is gone."""
    machine = seen("darwin")
    found = machine.by_pid[700]
    assert (found.sample.state, found.facts.name, found.sample.ppid) == ("zombie", "worker", 412)
    lost = ("executable_path", "command_line", "cwd", "cpu_time_ms", "memory_usage", "threads")
    assert [machine.unread(700)[field] for field in lost] == ["gone"] * len(lost)


def test_macos_a_deleted_program_has_no_path_and_borrows_none() -> None:
    """argv[0] is the process's own word; it never becomes an executable path."""
    machine = seen("darwin")
    found = machine.by_pid[710]
    assert found.facts.command_line[0] == "/bin/zsh"
    assert (found.facts.executable_path, found.facts.on_disk) == (None, OnDisk.UNKNOWN)
    assert [machine.unread(710)[field] for field in ("executable_path", "executable_file", "on_disk")] == ["gone"] * 3


def test_macos_a_path_that_leads_nowhere_is_deleted() -> None:
    """A program whose file is not there any more is said so."""
    machine = seen("darwin")
    facts = machine.by_pid[720].facts
    assert (facts.executable_path, facts.on_disk) == ("/private/tmp/updater", OnDisk.DELETED)
    assert (facts.executable_file, machine.unread(720)["executable_file"]) == (None, "gone")


def test_macos_a_path_that_may_not_be_looked_at_is_unknown() -> None:
    """No permission is no evidence of deletion."""
    machine = seen("darwin")
    assert machine.by_pid[740].facts.on_disk is OnDisk.UNKNOWN
    assert machine.unread(740)["on_disk"] == machine.unread(740)["executable_file"] == "permission"


@pytest.mark.parametrize(("platform", "pid"), [("darwin", 0), ("freebsd14", 0)])
def test_the_kernels_process_does_not_get_our_own_process_group(platform: str, pid: int) -> None:
    """getpgid(0) would answer for the asker."""
    machine = seen(platform)
    assert machine.unread(pid)["process_group"] == machine.unread(pid)["session"] == "unsupported"
    assert (machine.by_pid[pid].sample.process_group, machine.by_pid[pid].sample.session) == (0, 0)


@pytest.mark.parametrize(
    ("platform", "in_kernel"), [("darwin", {0}), ("win32", {0, 4, 124}), ("freebsd14", {0, 11, 12})]
)
def test_processes_of_the_kernel_are_told_apart(platform: str, in_kernel: set[int]) -> None:
    """A process that never had a file is not one whose file is missing."""
    found = seen(platform).by_pid
    assert {pid for pid, process in found.items() if process.sample.kernel_thread} == in_kernel
    assert all(found[pid].facts.executable_path is None for pid in in_kernel)


def test_windows_has_no_posix_identities() -> None:
    """A missing uid is never read as uid 0."""
    machine = seen("win32")
    for pid, found in machine.by_pid.items():
        missing = ("credentials", "user_id", "tty", "process_group", "session")
        assert [machine.unread(pid)[field] for field in missing] == ["unsupported"] * len(missing)
        assert (found.facts.credentials, found.sample.uid) == (None, None)


def test_windows_refuses_in_single_fields() -> None:
    """csrss.exe shows its file although nobody may read its arguments."""
    machine = seen("win32")
    assert machine.by_pid[708].facts.executable_path == r"C:\Windows\System32\csrss.exe"
    assert machine.unread(708)["command_line"] == machine.unread(708)["cwd"] == "permission"
    assert machine.unread(0)["executable_path"] == "permission"


def test_windows_text_that_is_no_text_is_shown_in_escapes() -> None:
    """Half a UTF-16 pair in an argument cannot break the UTF-8 of a report."""
    facts = seen("win32").by_pid[5000].facts
    assert facts.command_line[2:] == ("Grüße.txt", r"\ud83d")
    "".join(facts.command_line).encode("utf-8")


def test_windows_a_suspended_process_is_stopped() -> None:
    """The one state besides running that Windows tells."""
    assert seen("win32").by_pid[5100].sample.state == "stopped"


def test_windows_a_renamed_program_counts_as_deleted() -> None:
    """The path that the kernel remembers leads nowhere, whatever the file is called now."""
    assert seen("win32").by_pid[5200].facts.on_disk is OnDisk.DELETED


def test_windows_unexpected_errors_stay_in_their_field() -> None:
    """One odd answer costs one field."""
    machine = seen("win32")
    assert machine.unread(5300)["command_line"] == "io"
    assert machine.unread(5300)["cwd"] == "malformed"
    assert machine.by_pid[5300].sample.threads == 4


def test_windows_file_numbers_of_128_bits_fit_the_record() -> None:
    """ReFS cannot make a record that the wire refuses."""
    file = seen("win32").by_pid[5300].facts.executable_file
    assert file is not None
    assert file.ino == 7


def test_freebsd_does_not_tell_why_a_path_is_missing() -> None:
    """Deleted, or forgotten by the kernel: the record says that it is not known, and argv[0] is not asked."""
    machine = seen("freebsd14")
    found = machine.by_pid[1000]
    assert found.facts.command_line == ("/usr/sbin/sshd", "-D")
    assert (found.facts.executable_path, found.facts.on_disk) == (None, OnDisk.UNKNOWN)
    assert machine.unread(1000)["executable_path"] == "unsupported"


def test_freebsd_bytes_that_are_not_utf8_are_shown_in_escapes() -> None:
    r"""Names, paths and arguments carry \xNN as they do on Linux, and the file is found under its real name."""
    found = seen("freebsd14").by_pid[1200]
    assert (found.sample.comm, found.facts.name) == (r"caf\xe9", r"caf\xe9")
    assert found.facts.executable_path == r"/home/ada/caf\xe9"
    assert found.facts.on_disk is OnDisk.PRESENT
    assert found.facts.command_line == (r"/home/ada/caf\xe9", r"\xff\xfe")
    assert found.facts.cwd == r"/home/ada/\xe9t\xe9"


def test_freebsd_half_known_owners_are_unknown() -> None:
    """When the uids fail, the gids do not make an owner with uid 0."""
    machine = seen("freebsd14")
    assert machine.by_pid[1300].facts.credentials is None
    assert machine.unread(1300)["credentials"] == machine.unread(1300)["user_id"] == "io"


def test_freebsd_states_are_told_in_our_words() -> None:
    """A lock in the kernel is an uninterruptible sleep; a word nobody knows is not guessed at."""
    machine = seen("freebsd14")
    assert [machine.by_pid[pid].sample.state for pid in (12, 900, 1100, 1300)] == [
        "idle",
        "sleeping",
        "zombie",
        "disk_sleep",
    ]
    assert (machine.by_pid[1400].sample.state, machine.unread(1400)["state"]) == ("unknown", "malformed")
    assert machine.unread(1400)["threads"] == "unsupported"


def test_freebsd_an_empty_working_directory_is_unknown() -> None:
    """The kernel answers nothing for its own processes."""
    machine = seen("freebsd14")
    assert (machine.by_pid[11].facts.cwd, machine.unread(11)["cwd"]) == (None, "unsupported")
    assert machine.unread(1300)["cwd"] == "io"


def test_other_systems_are_refused() -> None:
    """Where psutil guesses an executable from argv, daemoneye does not run at all."""
    with pytest.raises(NoInputError, match=r"^platform: openbsd7: one of linux, darwin, win32, freebsd$"):
        platform_of("openbsd7")
    assert platform_of("freebsd15").name == "freebsd"

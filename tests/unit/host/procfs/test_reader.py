from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.errors import NoInputError
from daemoneye.host.procfs import reader
from daemoneye.host.procfs.facts import Depth
from daemoneye.host.procfs.reader import ProcfsSource
from daemoneye.host.source import open_source
from daemoneye.model.observation import Losses, ProcessKey
from daemoneye.model.process import Credentials, OnDisk
from tests.fakes.procfs import BOOT_ID, BOOT_TIME_S, KERNEL_THREAD, FakeProc, stat_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from daemoneye.model.observation import Observation, Snapshot


class Looking:
    """A source over the fake, and a mask that lets a test act in the middle of a record."""

    def __init__(self, proc: FakeProc) -> None:
        self.proc = proc
        self.meanwhile: Callable[[], None] = lambda: None
        self.sources: list[ProcfsSource] = []

    def mask(self, arguments: Sequence[str]) -> tuple[str, ...]:
        self.meanwhile()
        return tuple(arguments)

    def open(self, depth: Depth = Depth.FULL, timeout_s: float = 5.0) -> ProcfsSource:
        source = ProcfsSource(
            mask=self.mask,
            depth=depth,
            environment_names=["LD_PRELOAD"],
            process_timeout_s=timeout_s,
            proc_root=os.fsencode(self.proc.root),
        )
        self.sources.append(source)
        return source


@pytest.fixture
def looking(proc: FakeProc) -> Iterator[Looking]:
    looking = Looking(proc)
    yield looking
    for source in looking.sources:
        source.close()


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    # every process of the fake counts as long started, and none is due for its turn, unless a test says otherwise
    monkeypatch.setattr(reader, "_SETTLING_S", -1e12)
    monkeypatch.setattr(reader, "_REREAD_EVERY", 10**9)


def only(snapshot: Snapshot) -> Observation:
    [observation] = beside_init(snapshot).values()
    return observation


def beside_init(snapshot: Snapshot) -> dict[ProcessKey, Observation]:
    return {key: observation for key, observation in snapshot.processes.items() if key.pid != 1}


def test_a_snapshot_says_which_machine_and_when(looking: Looking) -> None:
    """A scan carries what is needed to make sense of it."""
    snapshot = looking.open().scan()
    assert (snapshot.machine.boot_id, snapshot.machine.boot_time_s) == (BOOT_ID, BOOT_TIME_S)
    assert snapshot.machine.ticks_per_second == os.sysconf("SC_CLK_TCK")
    # one of the forks is the thread of the scan
    assert (snapshot.forks, snapshot.losses, beside_init(snapshot)) == (4320, Losses(), {})


def test_everything_about_a_process(looking: Looking) -> None:
    """A record has what the kernel tells: sample, image, arguments, ids, places."""
    looking.proc.add(42, stat=stat_line(42, tty=136 << 8 | 1))
    observation = only(looking.open().scan())
    facts = observation.facts
    assert observation.key == ProcessKey(42, 100)
    assert (facts.name, facts.command_line, facts.tty) == ("sleep", ("sleep", "60"), "/dev/pts/1")
    assert (facts.cwd, facts.root, facts.login_uid, facts.unread) == ("/srv", "/", 1000, ())
    assert (facts.executable_path, facts.on_disk) == (str(looking.proc.programs / "sleep"), OnDisk.PRESENT)
    assert facts.credentials == Credentials(
        ruid=1000, euid=1001, suid=1002, fsuid=1003, rgid=100, egid=101, sgid=102, fsgid=103, groups=(27, 100)
    )
    assert observation.sample.uid == os.getuid()


def test_the_core_is_what_a_process_list_shows(looking: Looking) -> None:
    """The shallowest depth reads name, path and arguments, and touches no filesystem for them."""
    looking.proc.add(42)
    facts = only(looking.open(Depth.CORE).scan()).facts
    assert (facts.name, facts.command_line) == ("sleep", ("sleep", "60"))
    assert facts.executable_path == str(looking.proc.programs / "sleep")
    assert (facts.on_disk, facts.credentials, facts.unread) == (OnDisk.UNKNOWN, None, ())


def test_the_core_looks_closer_where_a_name_is_doubtful(looking: Looking) -> None:
    """A name that really ends in " (deleted)" is told whole at every depth."""
    looking.proc.add(42, program=looking.proc.program("x (deleted)"))
    assert only(looking.open(Depth.CORE).scan()).facts.executable_path == str(looking.proc.programs / "x (deleted)")


def test_enhanced_adds_confinement(looking: Looking) -> None:
    """The deepest depth adds namespaces, control group, capabilities, descriptors and listed variables."""
    looking.proc.add(42)
    looking.proc.enhance(42, environ=b"A=1\0LD_PRELOAD=/x.so\0")
    facts = only(looking.open(Depth.ENHANCED).scan()).facts
    linux = facts.linux
    assert linux is not None
    assert linux.namespaces is not None
    assert (linux.namespaces.cgroup, linux.namespaces.time) == (4026531835, None)
    assert linux.container is not None
    assert linux.container.systemd_unit == "x.service"
    assert (linux.seccomp_mode, linux.no_new_privs, linux.fd_count) == (2, True, 0)
    assert linux.environment == (("LD_PRELOAD", "/x.so"),)
    assert dict(facts.unread) == {"linux.namespaces": "unsupported", "linux.lsm_label": "unsupported"}


def test_what_enhanced_cannot_read_has_reasons(looking: Looking) -> None:
    """A field that is absent says why."""
    looking.proc.add(42)
    unread = dict(only(looking.open(Depth.ENHANCED).scan()).facts.unread)
    assert unread == {
        "linux.environment": "gone",
        "linux.fd_count": "gone",
        "linux.namespaces": "gone",
        "linux.container": "gone",
        "linux.lsm_label": "unsupported",
        "linux.listening": "gone",
    }


def test_a_kernel_thread_lacks_nothing(looking: Looking) -> None:
    """A kernel thread has no image and no arguments, and that is no gap."""
    looking.proc.add(2, stat=stat_line(2, comm=b"kthreadd", flags=KERNEL_THREAD, image=0))
    facts = only(looking.open().scan()).facts
    assert (facts.name, facts.executable_path, facts.command_line, facts.unread) == ("kthreadd", None, (), ())
    assert facts.credentials is not None
    assert only(looking.open(Depth.CORE).scan()).facts.credentials is None


def test_a_zombie_has_reasons(looking: Looking) -> None:
    """What a process had before it ended is gone, not forbidden."""
    directory = looking.proc.add(42, stat=stat_line(42, state=b"Z", image=0), cmdline=b"")
    for link in ("exe", "cwd", "root"):
        (directory / link).unlink()
    unread = dict(only(looking.open().scan()).facts.unread)
    fields = ("root", "cwd", "executable_path", "executable_file", "on_disk", "command_line")
    assert unread == dict.fromkeys(fields, "gone")


def test_a_process_that_ends_keeps_what_is_remembered(looking: Looking) -> None:
    """When a known process becomes a zombie its name and arguments stay; what its path leads to is no longer asked."""
    looking.proc.add(42)
    source = looking.open()
    source.scan()
    looking.proc.set_stat(42, stat_line(42, state=b"Z", image=0))
    for _ in range(2):
        facts = only(source.scan()).facts
        assert (facts.command_line, facts.on_disk) == (("sleep", "60"), OnDisk.UNKNOWN)
        assert facts.unread == (("on_disk", "gone"),)


def test_a_quiet_process_is_not_read_again(looking: Looking) -> None:
    """What was read of a process holds at the next scan without asking again."""
    looking.proc.add(42)
    source = looking.open()
    first = only(source.scan())
    (looking.proc.root / "42/cmdline").write_bytes(b"other\0")
    second = only(source.scan())
    assert second.facts is first.facts
    assert second.sample is first.sample


def test_what_moves_is_read_at_every_scan(looking: Looking) -> None:
    """Processor time, memory and state are those of now."""
    looking.proc.add(42)
    source = looking.open()
    source.scan()
    looking.proc.set_stat(42, stat_line(42, user=50, rss_pages=2, state=b"R"))
    sample = only(source.scan()).sample
    assert (sample.cpu_ticks, sample.rss_bytes, sample.state) == (54, 2 * os.sysconf("SC_PAGE_SIZE"), "running")


@pytest.mark.parametrize("change", [{"image": 0x9000}, {"comm": b"renamed"}])
def test_another_image_or_name_is_read_at_once_and_once_more(looking: Looking, change: dict[str, int]) -> None:
    """After an exec everything is read again, and once more at the next scan, for what it sets up after that."""
    looking.proc.add(42)
    source = looking.open()
    source.scan()
    cmdline = looking.proc.root / "42/cmdline"
    seen: list[str] = []
    looking.proc.set_stat(42, stat_line(42, **change))  # type: ignore[arg-type]
    for arguments in (b"one\0", b"two\0", b"three\0"):
        cmdline.write_bytes(arguments)
        seen += only(source.scan()).facts.command_line
    assert seen == ["one", "two", "two"]


def test_a_young_process_is_read_again(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may still be setting itself up is read once more."""
    monkeypatch.setattr(reader, "_SETTLING_S", 1e12)
    looking.proc.add(42)
    source = looking.open()
    source.scan()
    for arguments, seen in ((b"title\0", ("title",)), (b"later\0", ("title",))):
        (looking.proc.root / "42/cmdline").write_bytes(arguments)
        assert only(source.scan()).facts.command_line == seen


def test_a_change_without_a_sign_is_found_in_bounded_time(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is read anew every so many scans, whatever the process does to look unchanged."""
    monkeypatch.setattr(reader, "_REREAD_EVERY", 4)
    looking.proc.add(42)
    source = looking.open()
    source.scan()
    (looking.proc.root / "42/cmdline").write_bytes(b"new\0")
    assert ("new",) in [only(source.scan()).facts.command_line for _ in range(4)]


def test_an_executable_that_moves_is_noticed_at_once(looking: Looking) -> None:
    """Every scan says of every process what its path leads to at that moment."""
    directory = looking.proc.add(42)
    source = looking.open()
    assert only(source.scan()).facts.on_disk is OnDisk.PRESENT
    program = looking.proc.programs / "sleep"
    program.rename(program.with_name("aside"))
    (directory / "exe").unlink()
    (directory / "exe").symlink_to(program.with_name("aside"))
    facts = only(source.scan()).facts
    assert (facts.executable_path, facts.on_disk) == (str(program.with_name("aside")), OnDisk.PRESENT)


def test_a_replacement_is_looked_at_again_while_it_lasts(looking: Looking) -> None:
    """A replaced program is reported replaced, and present again once its own file is back."""
    directory = looking.proc.add(42)
    source = looking.open()
    link, marked = looking.proc.programs / "link", looking.proc.programs / "link (deleted)"
    link.symlink_to("sleep")
    marked.symlink_to("sleep")
    (directory / "exe").unlink()
    (directory / "exe").symlink_to(marked)
    assert [only(source.scan()).facts.on_disk for _ in range(2)] == [OnDisk.REPLACED] * 2
    link.unlink()
    os.link(looking.proc.programs / "sleep", link)
    assert only(source.scan()).facts.on_disk is OnDisk.PRESENT


def test_what_cannot_be_reached_is_looked_for_again(looking: Looking) -> None:
    """A program whose path leads elsewhere is present again as soon as its path leads to it."""
    directory = looking.proc.add(42)
    source = looking.open()
    aside, link = looking.proc.programs / "aside", looking.proc.programs / "link"
    (looking.proc.programs / "sleep").rename(aside)
    link.symlink_to("aside")
    (directory / "exe").unlink()
    (directory / "exe").symlink_to(link)
    for _ in range(2):
        facts = only(source.scan()).facts
        assert (facts.on_disk, facts.unread) == (OnDisk.UNKNOWN, (("on_disk", "unreachable"),))
    link.unlink()
    aside.rename(link)
    assert only(source.scan()).facts.on_disk is OnDisk.PRESENT


def headless(proc: FakeProc, pid: int, **thread: int | bytes) -> Path:
    """Let the first thread of a process end, and another one live."""
    directory = proc.root / str(pid)
    tasks = directory / "task"
    for tid in (pid, pid + 1, pid + 2):
        (tasks / str(tid)).mkdir(parents=True)
    for name in ("cmdline", "status", "loginuid", "exe", "root", "cwd"):
        (directory / name).rename(tasks / str(pid + 2) / name)
    (directory / "cmdline").write_bytes(b"")
    # one that was listed and ended, and one that lives
    (tasks / str(pid + 1) / "stat").write_bytes(stat_line(pid + 1, state=b"Z", image=0))
    (tasks / str(pid + 2) / "stat").write_bytes(stat_line(pid + 2, start_ticks=500, **thread))  # type: ignore[arg-type]
    proc.set_stat(pid, stat_line(pid, state=b"Z", image=0, rss_pages=0, threads=2))
    return tasks


@pytest.mark.parametrize("known", [False, True], ids=["first seen so", "known before"])
def test_a_process_without_its_first_thread_is_read_through_another(looking: Looking, known: bool) -> None:
    """Identity and state are the leader's; image, arguments, memory and owner are those of the thread that lives."""
    looking.proc.add(42)
    source = looking.open()
    if known:
        source.scan()
    tasks = headless(looking.proc, 42)
    for state in (OnDisk.PRESENT, OnDisk.PRESENT, OnDisk.UNKNOWN):
        if state is OnDisk.UNKNOWN:
            (looking.proc.programs / "sleep").unlink()
        sample, facts = only(source.scan())
        assert (sample.key, sample.state) == (ProcessKey(42, 100), "zombie")
        assert sample.rss_bytes == 25 * os.sysconf("SC_PAGE_SIZE")
        assert (facts.command_line, facts.on_disk) == (("sleep", "60"), state)
        assert facts.credentials is not None
    (tasks / "44/stat").unlink()
    assert ("on_disk", "gone") in only(source.scan()).facts.unread


def test_a_process_that_is_ending_has_lost_what_it_had(looking: Looking) -> None:
    """A process of which no thread is left to ask has reasons, like any that ended."""
    directory = looking.proc.add(42, cmdline=b"", stat=stat_line(42, state=b"Z", image=0, threads=2))
    for link in ("exe", "cwd", "root"):
        (directory / link).unlink()
    unread = dict(only(looking.open().scan()).facts.unread)
    assert set(unread.values()) == {"gone"}
    assert "command_line" in unread


def test_the_arguments_of_a_process_without_its_first_thread_may_be_empty(looking: Looking) -> None:
    """What the living thread shows as empty was emptied, and is not gone."""
    looking.proc.add(42, cmdline=b"")
    headless(looking.proc, 42)
    facts = only(looking.open().scan()).facts
    assert (facts.command_line, facts.unread) == ((), ())


def test_a_process_without_its_first_thread_may_move_on_while_it_is_read(looking: Looking) -> None:
    """Processor time that passes meanwhile is no sign of another image."""
    looking.proc.add(42)
    headless(looking.proc, 42)
    looking.meanwhile = lambda: looking.proc.set_stat(42, stat_line(42, state=b"Z", image=0, threads=2, user=90))
    source = looking.open()
    sample, facts = only(source.scan())
    assert (sample.cpu_ticks, facts.command_line) == (94, ("sleep", "60"))
    assert only(source.scan()).facts is facts


def test_a_file_that_is_written_to_keeps_its_place(looking: Looking) -> None:
    """The same file with another content has another identity, and is still present."""
    looking.proc.add(42)
    source = looking.open()
    source.scan()
    (looking.proc.programs / "sleep").write_bytes(b"changed")
    facts = only(source.scan()).facts
    assert facts.executable_file is not None
    assert (facts.on_disk, facts.executable_file.size) == (OnDisk.PRESENT, 7)


def test_a_pid_that_means_another_process_is_another_process(looking: Looking) -> None:
    """Reuse of a pid between two scans yields a new identity with facts of its own."""
    looking.proc.add(42)
    source = looking.open()
    source.scan()
    looking.proc.remove(42)
    looking.proc.add(42, stat=stat_line(42, start_ticks=500), cmdline=b"new\0")
    observation = only(source.scan())
    assert (observation.key, observation.facts.command_line) == (ProcessKey(42, 500), ("new",))


def test_a_pid_reused_during_a_record_yields_none(looking: Looking) -> None:
    """Two processes never share a record: when the ticks have changed at its end, it is dropped and counted."""
    looking.proc.add(42)
    looking.meanwhile = lambda: looking.proc.set_stat(42, stat_line(42, start_ticks=500))
    snapshot = looking.open().scan()
    assert (beside_init(snapshot), snapshot.losses) == ({}, Losses(vanished=1))


def test_an_exec_during_a_record_is_not_mixed(looking: Looking) -> None:
    """A process that executes another program while it is read is read again, whole."""
    looking.proc.add(42)

    def execute() -> None:
        looking.meanwhile = lambda: None
        looking.proc.set_stat(42, stat_line(42, image=0x9000, comm=b"other"))
        (looking.proc.root / "42/cmdline").write_bytes(b"other\0")

    looking.meanwhile = execute
    observation = only(looking.open().scan())
    assert (observation.facts.name, observation.facts.command_line) == ("other", ("other",))


def test_at_the_core_an_exec_during_a_record_shows_at_the_next_scan(looking: Looking) -> None:
    """The shallowest depth does not look twice, and finds at the next scan what changed meanwhile."""
    looking.proc.add(42)
    looking.meanwhile = lambda: looking.proc.set_stat(42, stat_line(42, image=0x9000))
    source = looking.open(Depth.CORE)
    source.scan()
    (looking.proc.root / "42/cmdline").write_bytes(b"other\0")
    assert only(source.scan()).facts.command_line == ("other",)


def test_a_process_that_never_stops_executing_is_read_all_the_same(looking: Looking) -> None:
    """Endless exec costs a bounded number of readings, and the next scan tries again."""
    looking.proc.add(42)
    images = iter(range(1, 1000))

    def execute() -> None:
        number = next(images)
        looking.proc.set_stat(42, stat_line(42, image=0x1000 * number))
        (looking.proc.root / "42/cmdline").write_bytes(b"%d\0" % number)

    looking.meanwhile = execute
    source = looking.open()
    assert len(beside_init(source.scan())) == 1
    assert next(images) == 4
    looking.meanwhile = lambda: None
    (looking.proc.root / "42/cmdline").write_bytes(b"calm\0")
    assert only(source.scan()).facts.command_line == ("calm",)


@pytest.mark.parametrize(
    ("damage", "losses"),
    [
        (lambda d: (d / "stat").unlink(), Losses(vanished=1)),
        (lambda d: (d / "stat").write_bytes(b""), Losses(malformed=1)),
        (lambda d: (d / "stat").write_bytes(b"42 (x) S 1"), Losses(malformed=1)),
        (lambda d: (d / "stat").write_bytes(stat_line(43)), Losses(malformed=1)),
        (lambda d: [(d / "stat").unlink(), (d / "stat").mkdir()], Losses(malformed=1)),
        (lambda d: [(d / "stat").unlink(), (d / "stat").symlink_to("stat")], Losses(refused=1)),
    ],
)
def test_a_process_without_an_identity_is_counted(
    looking: Looking, damage: Callable[[Path], object], losses: Losses
) -> None:
    """Nothing is said about a process whose identity cannot be read, but that there was one; the others are read."""
    looking.proc.add(41)
    damage(looking.proc.add(42))
    snapshot = looking.open().scan()
    assert [key.pid for key in beside_init(snapshot)] == [41]
    assert snapshot.losses == losses
    assert snapshot.unseen == (frozenset() if losses.vanished else {42})


def test_names_that_are_no_pids_are_passed_over(looking: Looking) -> None:
    """Only plain numbers are processes."""
    for name in ("self", "0", "007", "-1", "1e3", "٤٢", "9" * 200):
        (looking.proc.root / name).mkdir()
    assert beside_init(looking.open().scan()) == {}


def test_our_own_shortage_is_not_the_fault_of_a_process(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    """When we run out of descriptors, the record says that reading failed, not that it was forbidden."""
    looking.proc.add(42)
    real = os.open

    def exhausted(path: bytes, flags: int, *, dir_fd: int) -> int:
        if path in {b"cmdline", b"status"}:
            raise OSError(24, "Too many open files")
        return real(path, flags, dir_fd=dir_fd)

    source = looking.open()
    monkeypatch.setattr(os, "open", exhausted)
    facts = only(source.scan()).facts
    assert dict(facts.unread) == {"credentials": "io", "command_line": "io"}


def test_a_file_that_blocks_costs_a_deadline(looking: Looking) -> None:
    """A process that cannot be read to the end shows what could be read, and why not the rest; the others are whole."""
    looking.proc.add(41)
    directory = looking.proc.add(42)
    (directory / "cmdline").unlink()
    os.mkfifo(directory / "cmdline")
    looking.proc.add(43)
    source = looking.open(timeout_s=0.1)
    try:
        for _ in range(2):
            snapshot = source.scan()
            facts = {key.pid: observation.facts for key, observation in snapshot.processes.items()}
            assert (facts[41].unread, facts[43].unread) == ((), ())
            assert dict(facts[42].unread) == dict.fromkeys(("executable_file", "on_disk", "command_line"), "timeout")
            assert facts[42].executable_path == facts[41].executable_path
    finally:
        unblock(directory / "cmdline")


@pytest.mark.parametrize("count", [5, 10, 31])
def test_many_that_block_do_not_blind_us_for_the_others(looking: Looking, count: int) -> None:
    """While dozens of processes hang the reader, every other process is read whole, at the first look and later."""
    stuck, fine = range(100, 100 + count), range(200, 240)
    pipes = []
    for pid in (*stuck, *fine):
        directory = looking.proc.add(pid)
        if pid in stuck:
            pipes.append(directory / "cmdline")
            pipes[-1].unlink()
            os.mkfifo(pipes[-1])
    source = looking.open(timeout_s=0.1)
    try:
        for _ in range(3):
            facts = {key.pid: observation.facts for key, observation in source.scan().processes.items()}
            assert {facts[pid].unread for pid in fine} == {()}
            assert {dict(facts[pid].unread)["command_line"] for pid in stuck} == {"timeout"}
            looking.proc.set_stat(200, stat_line(200, image=0x9000))
    finally:
        unblock(*pipes)


def test_many_that_block_at_once_do_not_blind_us_either(looking: Looking) -> None:
    """Where caution does not help, the others are still read whole."""
    pipes = []
    for pid in range(100, 110):
        pipes.append(looking.proc.add(pid) / "stat")
        pipes[-1].unlink()
        os.mkfifo(pipes[-1])
    looking.proc.add(200)
    source = looking.open(timeout_s=0.1)
    try:
        for _ in range(2):
            snapshot = source.scan()
            assert only(snapshot).facts.unread == ()
            assert snapshot.losses == Losses(timeout=10)
    finally:
        unblock(*pipes)


def test_a_known_process_that_blocks_keeps_what_is_known(looking: Looking) -> None:
    """A process that gets stuck later keeps its facts, except for what its path leads to now."""
    directory = looking.proc.add(42)
    source = looking.open(timeout_s=0.1)
    source.scan()
    (directory / "cmdline").unlink()
    os.mkfifo(directory / "cmdline")
    looking.proc.set_stat(42, stat_line(42, comm=b"other"))
    source.scan()
    try:
        facts = only(source.scan()).facts
        assert (facts.on_disk, facts.name) == (OnDisk.UNKNOWN, "other")
        assert dict(facts.unread)["on_disk"] == "timeout"
    finally:
        unblock(directory / "cmdline")


def test_a_process_that_blocks_at_once_is_counted(looking: Looking) -> None:
    """Where not even the identity can be read, the scan counts the process as timed out, and goes on."""
    looking.proc.add(41)
    directory = looking.proc.add(42)
    (directory / "stat").unlink()
    os.mkfifo(directory / "stat")
    source = looking.open(timeout_s=0.1)
    try:
        snapshot = source.scan()
        assert [key.pid for key in beside_init(snapshot)] == [41]
        assert (snapshot.losses, snapshot.unseen) == (Losses(timeout=1), frozenset({42}))
    finally:
        unblock(directory / "stat")


def unblock(*pipes: Path) -> None:
    """Let every reader of the pipes go, so that no thread outlives the test."""
    while any(thread.name == "visits" for thread in threading.enumerate()):
        for pipe in pipes:
            with suppress(OSError):
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))


def test_hidden_processes_are_said_to_be_hidden(looking: Looking) -> None:
    """A list without the first process of all is not the whole list."""
    source = looking.open()
    assert source.scan().losses == Losses()
    looking.proc.remove(1)
    assert source.scan().losses == Losses(hidden=True)


def test_nothing_grows_over_a_thousand_scans(looking: Looking) -> None:
    """What is remembered is what was alive at the last scan, however many processes came and went."""
    source = looking.open()
    source.scan()
    held = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(1000):
        pid = 100 + number % 7
        if (looking.proc.root / str(pid)).exists():
            looking.proc.remove(pid)
        looking.proc.add(pid, stat=stat_line(pid, start_ticks=number), cmdline=b"%d\0" % number)
        assert len(beside_init(source.scan())) <= 7
    assert len(source._known) == 8
    assert source._facts.disk._under_way == set()
    assert source._rounds._left_behind == []
    assert source._facts._command_lines._remembered.cache_info().currsize <= 512
    assert len(list(Path("/proc/self/fd").iterdir())) <= held


def test_what_is_no_proc_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A root that cannot be a proc filesystem is an error of the operator's, in one line."""
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(NoInputError, match="mounted proc"):
        ProcfsSource(mask=tuple, proc_root=os.fsencode(empty / "absent"))
    with pytest.raises(NoInputError, match="boot_id of the proc filesystem: No such file or directory: ") as told:
        ProcfsSource(mask=tuple, proc_root=os.fsencode(empty))
    assert "Errno" not in str(told.value)
    proc = FakeProc(empty)
    (empty / "stat").write_text("cpu 1\n")
    with pytest.raises(NoInputError, match="btime"):
        ProcfsSource(mask=tuple, proc_root=os.fsencode(empty))
    proc.machine_stat()
    (empty / "sys/kernel/random/boot_id").write_text("\n")
    with pytest.raises(NoInputError, match="boot_id of the proc filesystem: makes no sense"):
        ProcfsSource(mask=tuple, proc_root=os.fsencode(empty))


def test_without_the_count_of_forks_a_scan_is_still_a_scan(looking: Looking) -> None:
    """A missing counter is absent, not wrong."""
    source = looking.open()
    (looking.proc.root / "stat").unlink()
    assert source.scan().forks is None


def test_the_factory_reads_proc_here(looking: Looking) -> None:
    """The rest of the program need not know what stands behind a source."""
    looking.proc.add(42)
    source = open_source(
        enhanced=True, mask=tuple, environment_names=(), process_timeout_s=5, proc_root=str(looking.proc.root)
    )
    assert only(source.scan()).facts.linux is not None
    source.close()


def test_the_reader_does_not_count_itself(looking: Looking) -> None:
    """The threads that scans take are not among the tasks that came and went."""
    looking.proc.add(7)
    source = looking.open()
    assert [source.scan().forks for _ in range(3)] == [4320, 4319, 4318]

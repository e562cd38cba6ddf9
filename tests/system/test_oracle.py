"""The ``/proc`` reader against psutil, on this machine, field by field.

psutil is asked before and after the reader. Where both answers agree the process held still, and the reader has to give
the same; what moves by itself (threads, state, memory) is compared for children of this test that do nothing. Where
psutil is known to tell less or otherwise, ``EXCUSES`` says why, and only that excuse is accepted.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil
import pytest

from daemoneye.host.psutil_source import PsutilSource
from daemoneye.host.source import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from daemoneye.model.observation import Observation, Snapshot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc to compare with")

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CPUS = os.cpu_count() or 1
# stat counts file, anonymous and shared pages per CPU in batches of 32 or twice the CPUs (lib/percpu_counter.c)
RSS_TOLERANCE = 3 * CPUS * max(32, 2 * CPUS) * PAGE

SLEEPER = "import sys, time; print(flush=True); time.sleep(300)"
ON_A_TERMINAL = "import os, sys, time; os.open(sys.argv[1], os.O_RDWR); print(flush=True); time.sleep(300)"
ODD = ["", "tab\there", "new\nline", "--password=hunter2", "日本", os.fsdecode(b"caf\xe9"), " ", ""]


class Children(NamedTuple):
    """Processes whose every field is known, and which do nothing."""

    pids: dict[str, int]

    @property
    def living(self) -> set[int]:
        return {pid for name, pid in self.pids.items() if name != "zombie"}


@contextmanager
def started(
    *command: str, program: Path | None = None, cwd: Path | None = None, session: bool = False
) -> Iterator[int]:
    """Yield the pid of a child, as soon as it says that it has come to rest."""
    with subprocess.Popen(
        command,
        executable=program,
        cwd=cwd,
        start_new_session=session,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        if SLEEPER in command or ON_A_TERMINAL in command:
            child.stdout.readline()
        try:
            yield child.pid
        finally:
            child.kill()


def until_asleep(pid: int) -> None:
    deadline = time.monotonic() + 10  # a loaded machine takes a second to get a program going, not ten
    while psutil.Process(pid).status() != psutil.STATUS_SLEEPING:
        assert time.monotonic() < deadline, f"{pid} does not come to rest"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    PsutilSource(mask=tuple).scan()  # psutil remembers the terminals of its first look; ours is opened after it
    folder = tmp_path_factory.mktemp("oracle")
    sleep = shutil.which("sleep")
    assert sleep is not None
    long_name = folder / "a-rather-long-program-name"
    literal = folder / "called so (deleted)"
    removed = folder / "removed"
    for copy in (long_name, literal, removed):
        shutil.copy(sleep, copy)
    primary, secondary = os.openpty()
    with ExitStack() as stack:

        def begin(*command: str, **options: Any) -> int:
            return stack.enter_context(started(*command, **options))

        pids = {
            "sleeping": begin(sleep, "300"),
            "odd": begin(sys.executable, "-c", SLEEPER, *ODD),
            "elsewhere": begin(sleep, "300", cwd=folder, session=True),
            "long": begin(str(long_name), "300"),
            "literal": begin(str(literal), "300"),
            "removed": begin(str(removed), "300"),
            "renamed": begin("not really sleep", "300", program=long_name),
            "terminal": begin(sys.executable, "-c", ON_A_TERMINAL, os.ttyname(secondary), session=True),
            "stopped": begin(sleep, "300"),
            "zombie": begin("true"),
        }
        removed.unlink()
        os.kill(pids["stopped"], signal.SIGSTOP)
        os.waitid(os.P_PID, pids["stopped"], os.WSTOPPED | os.WNOWAIT)
        os.waitid(os.P_PID, pids["zombie"], os.WEXITED | os.WNOWAIT)
        for name in pids.keys() - {"stopped", "zombie"}:
            until_asleep(pids[name])
        yield Children(pids)
    os.close(primary)
    os.close(secondary)


class Looks(NamedTuple):
    before: Snapshot
    reader: Snapshot
    after: Snapshot

    def pairs(self) -> Iterator[tuple[Observation, Observation, Observation]]:
        """One process in all three looks; a pid that changed hands in between is left out."""
        before, reader, after = (by_pid(snapshot) for snapshot in self)
        for pid in before.keys() & reader.keys() & after.keys():
            trio = before[pid], reader[pid], after[pid]
            if len({round(each.sample.start_ticks / TICKS) for each in trio}) == 1:
                yield trio


def by_pid(snapshot: Snapshot) -> dict[int, Observation]:
    return {key.pid: found for key, found in snapshot.processes.items()}


@pytest.fixture(scope="module")
def looks(children: Children) -> Looks:
    assert children.pids
    oracle = PsutilSource(mask=tuple)
    reader = open_source(enhanced=False, mask=tuple, environment_names=(), process_timeout_s=5.0, proc_root=b"/proc")
    try:
        return Looks(oracle.scan(), reader.scan(), oracle.scan())
    finally:
        reader.close()
        oracle.close()


def ids(found: Observation) -> tuple[int, ...] | None:
    """Leave out what psutil does not tell: the ids of the file system, and the groups."""
    owner = found.facts.credentials
    if owner is None:
        return None
    return (owner.ruid, owner.euid, owner.suid, owner.rgid, owner.egid, owner.sgid)


def settled(name: str | None) -> str | None:
    """A worker of the kernel is renamed by whatever it does next."""
    return "kworker" if name and name.startswith("kworker/") else name


FIELDS: Mapping[str, Callable[[Observation], Any]] = {
    "ppid": lambda found: found.sample.ppid,
    "comm": lambda found: settled(found.sample.comm),
    "name": lambda found: settled(found.facts.name),
    "executable_path": lambda found: found.facts.executable_path,
    "command_line": lambda found: found.facts.command_line,
    "cwd": lambda found: found.facts.cwd,
    "ids": ids,
    "tty": lambda found: found.facts.tty,
    "process_group": lambda found: found.sample.process_group,
    "session": lambda found: found.sample.session,
}
MOVING: Mapping[str, Callable[[Observation], Any]] = {
    "state": lambda found: found.sample.state,
    "threads": lambda found: found.sample.threads,
    "start_ticks": lambda found: found.sample.start_ticks,
}


def kernel_thread_has_no_cwd(field: str, _told: Any, seen: Any, found: Observation) -> bool:
    """The link leads to "/", which psutil tells; the reader says of a kernel thread that it has no directory."""
    return field == "cwd" and found.sample.kernel_thread and seen is None


def suffix_is_dropped(field: str, told: Any, seen: Any, _found: Observation) -> bool:
    """Off every link whose text does not exist for it, psutil takes " (deleted)"; the reader keeps a cwd as told."""
    return field == "cwd" and seen == f"{told} (deleted)"


def suffix_is_kept(field: str, told: Any, seen: Any, _found: Observation) -> bool:
    """A path is looked up by psutil in its own mount namespace, where a file of that literal name may exist."""
    return field == "executable_path" and told == f"{seen} (deleted)"


def title_is_cut_otherwise(field: str, told: Any, seen: Any, _found: Observation) -> bool:
    """A title written over the arguments has no arguments; psutil and the reader find its words by different rules."""
    return field == "command_line" and words(told) == words(seen)


def name_follows_the_title(field: str, told: Any, seen: Any, found: Observation) -> bool:
    """A name that the kernel has cut is completed from the first argument, and so from how a title is cut."""
    cut = len(found.sample.comm) >= 15  # TASK_COMM_LEN without its end
    return field == "name" and cut and all(name.startswith(found.sample.comm) for name in (told, seen))


def arguments_have_a_limit(field: str, _told: Any, seen: Any, _found: Observation) -> bool:
    """The reader keeps 64 KiB of a command line and counts the rest."""
    return field == "command_line" and bool(seen) and "…truncated " in seen[-1]


def terminal_is_elsewhere(field: str, told: Any, seen: Any, _found: Observation) -> bool:
    """Among /dev/tty* and /dev/pts/*, where psutil searches, are no consoles and no terminals of other namespaces."""
    return field == "tty" and told is None and not Path(seen).exists()


def console_is_no_tty(field: str, told: Any, seen: Any, _found: Observation) -> bool:
    """The same, for devices that are there under a name psutil does not search for."""
    return field == "tty" and told is None and not seen.startswith(("/dev/tty", "/dev/pts/"))


EXCUSES = (
    kernel_thread_has_no_cwd,
    suffix_is_dropped,
    suffix_is_kept,
    title_is_cut_otherwise,
    name_follows_the_title,
    arguments_have_a_limit,
    terminal_is_elsewhere,
    console_is_no_tty,
)


def words(arguments: tuple[str, ...]) -> list[str]:
    return " ".join(arguments).replace("\0", " ").split()


def differences(
    looks: Looks, fields: Mapping[str, Callable[[Observation], Any]], only: set[int] | None = None
) -> list[str]:
    """What psutil and the reader disagree on; among ``only`` these, no excuse counts."""
    wrong = []
    for before, reader, after in looks.pairs():
        if only is not None and reader.sample.pid not in only:
            continue
        for field, value in fields.items():
            told, seen = value(before), value(reader)
            if told == seen or told != value(after):
                continue
            if only is not None or not any(excuse(field, told, seen, reader) for excuse in EXCUSES):
                wrong.append(f"{reader.sample.pid} {reader.facts.name}: {field}: psutil {told!r}, reader {seen!r}")
    return wrong


def test_no_process_is_missed(looks: Looks) -> None:
    """What psutil saw before and after, the reader saw in between, as the same process."""
    before, after = by_pid(looks.before), by_pid(looks.after)
    stayed = {pid for pid in before.keys() & after.keys() if before[pid].key == after[pid].key}
    assert stayed <= by_pid(looks.reader).keys()
    assert stayed <= {reader.sample.pid for _, reader, _ in looks.pairs()}


def test_both_name_the_machine_alike(looks: Looks) -> None:
    """A process has one entity id, whoever reads it."""
    oracle, reader = looks.before.machine, looks.reader.machine
    assert (oracle.boot_id, oracle.ticks_per_second) == (reader.boot_id, reader.ticks_per_second)
    # the kernel works its boot time out anew each time it is asked, and rounds it to a second
    assert abs(oracle.boot_time_s - reader.boot_time_s) <= 1


def test_every_field_of_every_process_agrees(looks: Looks) -> None:
    """Two programs that share no line of code read the same machine."""
    assert differences(looks, FIELDS) == []


def test_children_agree_without_an_excuse(looks: Looks, children: Children) -> None:
    """Where nothing moves, not even state, threads and the tick of the start differ."""
    compared = {reader.sample.pid for _, reader, _ in looks.pairs()}
    assert set(children.pids.values()) <= compared
    assert differences(looks, {**FIELDS, **MOVING}, only=set(children.pids.values())) == []


def test_memory_agrees_within_what_the_kernel_lets_drift(looks: Looks, children: Children) -> None:
    """The two files that tell a resident set are kept by different counters."""
    sizes = [
        (before.sample.rss_bytes, reader.sample.rss_bytes)
        for before, reader, _ in looks.pairs()
        if reader.sample.pid in children.living
    ]
    assert len(sizes) == len(children.living)
    assert all(told > 0 and abs(told - seen) <= RSS_TOLERANCE for told, seen in sizes)


@pytest.mark.parametrize("who", ["before", "reader"], ids=["psutil", "/proc reader"])
def test_both_are_right_about_what_we_started(looks: Looks, children: Children, who: str) -> None:
    """Agreement is no proof: this is what was asked of the kernel."""
    found = {name: by_pid(getattr(looks, who))[pid] for name, pid in children.pids.items()}
    assert found["odd"].facts.command_line[3:] == (*ODD[:5], r"caf\xe9", *ODD[6:])
    assert found["long"].facts.name == "a-rather-long-program-name"
    assert found["long"].sample.comm == "a-rather-long-p"
    assert found["renamed"].facts.command_line == ("not really sleep", "300")
    assert (found["renamed"].facts.executable_path or "").endswith("/a-rather-long-program-name")
    assert (found["literal"].facts.executable_path or "").endswith("/called so (deleted)")
    assert (found["removed"].facts.executable_path or "").endswith("/removed")
    assert (found["elsewhere"].facts.cwd or "").startswith("/")
    assert found["elsewhere"].sample.session == children.pids["elsewhere"]
    assert (found["terminal"].facts.tty or "").startswith("/dev/pts/")
    assert {name: each.sample.state for name, each in found.items() if each.sample.state != "sleeping"} == {
        "stopped": "stopped",
        "zombie": "zombie",
    }
    assert all(each.sample.ppid == os.getpid() for each in found.values())


def test_a_difference_would_be_found(looks: Looks, children: Children) -> None:
    """The comparison is not blind: one changed field of one process is reported."""
    key, found = next((key, f) for key, f in looks.reader.processes.items() if key.pid == children.pids["sleeping"])
    altered = dict(looks.reader.processes) | {key: found._replace(sample=found.sample._replace(ppid=1))}
    lines = differences(looks._replace(reader=replace(looks.reader, processes=altered)), FIELDS)
    assert [line.partition(": psutil")[0] for line in lines] == [f"{key.pid} sleep: ppid"]

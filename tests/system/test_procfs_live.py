"""The live kernel, odd processes, and the truth about each of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from daemoneye.host.procfs.facts import Depth
from daemoneye.host.procfs.reader import ProcfsSource
from daemoneye.model.process import OnDisk
from tests.system.zoo import NOBODY, READY, SLEEP, Zoo, as_root, interpreter, jail, may_mount, wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemoneye.model.observation import Facts, Observation

own_mounts = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0,
    reason="unshare --mount is not allowed here, as in many containers and chroots",
)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def opened(depth: Depth = Depth.FULL, **how: object) -> contextlib.closing[ProcfsSource]:
    return contextlib.closing(ProcfsSource(mask=tuple, depth=depth, **how))  # type: ignore[arg-type]


def look(pid: int, depth: Depth = Depth.FULL) -> Observation:
    with opened(depth) as source:
        return next(each for key, each in source.scan().processes.items() if key.pid == pid)


def image(pid: int) -> tuple[str | None, OnDisk]:
    facts: Facts = look(pid).facts
    return facts.executable_path, facts.on_disk


def test_a_program_in_its_place(zoo: Zoo) -> None:
    """An ordinary process runs what its path leads to."""
    program = zoo.copy()
    assert image(zoo.start(program)) == (str(program), OnDisk.PRESENT)


def test_every_change_shows_at_the_next_scan(zoo: Zoo) -> None:
    """Rename, replace, delete, bring back: a running agent says each at the scan that follows it."""
    program, aside = zoo.copy(), zoo.place / "aside"
    pid = zoo.start(program)
    with opened() as source:

        def now() -> tuple[str | None, OnDisk]:
            facts = next(each.facts for key, each in source.scan().processes.items() if key.pid == pid)
            return facts.executable_path, facts.on_disk

        assert now() == (str(program), OnDisk.PRESENT)
        program.rename(aside)
        assert now() == (str(aside), OnDisk.PRESENT)
        zoo.copy("new").rename(aside)
        assert now() == (str(aside), OnDisk.REPLACED)
        aside.unlink()
        assert now() == (str(aside), OnDisk.DELETED)
        aside.mkdir()
        assert now() == (str(aside), OnDisk.REPLACED)


def test_a_name_that_ends_in_deleted(zoo: Zoo) -> None:
    """A file may really be called like that; then it is present, and once deleted, deleted."""
    program = zoo.copy("x (deleted)")
    pid = zoo.start(program)
    assert image(pid) == (str(program), OnDisk.PRESENT)
    program.unlink()
    assert image(pid) == (str(program), OnDisk.DELETED)


def test_the_longest_name_there_can_be(zoo: Zoo) -> None:
    """The kernel's mark behind it makes it one that cannot be, and nothing unreadable."""
    program = zoo.copy("x" * 255)
    pid = zoo.start(program)
    assert image(pid) == (str(program), OnDisk.PRESENT)
    zoo.copy("new").rename(program)
    assert image(pid) == (str(program), OnDisk.REPLACED)
    program.unlink()
    assert image(pid) == (str(program), OnDisk.DELETED)


def test_a_decoy_beside_a_deleted_program(zoo: Zoo) -> None:
    """A file that carries the kernel's mark in its own name does not hide that another was deleted."""
    program = zoo.copy("x")
    pid = zoo.start(program)
    program.unlink()
    zoo.copy("x (deleted)")
    assert image(pid) == (str(program), OnDisk.DELETED)


def test_a_deleted_directory_and_one_in_place_of_a_directory(zoo: Zoo) -> None:
    """A program whose whole directory went, or became a file, is deleted."""
    folder = zoo.place / "folder"
    folder.mkdir()
    pid = zoo.start(zoo.copy("x", folder))
    shutil.rmtree(folder)
    assert image(pid) == (str(folder / "x"), OnDisk.DELETED)
    folder.write_text("a file")
    assert image(pid) == (str(folder / "x"), OnDisk.DELETED)


def test_a_link_in_place_of_a_program(zoo: Zoo) -> None:
    """A link to the very same content is a replacement: it can be turned elsewhere."""
    program = zoo.copy("x")
    os.link(program, zoo.place / "y")
    pid = zoo.start(program)
    program.unlink()
    program.symlink_to(zoo.place / "y")
    assert image(pid) == (str(program), OnDisk.REPLACED)


@pytest.mark.parametrize("name", ["x", "", "x (deleted)"])
def test_a_memfd_never_had_a_name(zoo: Zoo, name: str) -> None:
    """What memfd_create made is fileless, whatever it is called and whatever file lies at that name."""
    descriptor = os.memfd_create(name)
    os.write(descriptor, SLEEP.read_bytes())
    path, on_disk = image(zoo.anonymous(descriptor))
    os.close(descriptor)
    assert (path, on_disk) == (f"/memfd:{name}", OnDisk.MEMFD)


@pytest.mark.parametrize("place", [None, "/dev/shm"])  # noqa: S108 - a tmpfs, of all things
def test_a_file_without_a_name(zoo: Zoo, place: str | None) -> None:
    """What O_TMPFILE made is fileless too."""
    writing = os.open(place or zoo.place, os.O_TMPFILE | os.O_RDWR, 0o755)
    os.write(writing, SLEEP.read_bytes())
    reading = os.open(f"/proc/self/fd/{writing}", os.O_RDONLY)
    os.close(writing)
    assert image(zoo.anonymous(reading))[1] is OnDisk.MEMFD
    os.close(reading)


def test_an_unlinked_file_on_tmpfs_is_deleted(zoo: Zoo) -> None:
    """A file in memory that had a name and lost it is deleted, not fileless."""
    program = zoo.copy(f"daemoneye-{os.getpid()}", Path("/dev/shm"))  # noqa: S108
    pid = zoo.start(program)
    program.unlink()
    assert image(pid) == (str(program), OnDisk.DELETED)


@as_root
def test_a_real_file_called_like_a_memfd(zoo: Zoo) -> None:
    """A real file at the top of the tree that is called like a memfd is present, and once deleted, deleted."""
    program = zoo.copy(f"memfd:daemoneye-{os.getpid()}", Path("/"))
    try:
        pid = zoo.start(program)
        assert image(pid) == (str(program), OnDisk.PRESENT)
    finally:
        program.unlink()
    assert image(pid) == (str(program), OnDisk.DELETED)


@as_root
def test_in_a_chroot(zoo: Zoo) -> None:
    """A process in a chroot runs what its path leads to there; one that went there later, what it leads to outside."""
    root = jail(zoo.place)
    inside = zoo.start(shutil.which("chroot") or "chroot", str(root), str(SLEEP), "1000")
    wait_for(lambda: str(Path(f"/proc/{inside}/exe").readlink()) == f"{root}{SLEEP}")
    assert image(inside) == (f"{root}{SLEEP}", OnDisk.PRESENT)
    assert look(inside).facts.root == str(root)
    later = zoo.python("import os, sys, time; os.chroot(sys.argv[1]); print(flush=True); time.sleep(1000)", str(root))
    assert image(later) == (str(Path(f"/proc/{later}/exe").readlink()), OnDisk.PRESENT)
    (root / str(SLEEP)[1:]).unlink()
    assert image(inside) == (f"{root}{SLEEP}", OnDisk.DELETED)


@as_root
@own_mounts
def test_in_another_mount_namespace(zoo: Zoo) -> None:
    """The path of a container's process is looked up in the container, not in our own tree."""
    root = jail(zoo.place)
    script = f"mount -t tmpfs none /mnt && cp -a {root}/. /mnt && cd /mnt && mkdir old && pivot_root . old"
    script += f" && exec {SLEEP} 1000"
    pid = zoo.start(shutil.which("unshare") or "unshare", "-m", "sh", "-c", script)
    wait_for(lambda: str(Path(f"/proc/{pid}/exe").readlink()) == str(SLEEP))
    facts = look(pid).facts
    assert (facts.executable_path, facts.on_disk, facts.root) == (str(SLEEP), OnDisk.PRESENT, "/")
    assert facts.executable_file is not None
    assert facts.executable_file.dev != SLEEP.stat().st_dev
    Path(f"/proc/{pid}/root{SLEEP}").unlink()
    assert SLEEP.exists()
    assert image(pid) == (str(SLEEP), OnDisk.DELETED)


@as_root
@own_mounts
def test_whose_path_it_is(zoo: Zoo) -> None:
    """A service that is only shut off from something runs the host's programs; another root is another territory."""
    program = zoo.copy()
    unshare = shutil.which("unshare") or "unshare"
    service = zoo.start(unshare, "-m", str(program), "1000")
    wait_for(lambda: str(Path(f"/proc/{service}/exe").readlink()) == str(program))
    script = f"mount -t tmpfs none /mnt && cp -a {jail(zoo.place)}/. /mnt && cd /mnt && mkdir old && pivot_root . old"
    elsewhere = zoo.start(unshare, "-m", "sh", "-c", f"{script} && exec {SLEEP} 1000")
    wait_for(lambda: str(Path(f"/proc/{elsewhere}/exe").readlink()) == str(SLEEP))
    number = {pid: Path(f"/proc/{pid}/ns/mnt").stat().st_ino for pid in (service, elsewhere)}
    for depth in (Depth.FULL, Depth.ENHANCED):
        homes = {pid: look(pid, depth).facts.abroad for pid in (service, elsewhere)}
        assert look(os.getpid(), depth).facts.abroad is None
        assert [home and home.mount_namespace for home in homes.values()] == list(number.values())
        assert [home and home.territory for home in homes.values()] == ["", f"mnt:{number[elsewhere]}"]
    program.unlink()  # of what is gone for both, the directory tells whose it was
    Path(f"/proc/{elsewhere}/root{SLEEP}").unlink()
    facts = {pid: look(pid).facts for pid in (service, elsewhere)}
    assert [each.on_disk for each in facts.values()] == [OnDisk.DELETED, OnDisk.DELETED]
    assert [each.abroad and each.abroad.territory for each in facts.values()] == ["", f"mnt:{number[elsewhere]}"]


def test_what_was_put_in_its_place(zoo: Zoo) -> None:
    """The file that is there now is told, as it is now, and only while one is there."""
    program = zoo.copy()
    pid = zoo.start(program)
    with opened() as source:

        def there() -> object:
            facts = next(each.facts for key, each in source.scan().processes.items() if key.pid == pid)
            found = facts.file_there
            return found and (found.ino, found.size)

        assert there() is None
        program.unlink()
        assert there() is None
        program.write_bytes(b"new")
        assert there() == (program.stat().st_ino, 3)
        program.write_bytes(b"newer")
        assert there() == (program.stat().st_ino, 5)
        program.unlink()
        assert there() is None


def test_a_zombie(zoo: Zoo) -> None:
    """A process that ended and was not waited for is a zombie whose image is gone."""
    pid = zoo.start(SLEEP, "1000")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: look(pid).sample.state == "zombie")
    facts = look(pid).facts
    assert facts.command_line == ()
    assert dict(facts.unread) | {"on_disk": "gone", "command_line": "gone", "cwd": "gone"} == dict(facts.unread)
    assert dict(look(pid, Depth.ENHANCED).facts.unread)["linux.namespaces"] == "gone"


def test_a_stopped_process(zoo: Zoo) -> None:
    """A stopped process is read like any other."""
    pid = zoo.start(SLEEP, "1000")
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: look(pid).sample.state == "stopped")
    assert look(pid).facts.command_line == ("x", "1000")


def test_names_and_arguments_of_every_kind(zoo: Zoo) -> None:
    """Blanks, parentheses, newlines and bytes that are no text come out as they are, or escaped."""
    shell = Path(shutil.copy(shutil.which("sh") or "/bin/sh", zoo.place / "a) R 1\n(b"))
    odd = ("-c", "read x; :", "", "two\nlines", os.fsdecode(b"\xff"))
    observation = look(zoo.start(shell, *odd, stdin=subprocess.PIPE))
    assert (observation.sample.comm, observation.facts.name) == ("a) R 1\n(b", "a) R 1\n(b")
    assert observation.facts.command_line == ("x", "-c", "read x; :", "", "two\nlines", "\\xff")
    assert observation.sample.ppid == os.getpid()


def test_a_long_command_line(zoo: Zoo) -> None:
    """A hundred kilobytes of arguments are read in part, and every byte is accounted for."""
    pid = zoo.python(READY, "y" * 100_000)
    total = len(Path(f"/proc/{pid}/cmdline").read_bytes())
    arguments = look(pid).facts.command_line
    assert total > 100_000
    assert arguments[-1] == f"…truncated {total - 65536} bytes"
    assert arguments[1:3] == ("-c", READY)


def test_a_process_that_rewrote_its_title(zoo: Zoo) -> None:
    """A title written over the arguments is told word by word, as psutil tells it."""
    code = """
import ctypes, time
area = int(open("/proc/self/stat").read().rpartition(")")[2].split()[45])
ctypes.memset(area, 0, int(open("/proc/self/stat").read().rpartition(")")[2].split()[46]) - area)
ctypes.memmove(area, b"title: of mine", 14)
print(flush=True); time.sleep(1000)"""
    pid = zoo.python(code, "some", "arguments", "that", "leave", "room")
    assert look(pid).facts.command_line == ("title:", "of", "mine")


def test_threads_are_not_processes() -> None:
    """A thread has an id, and is no process."""
    here = threading.Event()
    thread = threading.Thread(target=here.wait)
    thread.start()
    try:
        with opened() as source:
            pids = {key.pid for key in source.scan().processes}
        assert os.getpid() in pids
        assert thread.native_id not in pids
    finally:
        here.set()
        thread.join()


def test_sockets_and_environment_and_namespaces(zoo: Zoo) -> None:
    """The deepest look finds the listening socket, the listed variable and the namespaces of a process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        pid = zoo.start(
            SLEEP, "1000", pass_fds=[server.fileno()], env={"LD_PRELOAD": "", "OTHER": "x", "LD_LIBRARY_PATH": "/x"}
        )
    with opened(Depth.ENHANCED, environment_names=["LD_PRELOAD", "LD_LIBRARY_PATH"]) as source:
        linux = next(each.facts.linux for key, each in source.scan().processes.items() if key.pid == pid)
    assert linux is not None
    assert [(each.protocol, each.address, each.port) for each in linux.listening] == [("tcp", "127.0.0.1", port)]
    assert linux.environment == (("LD_PRELOAD", ""), ("LD_LIBRARY_PATH", "/x"))
    assert linux.fd_count == 4
    assert linux.namespaces is not None
    assert linux.namespaces.net == Path("/proc/self/ns/net").stat().st_ino
    assert linux.container is not None


@as_root
def test_an_unprivileged_look_says_what_it_could_not_see(zoo: Zoo) -> None:
    """Without privileges the same scan works, and each thing not seen has its reason."""
    program = zoo.copy()
    pid = zoo.start(program)
    seen = as_nobody(pid)
    assert "sample 0 x 1000" in seen
    for field in ("executable_path", "executable_file", "on_disk", "cwd", "root", "linux.environment"):
        assert f"{field} permission" in seen


def as_nobody(pid: int) -> Sequence[str]:
    """Look at one process from another account, in a process of its own."""
    code = f"""
import os
from daemoneye.host.procfs.facts import Depth
from daemoneye.host.procfs.reader import ProcfsSource
source = ProcfsSource(mask=tuple, depth=Depth.ENHANCED, environment_names=["LD_PRELOAD"])
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
for _ in range(2): snapshot = source.scan()
[one] = [each for key, each in snapshot.processes.items() if key.pid == {pid}]
print("sample", one.sample.uid, *one.facts.command_line)
for field, reason in one.facts.unread: print(field, reason)
"""
    return subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_descriptors_that_may_only_be_listed(zoo: Zoo) -> None:
    """Who may list the descriptors of a process but not follow them does not claim that it listens on nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        pid = zoo.start(SLEEP, "1000", pass_fds=[server.fileno()])
    capability = "+dac_read_search"
    keep = [
        "setpriv",
        f"--reuid={NOBODY}",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
    ]
    code = f"""
from daemoneye.host.procfs.facts import Depth
from daemoneye.host.procfs.reader import ProcfsSource
snapshot = ProcfsSource(mask=tuple, depth=Depth.ENHANCED).scan()
[facts] = [each.facts for key, each in snapshot.processes.items() if key.pid == {pid}]
print(facts.linux.fd_count, facts.linux.listening, dict(facts.unread)["linux.listening"])
"""
    told = subprocess.check_output([*keep, sys.executable, "-c", code], text=True)
    assert told == "4 () permission\n"


@may_mount
@as_root
def test_a_list_that_hides_others_says_so(zoo: Zoo) -> None:
    """Where /proc hides the processes of other accounts, the scan says that they are hidden."""
    folder = zoo.place / "proc"
    folder.mkdir()
    subprocess.run(["mount", "-t", "proc", "-o", "hidepid=2", "none", folder], check=True)
    try:
        code = f"""
import os
from daemoneye.host.procfs.reader import ProcfsSource
source = ProcfsSource(mask=tuple, proc_root={os.fsencode(folder)!r})
print(source.scan().losses.hidden)
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
print(source.scan().losses.hidden)
"""
        assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\nTrue\n"
    finally:
        subprocess.run(["umount", folder], check=True)


@as_root
def test_the_effective_uid_is_the_true_one(zoo: Zoo) -> None:
    """A process that changed its user shows its effective uid, although the kernel gives its files to root."""
    pid = zoo.python(f"import os, time; os.setresuid({NOBODY}, {NOBODY}, 0); print(flush=True); time.sleep(1000)")
    observation = look(pid)
    assert observation.facts.credentials is not None
    assert (observation.sample.uid, observation.facts.credentials.suid) == (NOBODY, 0)


def test_agrees_with_psutil(zoo: Zoo) -> None:
    """Of every process that held still, the record says what psutil says."""
    zoo.start(zoo.copy("a name with blanks"))
    asked = ["ppid", "name", "create_time", "uids", "gids", "cmdline", "exe", "cwd", "terminal"]
    answers = {}
    with opened() as source:
        snapshot = source.scan()
        for key in snapshot.processes:
            with contextlib.suppress(psutil.Error):
                answers[key] = psutil.Process(key.pid).as_dict(asked, ad_value=None)
        later = source.scan().processes
    compared = 0
    for key, theirs in answers.items():
        sample, facts = snapshot.processes[key]
        if sample.kernel_thread or sample.state == "zombie" or key not in later:
            continue  # kernel threads rename themselves all the time
        if (later[key].sample.ppid, later[key].facts) != (sample.ppid, facts):
            continue
        if " " in (theirs["cmdline"] or [""])[0]:
            continue  # a title padded with zeros, which psutil does not take for one
        assert sample.ppid == theirs["ppid"]
        assert facts.name == theirs["name"]
        assert abs(snapshot.machine.start_time_s(key.start_ticks) - theirs["create_time"]) < 0.02
        assert facts.credentials is not None
        ids = facts.credentials
        assert (ids.ruid, ids.euid, ids.suid) == theirs["uids"]
        assert (ids.rgid, ids.egid, ids.sgid) == theirs["gids"]
        assert list(facts.command_line) == theirs["cmdline"]
        if "executable_path" not in dict(facts.unread):  # psutil then guesses one from the arguments
            assert (facts.executable_path or None) == (theirs["exe"] or None)
        assert facts.tty == theirs["terminal"]
        compared += 1
    assert compared > 1


def test_a_scan_takes_no_descriptor_along() -> None:
    """A look leaves nothing open."""
    with opened(Depth.ENHANCED) as source:
        source.scan()
        before = len(list(Path("/proc/self/fd").iterdir()))
        source.scan()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@may_mount
@as_root
@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="needs a filesystem that can be made to hang")
def test_a_filesystem_that_hangs(zoo: Zoo) -> None:
    """Where programs lie on a filesystem that no longer answers, each shows what is known; all others are whole."""
    folder = zoo.place / "hung"
    folder.mkdir()
    stuck = {zoo.start(zoo.copy(name, folder)) for name in "abcdef"}
    healthy = zoo.start(zoo.copy("healthy"))
    # a server that never answers, mounted over the directory of running programs
    server = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
    subprocess.run(["mount", "-i", "-t", "fuse", "-o", options, "none", folder], pass_fds=[server], check=True)
    try:
        with opened(process_timeout_s=0.5) as source:
            began = time.monotonic()
            for _ in range(3):
                facts = {key.pid: each.facts for key, each in source.scan().processes.items()}
                assert facts[healthy].on_disk is OnDisk.PRESENT
                assert {facts[pid].on_disk for pid in stuck} == {OnDisk.UNKNOWN}
                assert {dict(facts[pid].unread)["on_disk"] for pid in stuck} == {"timeout"}
                assert {os.path.dirname(facts[pid].executable_path or "") for pid in stuck} == {str(folder)}  # noqa: PTH120
            assert time.monotonic() - began < 5
    finally:
        os.close(server)
        subprocess.run(["umount", "-l", folder], check=True)
    assert look(next(iter(stuck))).facts.on_disk is OnDisk.PRESENT


# Its first thread ends, another goes on.
LEADERLESS = """
import ctypes, threading, time
def stay():
    while open("/proc/self/stat").read().rpartition(")")[2].split()[0] != "Z": time.sleep(0.01)
    print(flush=True); time.sleep(1000)
threading.Thread(target=stay).start()
ctypes.CDLL(None).pthread_exit(None)"""


def test_a_process_whose_first_thread_ended(zoo: Zoo) -> None:
    """A program that ends its first thread and runs on shows its image, arguments and memory, first and later."""
    pid = zoo.python(LEADERLESS)
    with opened(Depth.ENHANCED) as source:
        for _ in range(3):
            sample, facts = next(each for key, each in source.scan().processes.items() if key.pid == pid)
            assert (sample.state, sample.threads, sample.rss_bytes > 0) == ("zombie", 2, True)
            assert (facts.executable_path, facts.on_disk) == (str(interpreter), OnDisk.PRESENT)
            assert facts.command_line == (sys.executable, "-c", LEADERLESS)
            assert facts.credentials is not None
            assert facts.linux is not None
            assert facts.linux.namespaces is not None
            assert {why for _, why in facts.unread} <= {"unsupported"}
    assert look(pid, Depth.CORE).facts.executable_path == str(interpreter)


def test_a_known_process_whose_first_thread_ends(zoo: Zoo) -> None:
    """What was known before the first thread ended is not given up, and a deletion after it is seen."""
    program = Path(shutil.copy(interpreter, zoo.place / "python"))
    code = "import os, threading, time\ntime.sleep(0.3)\n" + LEADERLESS.replace("print(flush=True); ", "")
    pid = zoo.start(program, "-c", code, env=os.environ | {"PYTHONHOME": sys.base_prefix})
    with opened() as source:

        def now() -> Observation:
            return next(each for key, each in source.scan().processes.items() if key.pid == pid)

        assert now().facts.on_disk is OnDisk.PRESENT
        wait_for(lambda: now().sample.state == "zombie")
        assert now().facts.on_disk is OnDisk.PRESENT
        program.unlink()
        assert now().facts.on_disk is OnDisk.DELETED


@may_mount
@as_root
def test_a_path_that_leads_elsewhere_proves_no_deletion(zoo: Zoo) -> None:
    """Under another mount, or on a filesystem that was taken away, the path of a living program tells nothing of it."""
    folder = zoo.place / "folder"
    folder.mkdir()
    program = zoo.copy("x", folder)
    pid = zoo.start(program)
    for beneath in (None, "a file"):
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
        try:
            if beneath:
                program.write_text(beneath)
            facts = look(pid).facts
            assert (facts.executable_path, facts.on_disk) == (str(program), OnDisk.UNKNOWN)
            assert dict(facts.unread) == {"on_disk": "unreachable"}
            assert facts.executable_file is not None
        finally:
            subprocess.run(["umount", folder], check=True)
    assert image(pid) == (str(program), OnDisk.PRESENT)


@may_mount
@as_root
def test_a_filesystem_that_was_taken_away(zoo: Zoo) -> None:
    """A program whose filesystem was lazily unmounted is not deleted, even where another file lies at its path."""
    folder = zoo.place / "folder"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    try:
        pid = zoo.start(zoo.copy("x", folder))
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
    zoo.copy("x", folder)
    facts = look(pid).facts
    assert (facts.on_disk, dict(facts.unread)["on_disk"]) == (OnDisk.UNKNOWN, "unreachable")


@as_root
def test_in_a_root_that_is_gone(zoo: Zoo) -> None:
    """A sandbox whose root is the directory of a process that ended runs what its path leads to outside."""
    code = """
import os, time
child = os.fork()
if not child: time.sleep(1000)
os.chroot(f"/proc/{child}/fdinfo"); os.kill(child, 9); os.waitpid(child, 0)
print(flush=True); time.sleep(1000)"""
    facts = look(zoo.python(code)).facts
    assert (facts.executable_path, facts.on_disk) == (str(interpreter), OnDisk.PRESENT)
    assert "on_disk" not in dict(facts.unread)

"""Real processes put each identity on, and are looked at from outside; what they gave up does not come back."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.host import capabilities as kernel
from daemoneye.host import seccomp
from daemoneye.host.capabilities import Capability, Sets, mask_of, members, named
from daemoneye.host.identities import NOBODY, SWITCHING, WATCHING, Identities, Identity, Mode
from daemoneye.host.privileges import PrivilegeError, plan, put_on
from daemoneye.host.procfs.facts import Depth
from daemoneye.host.procfs.reader import ProcfsSource
from daemoneye.host.sandbox import findings, inspect
from tests.fakes.forked import errno_name, in_a_child, living
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system.zoo import Zoo

# Root in a container is often root without these: then there is nothing to divide.
NEEDED = WATCHING | SWITCHING | {Capability.SETPCAP}
pytestmark = [
    as_root,
    pytest.mark.root,
    pytest.mark.skipif(
        sys.platform != "linux" or not members(kernel.capget().permitted) >= NEEDED,
        reason=f"needs {named(mask_of(NEEDED))}",
    ),
]

# An account that every distribution has, and that is nobody's.
ACCOUNT = "daemon"
MISSING = "daemoneye-no-such-account"
_PTRACE_ATTACH = 16  # include/uapi/linux/ptrace.h


def become_somebody(capabilities: frozenset[Capability]) -> None:
    """Start as an init system starts a service of another account: ambient capabilities, nothing else."""
    kernel.keep_capabilities(True)
    os.setgroups([NOBODY[1]])
    os.setresgid(*[NOBODY[1]] * 3)
    os.setresuid(*[NOBODY[0]] * 3)
    mask = mask_of(capabilities)
    kernel.capset(Sets(mask, mask, mask))
    libc = ctypes.CDLL(None, use_errno=True)
    for each in capabilities:
        assert libc.prctl(47, 2, ctypes.c_ulong(each), 0, 0) == 0  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE


def stay_root() -> None:
    """Start as root: nothing to prepare."""


STARTS: list[tuple[str, Callable[[], None], str, Mode]] = [
    ("root", stay_root, ACCOUNT, Mode.ACCOUNT),
    ("root without account", stay_root, MISSING, Mode.NO_ACCOUNT),
    ("somebody with the two", partial(become_somebody, WATCHING), ACCOUNT, Mode.ONE_UID),
    ("somebody", partial(become_somebody, frozenset()), ACCOUNT, Mode.ONE_UID),
]
starts = pytest.mark.parametrize(("start", "user", "mode"), [s[1:] for s in STARTS], ids=[s[0] for s in STARTS])
begun = pytest.mark.parametrize(("start", "user"), [s[1:3] for s in STARTS], ids=[s[0] for s in STARTS])
roles = pytest.mark.parametrize("role", ["collector", "others"])


def told(identities: Identities, role: str) -> Identity:
    identity: Identity = getattr(identities, role)
    return identity


def as_the_tree_does(start: Callable[[], None], user: str, role: str, work: Callable[[], Any]) -> Callable[[], Any]:
    """Become main first, then a child of main that has a role."""

    def main() -> Any:
        start()
        identities = plan(user)
        put_on(identities.broker)

        def child() -> Any:
            put_on(told(identities, role))
            return work()

        return in_a_child(child)

    return main


def planned(start: Callable[[], None], user: str) -> Identities:
    """The same decision, made where nothing has been dropped yet."""

    def look() -> list[Any]:
        start()
        found = plan(user)
        return [found.mode.value, *[numbers(told(found, role)) for role in ("broker", "collector", "others")]]

    mode, *three = in_a_child(look)
    broker, collector, others = (identity_of(*each) for each in three)
    return Identities(broker=broker, collector=collector, others=others, mode=Mode(mode), warnings=())


def numbers(identity: Identity) -> list[Any]:
    held = sorted(identity.capabilities)
    return [identity.uid, identity.gid, identity.groups, identity.filesystem, held, identity.bounding_emptied]


def identity_of(
    uid: int, gid: int, groups: list[int], filesystem: list[int] | None, held: list[int], emptied: bool
) -> Identity:
    return Identity(
        uid=uid,
        gid=gid,
        groups=tuple(groups),
        filesystem=(filesystem[0], filesystem[1]) if filesystem else None,
        capabilities=frozenset(map(Capability, held)),
        bounding_emptied=emptied,
    )


@starts
def test_main_is_who_it_was_decided_to_be(start: Callable[[], None], user: str, mode: Mode) -> None:
    """Seen from another process, through /proc, as an operator would."""
    expected = planned(start, user)
    assert expected.mode is mode

    def main() -> None:
        start()
        put_on(plan(user).broker)

    with living(main) as child:
        seen = inspect(child.pid)
        assert findings(expected.broker, seen) == ()
        assert seen.no_new_privs
        assert Path(f"/proc/{child.pid}/environ").stat().st_uid == 0  # closed: not even its own uid may look


@roles
@starts
def test_a_child_of_main_is_its_role(start: Callable[[], None], user: str, mode: Mode, role: str) -> None:
    """Main can still start everybody, and everybody is exactly what the table says."""
    expected = told(planned(start, user), role)

    def look() -> list[Any]:
        seen = inspect("self")
        sets = seen.capabilities
        return [
            findings(expected, seen),
            sets.permitted,
            sets.effective,
            sets.bounding if mode is not Mode.ONE_UID else 0,
        ]

    held = mask_of(expected.capabilities)
    assert in_a_child(as_the_tree_does(start, user, role, look)) == [[], held, held, 0]
    if role == "others":
        assert held == 0


def trace(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_ATTACH, pid, None, None) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


@begun
def test_what_was_dropped_does_not_come_back(start: Callable[[], None], user: str, zoo: Zoo) -> None:
    """A compromised role can ask for everything, and gets nothing."""
    victim = zoo.start("/bin/sleep")
    everything = mask_of(Capability)

    def attempts() -> dict[str, str]:
        return {
            "uid": errno_name(lambda: os.setuid(0)),
            "gid": errno_name(lambda: os.setgid(0)),
            "groups": errno_name(lambda: os.setgroups([0])),
            "files": errno_name(lambda: kernel.set_filesystem_uid(0)),
            "capabilities": errno_name(lambda: kernel.capset(Sets(everything, everything, 0))),
            "one": errno_name(lambda: kernel.capset(Sets(1 << 19, 1 << 19, 0))),
            "trace": errno_name(lambda: trace(victim)),
            "memory": errno_name(lambda: os.open(f"/proc/{victim}/mem", os.O_RDONLY)),
            "kill": errno_name(lambda: os.kill(victim, signal.SIGKILL)),
            "shadow": errno_name(lambda: os.open("/etc/shadow", os.O_RDONLY)),
            "raw": errno_name(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)),
        }

    refused = in_a_child(as_the_tree_does(start, user, "others", attempts))
    assert set(refused.values()) <= {"EPERM", "EACCES"}
    assert refused["shadow"] == "EACCES"


def test_a_setuid_program_is_no_way_up(tmp_path: Path) -> None:
    """no_new_privs: the bit is ignored for everything that a role could execute."""
    tmp_path.chmod(0o755)
    for above in tmp_path.parents[:2]:
        above.chmod(above.stat().st_mode | 0o011)
    program = Path(shutil.copy(Path("/usr/bin/id").resolve(), tmp_path / "id"))
    program.chmod(0o4755)

    def run() -> str:
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.dup2(writing, 1)
            os.execv(program, ["id", "-u"])  # noqa: S606 - the kernel is asked, no shell
        os.close(writing)
        return os.read(reading, 100).decode().strip()

    def run_undropped() -> str:
        become_somebody(frozenset())
        return run()

    plain = in_a_child(run_undropped)
    if plain != "0":
        pytest.skip("a filesystem that knows no setuid programs")
    account = pwd.getpwnam(ACCOUNT)
    assert in_a_child(as_the_tree_does(stay_root, ACCOUNT, "others", run)) == str(account.pw_uid)


def test_a_sibling_of_the_same_uid_is_closed(zoo: Zoo) -> None:
    """One account for all roles, and still none can look into another, nor into the collector."""
    del zoo
    identities = plan(ACCOUNT)

    def others() -> dict[str, str]:
        put_on(identities.others)
        return {
            f"{name} {what}": errno_name(attempt)
            for name, pid in (("sibling", sibling.pid), ("collector", collector.pid))
            for what, attempt in (
                ("trace", partial(trace, pid)),
                ("memory", partial(os.open, f"/proc/{pid}/mem", os.O_RDONLY)),
                ("environment", partial(os.open, f"/proc/{pid}/environ", os.O_RDONLY)),
                ("descriptors", partial(os.listdir, f"/proc/{pid}/fd")),
            )
        }

    with ExitStack() as tree:
        sibling = tree.enter_context(living(lambda: put_on(identities.others)))
        collector = tree.enter_context(living(lambda: put_on(identities.collector)))
        refused = in_a_child(others)
    assert len(refused) == 8
    assert set(refused.values()) <= {"EPERM", "EACCES"}


@pytest.fixture
def secretive(zoo: Zoo) -> int:
    """A process of root's whose program only root may read."""
    program = zoo.copy("secretive")
    program.chmod(0o700)
    return zoo.start(program, env={"TOKEN": "bait"})


@begun
def test_the_collector_sees_what_it_is_for(start: Callable[[], None], user: str, secretive: int) -> None:
    """Environment, executable, its content and descriptors of root's processes, with the two; without them, nothing."""
    place = f"/proc/{secretive}"

    def look() -> dict[str, str]:
        return {
            "status": errno_name(Path(f"{place}/status").read_bytes),
            "environ": errno_name(lambda: (Path(f"{place}/environ").read_bytes() == b"TOKEN=bait\0") or os.abort()),
            "exe": errno_name(lambda: Path(f"{place}/exe").readlink()),
            "content": errno_name(lambda: Path(f"{place}/exe").read_bytes()),
            "descriptor": errno_name(lambda: Path(f"{place}/fd/0").readlink()),
        }

    seen = in_a_child(as_the_tree_does(start, user, "collector", look))
    has_the_two = planned(start, user).collector.capabilities == WATCHING
    assert has_the_two == (start is not STARTS[-1][1])
    assert seen == {"status": "ok"} | dict.fromkeys(
        ("environ", "exe", "content", "descriptor"), "ok" if has_the_two else "EACCES"
    )


@pytest.mark.parametrize("user", [ACCOUNT, MISSING])
def test_the_collector_writes_nothing_of_root_s(user: str, tmp_path: Path) -> None:
    """It reads everything and changes nothing: its filesystem uid is not root's, even where its uid is."""
    target = tmp_path / "file"
    target.write_text("before", encoding="ascii")
    target.chmod(0o600)

    def write() -> dict[str, str]:
        return {
            "read": errno_name(target.read_bytes),
            "write": errno_name(lambda: target.write_bytes(b"after")),
            "make": errno_name((tmp_path / "new").touch),
            "remove": errno_name(target.unlink),
            "mode": errno_name(lambda: target.chmod(0o666)),
            "memory": errno_name(lambda: os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR)),
        }

    outcome = in_a_child(as_the_tree_does(stay_root, user, "collector", write))
    assert outcome.pop("read") == "ok"
    assert set(outcome.values()) <= {"EPERM", "EACCES"}
    assert target.read_text(encoding="ascii") == "before"


def test_main_can_end_what_it_started() -> None:
    """The lease of a child ends with its death, whoever the child has become."""

    def main() -> bool:
        identities = plan(ACCOUNT)
        put_on(identities.broker)
        for identity in (identities.collector, identities.others):
            with living(partial(put_on, identity)) as child:
                os.kill(child.pid, signal.SIGTERM)
        return True

    assert in_a_child(main) is True


def test_main_as_root_is_less_than_root(zoo: Zoo) -> None:
    """It cannot load, mount, bind, or change another's files; nobody's modes stop it from reading, though."""
    target = zoo.place / "theirs"
    target.touch(mode=0o600)
    os.chown(target, *NOBODY)

    def main() -> list[str]:
        put_on(plan(ACCOUNT).broker)
        attempts: list[Callable[[], object]] = [
            lambda: target.write_bytes(b"x"),
            lambda: os.chown(target, 0, 0),
            lambda: os.chroot("/"),
            lambda: os.nice(-1),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        ]
        return [errno_name(attempt) for attempt in attempts]

    assert set(in_a_child(main)) <= {"EPERM", "EACCES"}
    assert plan(ACCOUNT).broker.capabilities == WATCHING | SWITCHING


def test_who_cannot_become_somebody_ends() -> None:
    """A process without the right to change its uid does not carry on as who it was."""

    def stay() -> str:
        become_somebody(frozenset())
        with pytest.raises(PrivilegeError, match="cannot become uid 0") as caught:
            put_on(Identity(uid=0, gid=0))
        return str(caught.value)

    assert "Operation not permitted" in in_a_child(stay)


@pytest.mark.parametrize("user", [ACCOUNT, MISSING])
def test_a_confined_collector_still_reads_everything(user: str, secretive: int) -> None:
    """The filter takes nothing from what a scan finds out."""

    def scan() -> list[object]:
        seccomp.restrict()
        source = ProcfsSource(
            depth=Depth.ENHANCED, mask=tuple, environment_names=("TOKEN",), process_timeout_s=5, proc_root=b"/proc"
        )
        seen = {key.pid: observation for key, observation in source.scan().processes.items()}[secretive]
        return [seen.facts.executable_path, [field for field, _ in seen.facts.unread if field != "linux.lsm_label"]]

    path, unread = in_a_child(as_the_tree_does(stay_root, user, "collector", scan))
    assert path.endswith("/secretive")
    assert unread == []


def test_a_filter_closes_what_a_uid_of_zero_leaves_open() -> None:
    """Without the account the collector is uid 0: it cannot take root's files back."""

    def take() -> str:
        if not seccomp.restrict():
            return "EPERM"  # a machine without a list; docs/privileges.md says what follows
        return errno_name(lambda: kernel.set_filesystem_uid(0))

    assert in_a_child(as_the_tree_does(stay_root, MISSING, "collector", take)) == "EPERM"

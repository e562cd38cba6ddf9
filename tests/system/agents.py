"""What the tests of the running agent look at, all of it from outside: ``/proc``, sockets, signals, exit codes."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chaos.agent import Agent, survivors
from daemoneye.actors.transport.addresses import ADMIN, LOGGER, RUNNER
from daemoneye.settings.model import Settings
from daemoneye.tree import HASHING, MAIN, SUPERVISOR, present

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.agent import Process

CHILDREN: Final = tuple(role.name for role in present(Settings()))
ABOVE: Final = (MAIN, RUNNER, ADMIN, LOGGER, SUPERVISOR)
EVERYBODY: Final = sorted((*ABOVE, *CHILDREN))
HASHER: Final = "hasher_"
HASHERS: Final = tuple(f"{HASHER}{number + 1}" for number in range(Settings().hashing.workers))
_AFTER: Final = CHILDREN.index(HASHING) + 1
SHOWN: Final = (SUPERVISOR, *CHILDREN[:_AFTER], *HASHERS, *CHILDREN[_AFTER:])  # in `status`, in this order
# So many deaths that none of them is one too many, and so little waiting between them.
DURABLE: Final = {"supervisor": {"intensity": 1000}}
SOON_S: Final = 10.0
SIGNAL_HELD: Final = 1 << 14  # SIGTERM


@contextlib.contextmanager
def running(settings: dict[str, Any] | None = None, *, owner: int = 0, **how: Any) -> Iterator[Agent]:
    """An agent that is up, in a directory of that owner; afterwards nothing is left of it, however the test ended."""
    agent = Agent(settings, **how)
    os.chown(agent.directory, owner, owner)
    with agent:
        agent.until_running()
        yield agent
        tree = agent.descendants()
        agent.destroy()
        assert survivors(tree) == []


@contextlib.contextmanager
def installed(settings: dict[str, Any] | None = None, **how: Any) -> Iterator[Agent]:
    """An agent that is not started yet."""
    agent = Agent(settings, **how)
    try:
        yield agent
    finally:
        agent.destroy()
        shutil.rmtree(agent.directory, ignore_errors=True)


def exit_line(agent: Agent, within_s: float = SOON_S) -> tuple[int, str]:
    """How it ended, and the one line that says why; warnings may stand before it."""
    code = agent.wait(within_s)
    *before, last = agent.log.read_text(encoding="utf-8").splitlines() or [""]
    assert all(line.startswith("{") for line in before), before
    assert "Traceback" not in last
    return code, last


# -- a tree that is in order


class Books(NamedTuple):
    """What may not grow, however many have died."""

    main: int
    supervisor: int


def books(agent: Agent) -> Books:
    roles = agent.by_role()
    return Books(descriptors(roles[MAIN].pid), descriptors(roles[SUPERVISOR].pid))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - only their number counts


def is_whole(agent: Agent) -> bool:
    """Each role once, and neither a zombie nor anybody else but hashers, which come and go with their work."""
    found = [each for each in agent.descendants().values() if not each.role.startswith(HASHER)]
    return sorted(each.role for each in found) == EVERYBODY and all(each.state != "Z" for each in found)


def is_in_order(agent: Agent, before: Books) -> None:
    """After a death: everybody is there once, and neither main nor the supervisor holds more than before."""
    agent.until_running()
    agent.until(lambda: is_whole(agent), f"one of each: {agent.descendants()}")
    agent.until(lambda: books(agent) <= before, f"{before}, not {books(agent)} descriptors")


def lives(agent: Agent) -> dict[str, tuple[int, int]]:
    """By role, which process it is: two of these are equal as long as nobody was replaced."""
    return {role: (each.pid, each.start) for role, each in agent.by_role().items()}


def others(tree: dict[int, Process]) -> dict[int, Process]:
    """All but main."""
    return {pid: each for pid, each in tree.items() if each.role != MAIN}


def leftovers(agent: Agent) -> list[str]:
    runtime = agent.directory / "runtime"
    return sorted(str(path.relative_to(runtime)) for path in runtime.rglob("*"))


# -- one process


class Status(NamedTuple):
    """Of ``/proc/PID/status``, as numbers."""

    uids: tuple[int, ...]  # real, effective, saved, file system
    gids: tuple[int, ...]
    groups: tuple[int, ...]
    permitted: int
    effective: int
    inheritable: int
    bounding: int
    ambient: int
    no_new_privs: int
    seccomp: int
    blocked: int

    @property
    def holds(self) -> int:
        return self.permitted | self.effective | self.inheritable | self.bounding | self.ambient


def status_of(pid: int) -> Status:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    lines = {name: value.split() for name, value in re.findall(r"^(\w+):[ \t]*(.*)$", text, re.MULTILINE)}
    sets = {name: int(lines[name][0], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb", "SigBlk")}
    return Status(
        uids=tuple(map(int, lines["Uid"])),
        gids=tuple(map(int, lines["Gid"])),
        groups=tuple(map(int, lines["Groups"])),
        permitted=sets["CapPrm"],
        effective=sets["CapEff"],
        inheritable=sets["CapInh"],
        bounding=sets["CapBnd"],
        ambient=sets["CapAmb"],
        no_new_privs=int(lines["NoNewPrivs"][0]),
        seccomp=int(lines["Seccomp"][0]),
        blocked=sets["SigBlk"],
    )


def sockets_of(pid: int) -> set[str]:
    """Inodes."""
    found = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            kind, _, inode = str(each.readlink()).partition(":")
            if kind == "socket":
                found.add(inode.strip("[]"))
    return found


def until_held(agent: Agent) -> None:
    """Until the command has got as far as to hold signals back: before that it is Python that starts."""
    agent.until(lambda: _held(agent.pid), "signals held back")


def _held(pid: int) -> bool:
    try:
        status = status_of(pid)
    except (OSError, KeyError):
        return False
    return bool(status.blocked & SIGNAL_HELD)


def pause(seconds: float) -> None:
    """Not a wait for something to happen: a moment at which it is done."""
    time.sleep(seconds)

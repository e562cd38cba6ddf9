"""Who each process of the tree is: decided once, from how we were started, before anything is dropped.

Nothing here looks at the machine; ``privileges`` does the looking, and puts on what was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from daemoneye.errors import ConfigError
from daemoneye.host.capabilities import Capability, mask_of, named

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

# What it takes to see a process of another account; neither alone is enough (docs/privileges.md has the measurement).
WATCHING: Final = frozenset((Capability.SYS_PTRACE, Capability.DAC_READ_SEARCH))
# What it takes to start a child as somebody else, and to end it when it is.
SWITCHING: Final = frozenset((Capability.SETUID, Capability.SETGID, Capability.KILL))
# The kernel's overflow ids (/proc/sys/kernel/overflowuid): those that by convention own nothing.
NOBODY: Final = (65534, 65534)

_UNSEEN: Final = (
    ("executable, working directory and namespaces", frozenset((Capability.SYS_PTRACE,))),
    ("environment, I/O counters, open files and sockets", WATCHING),
    ("executables that not everybody may read", WATCHING),
)


class Mode(StrEnum):
    ACCOUNT = "account"  # started as root, and the account is there
    NO_ACCOUNT = "no account"  # started as root, and it is not
    ONE_UID = "one uid"  # started as somebody, or as a root that can be nobody else


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    filesystem: tuple[int, int] | None = None  # uid and gid towards files, where they are not the others
    capabilities: frozenset[Capability] = frozenset()
    bounding_emptied: bool = True

    @property
    def file_ids(self) -> tuple[int, int]:
        return self.filesystem or (self.uid, self.gid)

    @property
    def privilege(self) -> str:
        """As process titles and ``status`` show it."""
        return named(mask_of(self.capabilities)) or "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    broker: Identity
    collector: Identity
    others: Identity
    mode: Mode
    warnings: tuple[str, ...]  # sentences for the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How we were started, and what the host has for us."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    permitted: frozenset[Capability]
    user: str
    account: tuple[int, int] | None  # uid and gid of ``user``
    reachable: bool = True  # the ids to drop to exist in our user namespace

    @property
    def watching(self) -> frozenset[Capability]:
        return self.permitted & WATCHING

    @property
    def empties_bounding_set(self) -> bool:
        return Capability.SETPCAP in self.permitted


def decide(start: Start) -> Identities:
    if start.uid != 0:
        return _one_uid(start)
    if start.account is not None and start.account[0] == 0:
        raise ConfigError("user", f"the account '{start.user}' has uid 0", "an account that is not root's")
    obstacle = _obstacle(start)
    return _one_uid(start, obstacle) if obstacle else _two_uids(start)


def _obstacle(start: Start) -> str:
    if lacking := SWITCHING - start.permitted:
        return f"started as root without {named(mask_of(lacking))}: every process stays uid 0"
    if not start.reachable:
        return "started as root of a user namespace that lacks the account's ids: every process stays uid 0"
    return ""


def _one_uid(start: Start, *warnings: str) -> Identities:
    def somebody(capabilities: frozenset[Capability]) -> Identity:
        return Identity(
            uid=start.uid,
            gid=start.gid,
            groups=start.groups,
            capabilities=capabilities,
            bounding_emptied=start.empties_bounding_set,
        )

    return Identities(
        broker=somebody(start.watching),
        collector=somebody(start.watching),
        others=somebody(frozenset()),
        mode=Mode.ONE_UID,
        warnings=(*warnings, *_unseen(start.watching)),
    )


def _two_uids(start: Start) -> Identities:
    def dropped(capabilities: frozenset[Capability]) -> Identity:
        uid, gid = start.account or NOBODY
        return Identity(uid=uid, gid=gid, capabilities=capabilities, bounding_emptied=start.empties_bounding_set)

    def root(capabilities: frozenset[Capability], filesystem: tuple[int, int] | None) -> Identity:
        return Identity(
            uid=0,
            gid=start.gid,
            filesystem=filesystem,
            capabilities=capabilities,
            bounding_emptied=start.empties_bounding_set,
        )

    return Identities(
        broker=root(start.watching | SWITCHING, None),
        collector=dropped(start.watching) if start.account else root(start.watching, NOBODY),
        others=dropped(frozenset()),
        mode=Mode.ACCOUNT if start.account else Mode.NO_ACCOUNT,
        warnings=(*_no_account(start), *_unseen(start.watching)),
    )


def _no_account(start: Start) -> tuple[str, ...]:
    if start.account:
        return ()
    shared = f"everything but main and the collector runs as uid {NOBODY[0]}, which other programs may use too"
    return (f"there is no account '{start.user}': {shared}",)


def _unseen(held: AbstractSet[Capability]) -> tuple[str, ...]:
    missing = WATCHING - held
    if not missing:
        return ()
    things = "; ".join(what for what, needs in _UNSEEN if needs & missing)
    return (f"without {named(mask_of(missing))} these stay unseen where a process is another account's: {things}",)

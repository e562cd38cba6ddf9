"""Looking at how we were started, and becoming who it was decided that a process is.

``put_on`` has one order that serves every identity, and ends by reading back from the kernel what came of it. What
differs is fatal: a process that is not who it should be must not see a byte from outside. It gives up rights only, so
the process that puts the broker's identity on can later fork children that put on the others'.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Final

from daemoneye.errors import DaemoneyeError
from daemoneye.host import capabilities as kernel
from daemoneye.host.capabilities import Capability, Sets, mask_of, members
from daemoneye.host.identities import NOBODY, Identities, Identity, Start, decide
from daemoneye.host.sandbox import findings, inspect

__all__ = ["Identities", "Identity", "PrivilegeError", "plan", "put_on"]

_SELF: Final = Path("/proc/self")


class PrivilegeError(DaemoneyeError):
    """A process did not become who it has to be. Internal: there is nothing to carry on with."""


def plan(user: str) -> Identities:
    """Decide for all processes at once; to be asked before the first of them drops anything."""
    return decide(_look(user))


def _look(user: str) -> Start:
    account = _account(user)
    return Start(
        uid=os.geteuid(),
        gid=os.getegid(),
        groups=tuple(os.getgroups()),
        permitted=members(kernel.capget().permitted),
        user=user,
        account=account,
        reachable=_reachable(*(account or NOBODY)),
    )


def _account(user: str) -> tuple[int, int] | None:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def _reachable(uid: int, gid: int, process: Path = _SELF) -> bool:
    try:
        may_shed_groups = (process / "setgroups").read_text(encoding="ascii").strip() == "allow"
        maps = [(process / name).read_text(encoding="ascii") for name in ("uid_map", "gid_map")]
    except FileNotFoundError:
        return True  # a kernel without user namespaces
    return may_shed_groups and all(_maps(text, each) for text, each in zip(maps, (uid, gid), strict=True))


def _maps(text: str, number: int) -> bool:
    ranges = (line.split() for line in text.splitlines())
    return any(0 <= number - int(inside) < int(count) for inside, _outside, count in ranges)


def put_on(identity: Identity) -> None:
    """Leave everything behind that the identity does not hold, for good.

    A change of credentials clears the signal that is sent when the parent dies: ask for that one afterwards.
    """
    try:
        _require_one_thread()
        _change(identity)
        wrong = findings(identity, inspect("self"))
        memory_is_closed = kernel.memory_is_closed()
    except (OSError, ValueError) as error:
        raise PrivilegeError(f"cannot become uid {identity.uid} [{identity.privilege}]: {error}") from error
    if not memory_is_closed:
        wrong += ("its memory is open to its own uid: expected PR_SET_DUMPABLE 0",)
    if wrong:
        raise PrivilegeError(f"did not become uid {identity.uid} [{identity.privilege}]: {'; '.join(wrong)}")


def _require_one_thread() -> None:
    # capset, prctl and setfsuid are a thread's own; another thread would keep everything
    if (threads := inspect("self").threads) != 1:
        raise ValueError(f"{threads} threads: expected one, the others would keep what they hold")


def _change(identity: Identity) -> None:
    held = kernel.capget()
    kernel.capset(held._replace(effective=held.permitted))
    if Capability.SETPCAP in members(held.permitted):
        kernel.empty_bounding_set()  # without it the set stays as it is: no_new_privs leaves it nothing to bound
    kernel.keep_capabilities(True)
    _change_ids(identity)
    kernel.keep_capabilities(False)
    kept = mask_of(identity.capabilities)
    # after the ids: leaving uid 0 empties the effective set, and a filesystem uid takes the file capabilities from it
    kernel.capset(Sets(effective=kept, permitted=kept, inheritable=0))
    kernel.empty_ambient_set()
    kernel.gain_nothing_by_exec()
    kernel.close_memory()  # last: a change of credentials sets it anew, to what fs.suid_dumpable says


def _change_ids(identity: Identity) -> None:
    if set(identity.groups) != set(os.getgroups()):
        os.setgroups(identity.groups)
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)
    if identity.filesystem is not None:
        uid, gid = identity.filesystem
        kernel.set_filesystem_gid(gid)
        kernel.set_filesystem_uid(uid)

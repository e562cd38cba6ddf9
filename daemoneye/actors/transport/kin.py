"""Who this process is, and how it is related to whoever speaks to it.

The kernel says which process and user a peer is; a message says which address it comes from. Here the two are held
against each other. The admin, the runner and our own children we know by their pid, from the forks that led here; of
anybody else the address says the role, and the user id has to be one that may bear it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from daemoneye.actors.transport.addresses import ADMIN, RUNNER, UnixAddress
from daemoneye.actors.transport.identity import filesystem_uid
from daemoneye.actors.transport.policy import Speaker
from daemoneye.actors.transport.refusals import Refusal, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.actors.transport.agreed import Site


class Peer(NamedTuple):
    """What SO_PEERCRED says, in its order."""

    pid: int
    uid: int
    gid: int


class ForeignAddressError(Refused):
    kind = Refusal.ADDRESS


@dataclass(slots=True)
class Kin:
    site: Site
    role: str = RUNNER
    runner_pid: int = field(default_factory=os.getpid)
    admin_pid: int | None = None  # the runner, who came before it, has to look
    own_pid: int = field(default_factory=os.getpid)
    parent_pid: int = 0  # of a process that we started, the one that started it
    children: dict[int, str] = field(default_factory=dict)  # pid -> the role we started it in
    own_uid: int = field(default_factory=filesystem_uid)  # looked at again when a transport is opened

    def become(self, role: str) -> None:
        """We are a new process now, and have no children yet."""
        self.role = role
        self.own_pid, self.parent_pid = os.getpid(), self.own_pid
        self.children.clear()

    def may_enter(self, uid: int) -> bool:
        return uid == self.own_uid or any(uid in those for those in self.site.uids.values())

    def may_bear(self, role: str, uid: int) -> bool:
        return uid in self.site.uids.get(role, (self.own_uid,))

    def owns(self, peer: Peer, address: UnixAddress, look_for_admin: Callable[[], int | None]) -> bool:
        """Whether that process may speak, or listen, as that address."""
        if not self.may_bear(address.role, peer.uid):
            return False
        if address.name == ADMIN:
            return peer.pid == self._admin(peer.pid, look_for_admin)
        if address.pid != peer.pid or address.role == ADMIN:
            return False
        if (started_as := self.children.get(peer.pid)) is not None:
            return address.role == started_as
        return address.role != RUNNER or peer.pid == self.runner_pid

    def _admin(self, claimed_by: int, look_for_admin: Callable[[], int | None]) -> int | None:
        if self.admin_pid != claimed_by and self.role == RUNNER:
            self.admin_pid = look_for_admin()
        return self.admin_pid

    def speaker(self, peer: Peer, address: UnixAddress, parent: UnixAddress | None) -> Speaker:
        return Speaker(address.role, is_parent=address == parent, is_child=peer.pid in self.children)

"""The other side of a loan: how a fork of the main process becomes an actor whose parent is another process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from thespian.actors import ActorAddress

from daemoneye.actors.transport import rebinds, transport
from daemoneye.actors.transport.addresses import ADMIN, UnixAddress
from daemoneye.actors.transport.base import capabilities, with_conversation
from daemoneye.actors.transport.kin import Kin
from daemoneye.actors.transport.processes import StartContext, tie_to_parent

if TYPE_CHECKING:
    from daemoneye.actors.transport.agreed import Site

_FROM_NO_SOURCE: Final = (None, None)  # Thespian's way of loading code out of messages, which we do not have


def begin_child(
    site: Site,
    role: str,
    *,
    actor_class: str,
    instance: int,
    parent: str,
    logger: str,
    admin_pid: int,
    runner_pid: int,
    main_pid: int | None = None,
) -> None:
    """Be that actor until it ends. Call it in the fork, with nothing of the main process left open.

    Nothing is imported here that the main process has not imported, as long as the module of ``actor_class`` is there.
    Without ``main_pid`` the process is tied to whoever is its parent now, which is too late if that one just died.
    """
    main_pid = main_pid or os.getppid()
    transport.forget_inherited()
    rebinds.apply()
    site = with_conversation(site)
    above, admin = ActorAddress(UnixAddress(parent)), ActorAddress(UnixAddress(ADMIN))
    kin = Kin(site, role, runner_pid, admin_pid, parent_pid=UnixAddress(parent).pid or admin_pid)
    site.enter(role)
    tie_to_parent(main_pid)
    try:
        rebinds.multiproc.startChild(
            actor_class,
            None,  # no global name
            rebinds.tcp.TCPEndpoint(instance, None, above, admin, False, False),
            transport.bound_to(site, kin),
            *_FROM_NO_SOURCE,
            above,
            admin,
            above,  # the one to be told that we are there
            ActorAddress(UnixAddress(logger)),
            None,  # no requirements
            capabilities(),
            [],  # no descriptors to close
            StartContext(kin, transport),
            None,  # no settings of logging
        )
    finally:
        transport.close_own()

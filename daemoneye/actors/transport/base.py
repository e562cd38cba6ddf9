"""What plugs into Thespian: a system base made from a ``Site``. ``open_system`` is the way in."""

from __future__ import annotations

import dataclasses
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from thespian.actors import ActorSystem, ThespianGeneration
from thespian.system.transport import ExternalInterfaceTransportInit

from daemoneye.actors.transport import conversation, rebinds, transport
from daemoneye.actors.transport.kin import Kin
from daemoneye.actors.transport.processes import StartContext

if TYPE_CHECKING:
    from daemoneye.actors.transport.agreed import Site


class UnixSystemBase(rebinds.multiproc.multiprocessCommon):
    """The process that makes one is the runner: it owns the system, and nobody else may shut it down."""

    def __init__(self, site: Site, system: Any, logDefs: Any = None) -> None:  # noqa: N803 - Thespian's word
        rebinds.no_messages_in_log_files()
        site = with_conversation(site)
        site.prepare()
        system.capabilities |= capabilities()
        kin = Kin(site)
        site_transport = transport.bound_to(site, kin)
        self.mpcontext = StartContext(kin, transport)
        if not site_transport.admin_listens():
            site.sweep()
        self.transport = site_transport(ExternalInterfaceTransportInit(), system.capabilities, logDefs, self.mpcontext)
        super(rebinds.multiproc.multiprocessCommon, self).__init__(system, logDefs)
        self._site = site

    def shutdown(self) -> None:
        super().shutdown()
        deadline = time.monotonic() + _LAST_WORDS_S
        while (alive := self.transport.admin_listens()) and time.monotonic() < deadline:
            time.sleep(0.001)
        if not alive:
            self._site.sweep()  # who was killed left its socket


# The admin says that all is done, and then has to end; it takes a few milliseconds.
_LAST_WORDS_S: Final = 1.0


def with_conversation(site: Site) -> Site:
    """With what Thespian's own processes have to say to each other."""
    return dataclasses.replace(
        site,
        vocabulary=site.vocabulary | conversation.VOCABULARY,
        policy=site.policy | conversation.POLICY,
    )


def capabilities() -> dict[str, Any]:
    """What Thespian's processes want to know of their base."""
    return {
        "Thespian ActorSystem Name": "daemoneye",
        "Thespian ActorSystem Version": 1,
        "Thespian Generation": ThespianGeneration,
        "Thespian Version": str(int(time.time() * 1000)),
        "Thespian Watch Supported": True,
        "AllowRemoteActorSources": "No",
        "Python Version": tuple(sys.version_info),
    }


def open_system(site: Site, *, log_settings: dict[str, Any] | None = None) -> ActorSystem:
    """Start the admin and what it needs; ``shutdown()`` of what is returned stops all."""
    base = UnixSystemBase(site, SimpleNamespace(capabilities={}), log_settings)
    return ActorSystem(base, transientUnique=True)

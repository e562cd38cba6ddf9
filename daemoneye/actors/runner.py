"""The owner of the actor system: opens it, has the supervisor made, and reads the settings again when told to.

It speaks with the main process over a pair of sockets, a word a datagram, and lives exactly as long as Thespian's admin
and logger and the supervisor live: when one of them ends, it ends, and the main process makes everything anew. The
logger counts although it has nothing to write: actors that existed before would know only its old address.
"""

from __future__ import annotations

import os
import select
import socket
import time
from typing import TYPE_CHECKING, Final

from daemoneye.actors.transport.addresses import ADMIN, LOGGER, UnixAddress
from daemoneye.actors.transport.base import open_system
from daemoneye.actors.transport.for_actors import name_of
from daemoneye.broker import words
from daemoneye.errors import Exit
from daemoneye.host.procfs.parents import parent_of
from daemoneye.logs import log
from daemoneye.messages.tree import SettingsRead, SettingsUnreadable, StartTree
from daemoneye.settings.files import digest, understand
from daemoneye.settings.parcel import UnreadableError, unpack
from daemoneye.settings.places import ConfigRejected

if TYPE_CHECKING:
    from pathlib import Path

    from thespian.actors import ActorAddress, ActorSystem

    from daemoneye.actors.transport.agreed import Site

# What a person can read of it; the whole is what `daemoneye config show` says.
_LONGEST: Final = 8192
SUPERVISOR_CLASS: Final = "daemoneye.actors.supervisor.SupervisorActor"


def run(site: Site, channel: socket.socket, tree: int) -> int:
    """Until the main process says stop (0), or somebody without whom there is no system is gone (70)."""
    system = open_system(site)
    os.wait()  # for the process that forked the admin, and has only to end: Thespian lets go of it without taking it in
    supervisor = system.createActor(SUPERVISOR_CLASS)
    pid = UnixAddress(name_of(supervisor)).pid
    if pid is None:
        raise RuntimeError("the supervisor has no process")
    channel.send(words.format_word(words.SupervisorNamed(pid)))
    system.tell(supervisor, StartTree(number=tree))
    watched = {os.pidfd_open(each): role for role, each in _indispensable(site.directory, pid).items()}
    return Runner(system, supervisor, channel, watched).wait()


def _indispensable(directory: Path, supervisor: int) -> dict[str, int]:
    """Thespian's own are known by their sockets; the admin is the parent of both."""
    loggers = [UnixAddress(path.name).pid for path in directory.iterdir() if path.name.startswith(f"{LOGGER}.")]
    return {"supervisor": supervisor, LOGGER: loggers[0] or 0, ADMIN: parent_of(supervisor)}


class Runner:
    def __init__(
        self, system: ActorSystem, supervisor: ActorAddress, channel: socket.socket, watched: dict[int, str]
    ) -> None:
        self._system = system
        self._supervisor = supervisor
        self._channel = channel
        self._watched = watched

    def wait(self) -> int:
        poll = select.poll()
        for descriptor in (self._channel.fileno(), *self._watched):
            poll.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor in self._watched:
                    log("error", "runner.lost", part=self._watched[descriptor])
                    return Exit.INTERNAL
                if not self._hear():
                    self._system.shutdown()
                    return Exit.OK

    def _hear(self) -> bool:
        """A word of the main process; false when it is time to go."""
        datagram, descriptors, _, _ = socket.recv_fds(self._channel, words.LONGEST, 1)
        if not datagram or words.parse(datagram, words.MAIN) == words.Stop():
            return False
        for descriptor in descriptors:
            with os.fdopen(descriptor, "rb") as parcel:
                self._system.tell(self._supervisor, reread(parcel.read()))
        return True


def reread(parcel: bytes) -> SettingsRead | SettingsUnreadable:
    """The same way as at the start: all of it holds together, or nothing of it is taken."""
    read_ms = time.time_ns() // 1_000_000
    try:
        sources = unpack(parcel)
        return SettingsRead(settings=understand(sources).settings, sha256=digest(sources), read_ms=read_ms)
    except (ConfigRejected, UnreadableError) as error:
        return SettingsUnreadable(problems=str(error)[:_LONGEST], read_ms=read_ms)

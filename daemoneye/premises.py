"""What the agent stands on, made by the main process while it still may, for those who will not be root.

Directories for the account, the sockets at which clients and the supervisor knock, a lock, the keys of the host.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.errors import ConfigError
from daemoneye.host import places
from daemoneye.host.accounts import group_id
from daemoneye.host.keys import read_or_create_key
from daemoneye.host.naming import host_id
from daemoneye.host.places import Owner
from daemoneye.tree import AGENT_SOCKET, CHANNELS, alert_file, own_directory, present

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.host.identities import Identities
    from daemoneye.settings.model import Settings

KEY_FILE: Final = "redact.key"
BROKER_SOCKET: Final = "broker.sock"
ACTORS: Final = "actors"


@dataclass(frozen=True, slots=True)
class Premises:
    """What was made while it still could be."""

    runtime: Path
    sockets: dict[str, socket.socket]  # those at which clients knock
    channels: dict[str, socket.socket]  # both ends of each, without a name that anybody could knock at
    broker: socket.socket
    correlation_key: bytes
    host_id: str
    lock: int  # held for as long as it is open

    @property
    def broker_path(self) -> Path:
        return self.runtime / BROKER_SOCKET

    @property
    def actors(self) -> Path:
        return self.runtime / ACTORS

    def remove(self) -> None:
        """Nothing stays in the runtime directory."""
        places.remove([self.broker_path, *(self.runtime / name for name in self.sockets), *self.actors.iterdir()])
        self.actors.rmdir()


def prepare(settings: Settings, identities: Identities) -> Premises:
    paths, owner = settings.paths, Owner(*identities.others.file_ids)
    for key, path in (("paths.state_dir", paths.state_dir), ("paths.log_dir", paths.log_dir)):
        places.make_directory(key, path, owner)
    if settings.outputs.metrics_textfile:
        places.make_directory("outputs.metrics_textfile", settings.outputs.metrics_textfile.parent, owner)
    places.make_directory("outputs.jsonl.path", alert_file(settings).parent, owner)
    for role in present(settings):
        if role.own_directory:
            places.make_directory("paths.state_dir", own_directory(role, settings), owner, places.PRIVATE_MODE)
    wanted = settings.sanitize.mask and settings.sanitize.correlate
    correlation_key = read_or_create_key(paths.state_dir / KEY_FILE) if wanted else b""
    known_as = host_id(paths.state_dir)
    callers = Owner(owner.uid, _clients_group(settings, owner))
    places.make_directory("paths.runtime_dir", paths.runtime_dir, callers)
    lock = places.claim("paths.runtime_dir", paths.runtime_dir)
    places.make_directory("paths.runtime_dir", paths.runtime_dir / ACTORS, owner, places.PRIVATE_MODE)
    return Premises(  # the sockets last: whatever fails leaves none behind
        runtime=paths.runtime_dir,
        sockets={AGENT_SOCKET: places.listen(paths.runtime_dir / AGENT_SOCKET, callers)},
        channels=dict(end for names in CHANNELS for end in zip(names, _pair(), strict=True)),
        broker=places.listen(paths.runtime_dir / BROKER_SOCKET, owner, socket.SOCK_SEQPACKET, 0o600),
        correlation_key=correlation_key,
        host_id=known_as,
        lock=lock,
    )


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)


def _clients_group(settings: Settings, owner: Owner) -> int:
    """The sockets belong to the first group that may call."""
    if not settings.ipc.allow_groups:
        return owner.gid
    first = settings.ipc.allow_groups[0]
    found = group_id(first)
    if found is None:
        raise ConfigError(
            "ipc.allow_groups", f"'{first}' is no group of this host", "a group, since it gets the sockets"
        )
    return found

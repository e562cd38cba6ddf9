"""The address of an actor: a name, never a path.

``admin``, or ``role.pid.nonce``. Whoever gets an address from a peer can be led to no socket outside the directory, and
reads from it which process has to stand behind it. The nonce keeps the address of the dead from becoming somebody
else's when the kernel hands out the pid again.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from dataclasses import dataclass
from typing import Final

from daemoneye.actors.transport.refusals import Refusal, Refused

ADMIN: Final = "admin"
LOGGER: Final = "logger"  # Thespian's; it has nothing to write in daemoneye
RUNNER: Final = "runner"  # the process that owns the actor system

# Linux has at most 2**22 pids (7 digits); 32 characters of role and 8 of nonce leave room in the 108 of sun_path.
_NAME: Final = re.compile(r"(?a:([a-z][a-z0-9_]{0,31})\.([1-9][0-9]{0,6})\.([0-9a-f]{8}))")


class BadAddressError(Refused):
    kind = Refusal.ADDRESS


@dataclass(frozen=True, slots=True)
class UnixAddress:
    name: str

    # Thespian asks an address how to make and connect its socket.
    socketArgs = (socket.AF_UNIX, socket.SOCK_STREAM, 0)  # noqa: N815 - Thespian's word

    def __post_init__(self) -> None:
        if self.name != ADMIN and not _NAME.fullmatch(self.name):
            raise BadAddressError(f"actor address: {self.name[:80]!a}: expected admin or role.pid.nonce")

    @classmethod
    def fresh(cls, role: str) -> UnixAddress:
        """An address for this process that nobody had before."""
        return cls(f"{role}.{os.getpid()}.{secrets.token_hex(4)}")

    @property
    def role(self) -> str:
        return self.name.partition(".")[0]

    @property
    def pid(self) -> int | None:
        """The process it says it belongs to; the admin's is not in its name."""
        return None if self.name == ADMIN else int(self.name.split(".")[1])

    @property
    def connectArgs(self) -> tuple[str]:  # noqa: N802 - Thespian's word
        return (self.name,)

    def __str__(self) -> str:
        return self.name

    def isSameSystem(self, _other: object) -> bool:  # noqa: N802 - Thespian's word
        return True  # there is no other

    def isLocalAddr(self) -> bool:  # noqa: N802 - Thespian's word
        return True

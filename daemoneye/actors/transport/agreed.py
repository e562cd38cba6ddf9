"""What a system of actors agrees on before its first process starts: one frozen value, inherited by every fork."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Mapping  # noqa: TC003 - dataclasses look at annotations
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - the same
from typing import TYPE_CHECKING, Final

from daemoneye.actors.transport.addresses import BadAddressError, UnixAddress
from daemoneye.actors.transport.frames import MAX_FRAME
from daemoneye.actors.transport.identity import filesystem_uid
from daemoneye.errors import NoPermissionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.actors.transport.envelope import Codec
    from daemoneye.actors.transport.loans import Borrowed, Loan
    from daemoneye.actors.transport.policy import Policy
    from daemoneye.actors.transport.vocabulary import Vocabulary

# sun_path has 108 bytes with its NUL; a name has at most 49, and a slash before it.
MAX_DIRECTORY: Final = 108 - 1 - 49 - 1
_OTHERS: Final = 0o007
_GROUP_MAY_ENTER: Final = 0o010


def to_stderr(line: str) -> None:
    sys.stderr.write(f"daemoneye: {line}\n")


def stay_as_we_are(_role: str) -> None:
    """The default of ``Site.enter``: no role changes its identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    directory: Path  # ours, and closed to others; the only place where sockets are
    vocabulary: Vocabulary
    policy: Policy
    roles: Mapping[str, str] = field(default_factory=dict)  # "module.Class" of an actor -> its role
    default_role: str = "actor"  # of a class that is not in there; the policy says nothing about it
    inboxes: Mapping[str, Codec] = field(default_factory=dict)  # role -> codec, where it is not the vocabulary
    uids: Mapping[str, frozenset[int]] = field(default_factory=dict)  # role -> who may bear it, where it is not our uid
    lenders: Mapping[str, Callable[[Loan], Borrowed]] = field(default_factory=dict)  # role -> who forks, if not parents
    enter: Callable[[str], None] = stay_as_we_are  # called with the role in each new process, before it reads a byte
    report: Callable[[str], None] = to_stderr  # takes one line
    max_frame: int = MAX_FRAME
    adopter: int = 0  # the subreaper that the admin comes to, where there has to be one

    def codec_of(self, role: str) -> Codec:
        return self.inboxes.get(role, self.vocabulary)

    def role_of(self, actor_class: str) -> str:
        return self.roles.get(actor_class, self.default_role)

    def path_of(self, address: UnixAddress) -> str:
        return os.path.join(self.directory, address.name)  # noqa: PTH118 - on the path of every message

    @property
    def socket_mode(self) -> int:
        """A directory that a group may enter holds sockets that the group may connect to."""
        return 0o660 if self.directory.stat().st_mode & _GROUP_MAY_ENTER else 0o600

    def prepare(self) -> None:
        """Make the directory if it is not there, and refuse one that others can reach into."""
        if len(os.fsencode(self.directory)) > MAX_DIRECTORY:
            raise UsageError(str(self.directory), "too long for sockets", f"at most {MAX_DIRECTORY} bytes")
        self.directory.mkdir(mode=0o700, exist_ok=True)
        found = self.directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {filesystem_uid(), 0} or found.st_mode & _OTHERS:
            raise NoPermissionError(
                str(self.directory),
                f"{stat.filemode(found.st_mode)}, uid {found.st_uid}",
                f"a directory of uid {filesystem_uid()}, closed to others",
            )

    def sweep(self, pid: int | None = None) -> None:
        """Remove the sockets of a system that is gone, or of one of its processes."""
        for path in self.directory.iterdir():
            if _is_address(path.name, pid) and path.is_socket():
                with contextlib.suppress(FileNotFoundError, PermissionError):  # gone already, or another user's
                    path.unlink()


def _is_address(name: str, pid: int | None) -> bool:
    try:
        return UnixAddress(name).pid == pid or pid is None
    except BadAddressError:
        return False

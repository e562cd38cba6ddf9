"""How a process of the tree comes to be: a fork, in which our own lines run before Thespian's.

The order matters: sockets of the parent go first, then the identity of the role is put on, then the process is tied to
its parent (a change of user id would untie it), and only then a socket is opened and a byte is read.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from multiprocessing.context import ForkContext
from typing import TYPE_CHECKING, Any, Final, Protocol

from daemoneye.actors.transport import rebinds
from daemoneye.actors.transport.addresses import ADMIN, LOGGER
from daemoneye.actors.transport.children import ChildProcess
from daemoneye.actors.transport.loans import BorrowedProcess, loan_of
from daemoneye.errors import Exit
from daemoneye.host.capabilities import die_with_parent
from daemoneye.logs import log
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.actors.transport.kin import Kin
    from daemoneye.actors.transport.loans import ProcessEnd

# The first child exits right after its fork; a loaded host may take a scheduling round or two, not thirty.
_SECOND_FORK_S: Final = 3.0
_ROLES_OF_THESPIAN: Final = {"startAdmin": ADMIN, "startupASLogger": LOGGER}


def tie_to_parent(parent_pid: int) -> None:
    """Die with the parent. It may have died before we asked, and then nobody would tell us."""
    die_with_parent()
    if os.getppid() != parent_pid:
        os._exit(1)


def tie_to_adopter(first_child: int, adopter: int = 0) -> None:
    """The admin forks a second time; once the first child is gone, its parent is whoever adopts.

    Where that has to be a certain process, another one means that this one has died meanwhile: an admin that outlived
    it would be found, listening, by whatever is started next.
    """
    deadline = time.monotonic() + _SECOND_FORK_S
    while (parent := os.getppid()) == first_child and time.monotonic() < deadline:
        time.sleep(0.001)
    tie_to_parent(adopter or parent)


class Sockets(Protocol):
    """What a new process does with what it finds open, an ending one with what it made, a borrower with a loan."""

    def forget_inherited(self) -> None: ...

    def close_own(self) -> None: ...

    def await_end(self, end: ProcessEnd, /) -> None: ...


class ActorProcess(ChildProcess):
    def __init__(self, kin: Kin, role: str, sockets: Sockets, **settings: Any) -> None:
        super().__init__(kin, role, **settings)
        self._sockets = sockets

    def run(self) -> None:
        self._sockets.forget_inherited()
        rebinds.apply()
        self._kin.become(self._role)
        self._kin.site.enter(self._role)
        if self._role != ADMIN:  # whose parent is about to exit: see the transport
            tie_to_parent(self._kin.parent_pid)
        with ExitStack() as stack:
            stack.push(_end_in_a_line)
            stack.callback(self._sockets.close_own)
            super().run()


def _end_in_a_line(_kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
    """What goes wrong in Thespian's own loop ends the process, too; multiprocessing would print a traceback."""
    if isinstance(error, Exception):
        log("error", "actor.crashed", reason=printable(f"{type(error).__name__}: {error}"))
        raise SystemExit(Exit.INTERNAL)
    return False


class StartContext(ForkContext):
    """What Thespian takes for ``multiprocessing``, and asks for processes."""

    def __init__(self, kin: Kin, sockets: Sockets) -> None:
        super().__init__()
        self._kin = kin
        self._sockets = sockets

    def Process(self, *, target: Callable[..., None], args: tuple[Any, ...], name: str | None = None) -> ChildProcess:  # type: ignore[override]  # noqa: N802 - multiprocessing's word
        role = self._role_of(target, args)
        if role in self._kin.site.lenders:
            return BorrowedProcess(self._kin, loan_of(role, self._kin.admin_pid, args), self._sockets.await_end, name)
        return ActorProcess(self._kin, role, self._sockets, target=target, args=args, name=name)

    def _role_of(self, target: Callable[..., None], args: tuple[Any, ...]) -> str:
        role = _ROLES_OF_THESPIAN.get(target.__name__)
        return role or self._kin.site.role_of(args[0])  # of an actor: "module.Class"

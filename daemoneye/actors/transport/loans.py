"""Processes that somebody else starts for us: children of ours to Thespian, of the main process to the kernel.

A role in ``Site.lenders`` is not forked here. The lender is told what the new process has to know to become our child,
and gives back its pid and a descriptor of the process. No SIGCHLD comes for the child of another, so the main loop of
the transport reads that descriptor like a connection, on which one thing is ever said: that the process has ended.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final, Protocol

from daemoneye.actors.transport.children import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.actors.transport.kin import Kin

# What multiprocessing says of a process whose end it did not see; the lender knows how it ended.
_EXIT_CODE_UNKNOWN: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What ``begin.begin_child`` is told, on the other side of the lender."""

    role: str
    instance: int  # Thespian's number of this child among its siblings
    parent: str
    logger: str
    admin_pid: int


class Borrowed(Protocol):
    pid: int

    def fileno(self) -> int:
        """A pidfd. It is copied at once, so whoever lends may close his own at any time."""
        ...

    def close(self) -> None:
        """End the process."""
        ...


class ProcessEnd:
    """A descriptor that can be read once a process has ended, with what the main loop asks of a connection."""

    peer = None

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)

    @property
    def socket(self) -> ProcessEnd:
        return self

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def backoffPause(self) -> timedelta:  # noqa: N802 - Thespian's word
        return timedelta()

    def delay(self, _now: object = None) -> None:
        """It may take for ever."""


class _Hold:
    """What multiprocessing calls a Popen."""

    def __init__(self, borrowed: Borrowed) -> None:
        self.pid = borrowed.pid
        self.terminate = self.kill = borrowed.close
        self.end = ProcessEnd(borrowed.fileno())
        self.sentinel = self.end.fileno()
        self.close = self.end.close
        self.returncode: int | None = None

    def poll(self, _flag: int = 0) -> int | None:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        if self.returncode is None and wait([self.end.fileno()], timeout):
            self.returncode = _EXIT_CODE_UNKNOWN
            self.close()
        return self.returncode


class BorrowedProcess(ChildProcess):
    """What Thespian takes for a process of multiprocessing; nothing of it runs in the process itself."""

    def __init__(self, kin: Kin, loan: Loan, await_end: Callable[[ProcessEnd], None], name: str | None = None) -> None:
        super().__init__(kin, loan.role, name=name)
        self._loan = loan
        self._await_end = await_end

    def start(self) -> None:
        """Raise what the lender raises; Thespian keeps that to itself and gives an address that never answers."""
        super().start()
        self._await_end(self._popen.end)  # type: ignore[attr-defined]

    @staticmethod
    def _Popen(process: Any) -> Any:  # noqa: N802 - multiprocessing's word
        loan: Loan = process._loan  # noqa: SLF001 - a method in all but form
        return _Hold(process._kin.site.lenders[loan.role](loan))  # noqa: SLF001


def loan_of(role: str, admin_pid: int | None, args: tuple[Any, ...]) -> Loan:
    """From the arguments of Thespian's ``startChild``."""
    endpoint, parent, logger = args[2], args[6], args[9]
    assert admin_pid  # noqa: S101 - the admin was there before anybody's parent
    return Loan(
        role=role,
        instance=endpoint.addrInst,
        parent=str(parent.addressDetails),
        logger=str(logger.addressDetails),
        admin_pid=admin_pid,
    )

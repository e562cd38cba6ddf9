"""Every defect of Thespian 4.0.1 that we mend from outside: what it does, and what is done about it here.

All but the first are mended by ``apply``: in main, and so in all its forks, or else in the processes that we start,
after the fork and before Thespian's code runs there. Whoever only imports this keeps the library as it is. Each has its
test in ``tests/actors/test_rebinds.py``, under the name of the function that mends it.

Two more are mended where their code is replaced anyway: processes inherit each other's listening sockets, so that a
dead admin's address stays taken (``transport.forget_inherited``), and children outlive a killed parent
(``processes.tie_to_parent``).
"""

from __future__ import annotations

import contextlib
import functools
import logging
import signal
import socket
from typing import TYPE_CHECKING, Any, Final

from thespian.system import logdirector
from thespian.system import multiprocCommon as multiproc  # noqa: N813 - a module, not a class
from thespian.system.messages.admin import PendingActorResponse
from thespian.system.transport import ReceiveEnvelope, TransmitIntent
from thespian.system.utilis import thesplog_control

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def no_name_lookup() -> Iterator[None]:
    """IPBase asks the resolver for this host's names when it is imported: 50 s where no name server answers."""
    asked = socket.getaddrinfo, socket.getfqdn
    socket.getaddrinfo, socket.getfqdn = (lambda *_, **__: []), (lambda *_: "localhost")
    try:
        yield
    finally:
        socket.getaddrinfo, socket.getfqdn = asked


with no_name_lookup():
    from thespian.system.transport import TCPTransport as tcp  # noqa: N813 - a module, not a class

# What the kernel raises for a fault of the process itself.
FAULTS: Final = frozenset(
    (
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGABRT,
        signal.SIGSYS,
        signal.SIGTRAP,
    )
)

_NO_ACTOR: Final = PendingActorResponse.ERROR_Invalid_ActorClass  # which is raised where the actor was asked for

__all__ = ["apply", "multiproc", "no_messages_in_log_files", "no_name_lookup", "tcp"]


@functools.cache
def apply() -> None:
    """Once: what is mended in a process is mended in its forks, and costs them no memory of their own."""
    no_child_is_forgotten()
    an_unborn_child_is_reported()
    a_dead_logger_is_replaced()
    a_fault_is_fatal()
    no_messages_in_log_files()
    titles_are_ours()
    no_message_is_spelled_out()


def no_child_is_forgotten() -> None:
    """On the exit of one child, every dead child is dropped from the list that the exits of the others are read from.

    Of three children that die together, one notice is lost in most rounds, and then a shutdown waits for ever. What is
    replaced does nothing that the handler of SIGCHLD does not do better.
    """
    multiproc.MultiProcReplicator._childExited = lambda _self, _address: None  # noqa: SLF001 - that is the defect


def an_unborn_child_is_reported() -> None:
    """A child of the admin that dies before it is there is reported to nobody: who asked for it waits three minutes."""
    take_note = multiproc.MultiProcReplicator.childDied

    def child_died(admin: Any) -> bool:
        before = list(getattr(admin, "_child_procs", ()))
        goes_on = take_note(admin)
        for dead in (each for each in before if each not in admin._child_procs):  # noqa: SLF001
            for request in admin._pendingChildren.pop(dead.childNum, ()):  # noqa: SLF001
                admin._sendPendingActorResponse(request, None, _NO_ACTOR, "died before it was there")  # noqa: SLF001
        return goes_on

    multiproc.MultiProcAdmin.childDied = child_died


def a_dead_logger_is_replaced() -> None:
    """The admin starts a new logger with ``self.logDefs``, and has only ``self.logdefs``: it dies, and all with it."""
    multiproc.MultiProcAdmin.logDefs = property(lambda admin: admin.logdefs)


def a_fault_is_fatal() -> None:
    """Every signal gets a handler in Python; from one for a fault it returns to the fault, for ever, at 100 %.

    What a process ignores stays ignored, too: somebody has decided that.
    """
    multiproc.set_signal_handler = _unless_a_fault


def _unless_a_fault(number: int, handler: Any) -> None:
    if number not in FAULTS and signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, handler)


def no_messages_in_log_files() -> None:
    """Thespian appends to ``$TMPDIR/thespian.log`` through any symbolic link, and what it appends quotes messages."""
    thesplog_control(logging.CRITICAL, False, 0)  # a file of at most 0 bytes: none


def titles_are_ours() -> None:
    """Where setproctitle is installed, every process is renamed to its class and address, after ``Site.enter``."""
    multiproc.setProcName = logdirector.setProcName = lambda *_: None


def no_message_is_spelled_out() -> None:
    """Each message is made into text three times on its way, whole, for lines of a log that nobody has asked for.

    With a thousand records in it that takes longer than to send it.
    """
    ReceiveEnvelope.identify = TransmitIntent.identify = lambda envelope: type(envelope.message).__qualname__

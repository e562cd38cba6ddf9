"""Each defect of Thespian 4.0.1 that we mend, by what happens where it is not mended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("thespian")

from setproctitle import setproctitle
from thespian.actors import InvalidActorSpecification
from thespian.system import multiprocCommon
from thespian.system.transport import ReceiveEnvelope, TransmitIntent

from daemoneye.actors.transport import rebinds
from tests.actors import cast, living
from tests.actors.living import elsewhere, within
from tests.actors.test_system import is_gone

if TYPE_CHECKING:
    from tests.actors.living import System


class DeadChild:
    childAddr = "child"  # noqa: N815 - Thespian's word

    def __init__(self) -> None:
        self.childProc = self

    def is_alive(self) -> bool:
        return False

    def join(self, _timeout_s: float) -> None:
        pass


def reported(*, mended: bool) -> int:
    """How many of two dead children are reported, when the exit of the first is handled before the second is seen."""
    if mended:
        rebinds.no_child_is_forgotten()
    sent: list[object] = []
    parent = multiprocCommon.MultiProcReplicator()
    parent.transport = SimpleNamespace(myAddress=None, scheduleTransmit=lambda _, intent: sent.append(intent))
    parent._child_procs = [DeadChild(), DeadChild()]
    parent._childExited("child")
    parent.childDied()
    return len(sent)


def unmended() -> int:
    return reported(mended=False)


def mended() -> int:
    return reported(mended=True)


def test_no_child_is_forgotten() -> None:
    """The exit of one child does not hide that of another (unmended: both are forgotten)."""
    assert (elsewhere(unmended), elsewhere(mended)) == (0, 2)


def test_children_that_die_together_are_all_reported(system: System) -> None:
    """However many die at the same moment, each is missed."""
    for _ in range(4):
        actor = system.create()
        born = system.ask(actor, cast.Bear(5))
        for pid in born.pids:
            os.kill(pid, signal.SIGKILL)
        assert within(5, lambda parent=actor: system.ask(parent, cast.WhoIsGone()) == cast.Gone(5))  # type: ignore[misc]


def test_an_unborn_child_is_reported(directory: Path) -> None:
    """Who asks for an actor that dies before it is there is told (unmended: after three minutes)."""
    system = living.System(living.site_of(directory, enter=lambda role: os._exit(1) if role == "echo" else None))
    try:
        began = time.monotonic()
        with pytest.raises(InvalidActorSpecification, match="died before it was there"):
            system.create()
        assert time.monotonic() - began < 5
    finally:
        system.end()


def test_a_dead_logger_is_replaced(system: System) -> None:
    """The admin survives its logger (unmended: it dies, and the system with it)."""
    actor = system.create()
    admin = system.admin()
    (logger,) = [name for name in system.names() if name.startswith("logger")]
    os.kill(int(logger.split(".")[1]), signal.SIGKILL)
    assert within(5, lambda: [n for n in system.names() if n.startswith("logger") and n != logger] != [])
    assert system.alive(actor)
    assert system.alive(system.create())
    assert system.admin() == admin


def test_a_fault_is_fatal(system: System) -> None:
    """A segmentation fault ends its process (unmended: it spins at 100 % for ever)."""
    actor = system.create()
    pid = system.ask(actor, cast.Ping(number=1)).pid
    system.actors.tell(actor, cast.SegfaultYourself())
    assert within(5, lambda: is_gone(pid))


def test_no_messages_in_log_files(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a message says stays out of files that anybody may have prepared (unmended: /tmp/thespian.log)."""
    log = directory.parent / "thespian.log"
    monkeypatch.setenv("THESPLOG_FILE", str(log))
    system = living.System(living.site_of(directory))
    try:
        actor = system.create()
        os.kill(system.ask(actor, cast.Ping(number=1)).pid, signal.SIGTERM)  # which Thespian logs, as a warning
        assert within(5, lambda: actor.addressDetails.name not in system.names())
    finally:
        system.end()
    assert not log.exists()


def test_titles_are_ours(directory: Path) -> None:
    """What `ps` shows is what the role was called (unmended: its class and its address)."""
    system = living.System(living.site_of(directory, enter=lambda role: setproctitle(f"daemoneye: {role}")))
    try:
        actor = system.create()
        system.ask(actor, cast.Ping(number=1))
        titles = {Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") for pid in system.pids()}
    finally:
        system.end()
    assert titles == {b"daemoneye: admin", b"daemoneye: logger", b"daemoneye: echo"}


class Secretive:
    def __str__(self) -> str:
        return "its content"


def spelled_out(*, mended: bool) -> list[str]:
    if mended:
        rebinds.no_message_is_spelled_out()
    return [carrier(None, Secretive()).identify() for carrier in (ReceiveEnvelope, TransmitIntent)]


def test_no_message_is_spelled_out() -> None:
    """What a message says is not made into text to name it (unmended: three times on its way)."""
    unmended_text = elsewhere(lambda: spelled_out(mended=False))
    assert all("its content" in text for text in unmended_text)
    assert elsewhere(lambda: spelled_out(mended=True)) == ["Secretive", "Secretive"]


def test_no_name_lookup() -> None:
    """Starting up asks no name server (unmended: 50 s where none answers), and the resolver works as before."""
    program = """
import socket
def ask(*_, **__): raise SystemExit("asked")
socket.getaddrinfo = socket.getfqdn = ask
import daemoneye.actors.transport.base
assert socket.getaddrinfo is ask and socket.getfqdn is ask
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_process_that_starts_the_system_keeps_the_library_as_it_is(system: System) -> None:
    """What is mended is mended where it matters, so that another system base beside ours is what it always was."""
    assert system.alive(system.create())
    assert multiprocCommon.set_signal_handler is signal.signal
    assert not hasattr(multiprocCommon.MultiProcAdmin, "logDefs")

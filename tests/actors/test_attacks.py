"""Peers who want something else: refused, counted, told once, and everybody else is served as before."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import socket
import struct
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("thespian")

from thespian.actors import ActorExitRequest, ChildActorExited
from thespian.system.messages.admin import PendingActor, SystemShutdown
from thespian.system.messages.multiproc import LoggerConnected

from daemoneye.actors.transport import connections
from daemoneye.actors.transport.conversation import VOCABULARY
from daemoneye.actors.transport.frames import ACK, NAK, encode_frame
from tests.actors import cast, living
from tests.actors.living import elsewhere, frame, say, within

if TYPE_CHECKING:
    from pathlib import Path

    from tests.actors.living import System

WORDS = VOCABULARY | cast.VOCABULARY
TAKEN = encode_frame(ACK, 1)
REFUSED = encode_frame(NAK, 1)


def path_to(system: System, actor: Any) -> str:
    return str(system.directory / actor.addressDetails.name)


def as_somebody(path: str, role: str, message: object) -> bytes:
    """A message from an address that the sending process does own."""
    return say(path, frame(f"{role}.{os.getpid()}.00000000", WORDS.encode(message)))


def raw_from_somebody(path: str, body: bytes) -> bytes:
    return say(path, frame(f"neighbour.{os.getpid()}.00000000", body))


def malicious(marker: str) -> dict[str, bytes]:
    """Pickles that would run code, change classes, or eat the machine."""

    class Run:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {marker}",)

    command = f"touch {marker}".encode()
    ping = b"\x8c\x10tests.actors.cast\x8c\x04Ping\x93"
    return {
        **{f"reduce, protocol {protocol}": pickle.dumps(Run(), protocol) for protocol in range(6)},
        "reduce within a listed message": pickle.dumps([Run(), {"a": Run()}], 5),
        "inst": b"\x80\x05(S'" + command + b"'\nios\nsystem\n.",
        "obj": b"\x80\x05(cos\nsystem\n\x8c" + bytes([len(command)]) + command + b"o.",
        "global by name": b"\x80\x05cbuiltins\neval\n\x8c\x05exit()\x85R.",
        "stack global": b"\x80\x05\x8c\x08builtins\x8c\x04eval\x93\x8c\x0b__import__('\x85R.",
        "a listed class rewritten": b"\x80\x05" + ping + b"N}\x8c\x08__init__\x8c\x04evils\x86b.",
        "extension registry": b"\x80\x05\x82\x01.",
        "persistent id": b"\x80\x05Pevil\n.",
        "ten bytes for gigabytes": b"\x80\x05Nr\x00\x00\x00\x20.",
        "a tuple that contains itself often": b"\x80\x05)\x94" + b"h\x00h\x00\x86\x94" * 60 + b".",
        "text longer than the frame": b"\x80\x05X\xff\xff\xff\xff.",
        "no end": b"\x80\x05N",
        "two ends": b"\x80\x05N.N.",
        "nothing": b"",
        "deeply nested": b"\x80\x05" + b"]" * 200_000 + b"a" * 199_999 + b".",
    }


def test_a_crafted_pickle_runs_no_code_in_any_process_of_the_tree(system: System, tmp_path: Path) -> None:
    """Whoever can reach a socket of the agent still cannot make it do anything."""
    marker = tmp_path / "pwned"
    actor, warden = system.create(), system.create(cast.Warden)
    before = system.names()
    sockets = [str(system.directory / name) for name in before]
    assert {name.split(".")[0] for name in before} == {"admin", "echo", "logger", "runner", "warden"}
    attacks = malicious(str(marker))

    def attack() -> dict[str, bytes]:
        answers = {}
        for name, body in attacks.items():
            for path in sockets:
                if "runner" not in path:  # which reads only while it waits for something
                    answers[f"{name} to {path}"] = raw_from_somebody(path, body)
        return answers

    answers = elsewhere(attack)
    assert {name: answer for name, answer in answers.items() if answer != REFUSED} == {}
    assert not marker.exists()
    assert system.alive(actor)
    assert system.alive(warden)
    assert system.names() == before
    assert system.refused(actor)["forgery"] >= len(attacks) - 3


def test_a_crafted_pickle_runs_no_code_in_the_runner(system: System, tmp_path: Path) -> None:
    """The process that owns the system reads the same way."""
    marker = tmp_path / "pwned"
    actor = system.create()
    runner = str(system.directory / system.actors._systemBase.transport.myAddress.addressDetails.name)
    script = f"""
        import os, socket, sys, time
        from tests.actors.living import frame
        from tests.actors.test_attacks import malicious
        held = []
        for body in malicious({str(marker)!r}).values():
            peer = socket.socket(socket.AF_UNIX)
            peer.connect({runner!r})
            peer.sendall(frame(f"neighbour.{{os.getpid()}}.00000000", body[:1000]))  # it may not read for a while
            held.append(peer)
        print("sent", flush=True)
        time.sleep(20)
    """
    attacker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE)
    with attacker:
        assert attacker.stdout is not None
        assert attacker.stdout.readline() == b"sent\n"
        refusals = system.actors._systemBase.transport.refusals
        assert within(5, lambda: system.alive(actor) and refusals.counts.get("forgery", 0) >= 10)
        attacker.kill()
    assert not marker.exists()


def test_a_message_in_the_name_of_another_process_is_refused(system: System) -> None:
    """A peer is who the kernel says, not who it says."""
    actor, other = system.create(), system.create()
    claims = [
        "admin",
        other.addressDetails.name,
        f"runner.{os.getpid()}.00000000",
        "neighbour.1.00000000",
        "../../etc/passwd",
    ]

    def lie() -> list[bytes]:
        body = WORDS.encode(ActorExitRequest())
        own = f"runner.{os.getpid()}.00000000"
        return [say(path_to(system, actor), frame(claim, body)) for claim in [*claims, own]]

    assert elsewhere(lie) == [REFUSED] * 6
    assert system.alive(actor)
    assert system.refused(actor)["address"] == 6


@pytest.mark.parametrize(
    "message",
    [
        SystemShutdown(),
        PendingActor("tests.actors.cast.Warden", None, 1, None, None),
        ActorExitRequest(),
    ],
    ids=lambda message: type(message).__name__,
)
def test_control_of_the_system_is_not_for_everybody(system: System, message: object) -> None:
    """A compromised actor cannot stop the others, nor start one."""
    actor = system.create()
    before = system.names()
    for name in ("admin", actor.addressDetails.name):
        assert elsewhere(as_somebody, str(system.directory / name), "neighbour", message) == REFUSED
    assert system.alive(actor)
    assert system.names() == before
    assert system.refused(actor)["policy"] == 1


def test_nobody_takes_the_place_of_the_logger(system: System) -> None:
    """What actors log goes where the admin sent it, not to whoever calls himself the logger."""
    admin = str(system.directory / "admin")
    for role in ("logger", "neighbour"):
        assert elsewhere(as_somebody, admin, role, LoggerConnected()) == REFUSED


def test_who_may_say_one_thing_may_not_say_another(system: System) -> None:
    """The table is about messages, not about friends."""
    actor = system.create()
    path = path_to(system, actor)
    assert elsewhere(as_somebody, path, "neighbour", cast.Ping(number=1)) == TAKEN
    assert elsewhere(as_somebody, path, "neighbour", cast.Bear(1)) == REFUSED
    assert elsewhere(as_somebody, path, "passer_by", cast.Ping(number=1)) == REFUSED


def test_nobody_announces_the_death_of_another(system: System) -> None:
    """A supervisor does not restart a child because somebody says that it is dead."""
    actor = system.create()
    born = system.ask(actor, cast.Bear(1))
    path = path_to(system, actor)
    assert elsewhere(as_somebody, path, "echo", ChildActorExited(born.addresses[0])) == REFUSED
    assert system.ask(actor, cast.WhoIsGone()) == cast.Gone(0)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", "frame"),
        (struct.pack("<I", 0xFFFFFFFF), "frame"),
        (struct.pack("<I", 4 * 1024 * 1024 + 1) + b"x" * 100, "frame"),
        (struct.pack("<I", 0), "frame"),
        (encode_frame(b"P", 1), "address"),
        (encode_frame(b"P\xff" + b"x" * 20, 100), "address"),
        (encode_frame(ACK, 1), "address"),
        (encode_frame(b"P\x02\xff\xff", 100), "address"),
    ],
    ids=["text", "4 GiB", "over the limit", "empty", "no sender", "short", "an answer", "not ASCII"],
)
def test_garbage_costs_its_sender_the_connection(system: System, sent: bytes, kind: str) -> None:
    """What is no frame is refused at its first bytes, with no memory spent on it."""
    actor = system.create()
    assert elsewhere(say, path_to(system, actor), sent) in {REFUSED, b"ConnectionResetError", b"BrokenPipeError"}
    assert system.alive(actor)
    assert system.refused(actor) == {kind: 1}


def test_half_a_frame_and_silence_delays_nobody(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who begins and does not go on is let go after a while; meanwhile everybody else is served."""
    monkeypatch.setattr(connections, "SILENCE", timedelta(seconds=0.3))  # inherited by the actor that is forked next
    system.end()
    fresh = living.System(living.site_of(system.directory))
    try:
        actor = fresh.create()
        path = path_to(fresh, actor)
        with socket.socket(socket.AF_UNIX) as slow:
            slow.connect(path)
            slow.sendall(frame("neighbour.1.00000000", b"x" * 100)[:50])
            started = time.monotonic()
            assert fresh.alive(actor)
            assert time.monotonic() - started < 0.3
            slow.settimeout(5)
            assert slow.recv(1) == b""
        assert fresh.refused(actor) == {"silence": 1}
    finally:
        fresh.end()


def test_a_crowd_of_one_keeps_nobody_out(system: System) -> None:
    """A peer that opens connections without end gets a fixed number, and the others get theirs."""
    actor = system.create()
    path = path_to(system, actor)

    def crowd() -> int:
        peers = []
        for _ in range(300):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(path)
            peers.append(peer)
            time.sleep(0.0005)
        closed = 0
        for peer in peers:
            peer.settimeout(0.02)
            with contextlib.suppress(TimeoutError):
                closed += peer.recv(1) == b""
        return closed

    assert elsewhere(crowd) == 300 - 64
    assert system.alive(actor)
    assert system.refused(actor) == {"crowd": 300 - 64}


def test_a_refusal_is_told_once_and_counted_always(system: System) -> None:
    """A log is not for the peer to fill."""
    actor = system.create()

    def insist() -> None:
        for _ in range(50):
            as_somebody(path_to(system, actor), "neighbour", SystemShutdown())

    elsewhere(insist)
    assert system.refused(actor) == {"policy": 50}
    assert [line for line in system.lines if "policy" in line] == system.lines
    assert len(system.lines) == 1


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs uid 0 to become somebody else")
def test_a_foreign_user_is_refused_even_where_the_files_would_let_him(system: System) -> None:
    """The mode of a directory is the first lock, the kernel's word about the peer the second."""
    actor = system.create()
    path = path_to(system, actor)

    def as_nobody() -> bytes:
        os.setresuid(65534, 65534, 65534)
        return say(path, frame(f"neighbour.{os.getpid()}.00000000", WORDS.encode(cast.Ping(number=1))))

    assert elsewhere(as_nobody) == b"PermissionError"
    system.directory.parent.chmod(0o711)
    system.directory.chmod(0o711)
    (system.directory / actor.addressDetails.name).chmod(0o666)
    assert elsewhere(as_nobody) in {b"", b"ConnectionResetError", b"BrokenPipeError"}
    assert system.alive(actor)
    assert system.refused(actor) == {"stranger": 1}


def test_an_impostor_who_listens_gets_no_message(system: System) -> None:
    """A socket put in the place of an actor's is not believed."""
    actor = system.create()
    path = path_to(system, actor)
    genuine = (system.directory / actor.addressDetails.name).rename(path + ".away")

    def impersonate(ready: Any) -> None:
        with socket.socket(socket.AF_UNIX) as false:
            false.bind(path)
            false.listen()
            ready.send(None)
            false.settimeout(10)
            connection, _ = false.accept()
            ready.send(connection.recv(100))

    ready, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=impersonate, args=(theirs,))
    process.start()
    ready.recv()
    system.ask(actor, cast.Ping(number=1))
    assert ready.poll(10)
    assert ready.recv() == b""
    process.join()
    genuine.rename(path)
    ready.close()
    theirs.close()
    assert system.alive(actor)

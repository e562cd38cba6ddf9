"""Hostile peers at every actor socket of a running agent: refused, counted, told once, and nobody else notices.

The worst peer has the account of the agent, as a compromised child would; the directory of the sockets is closed to
everybody else, so for the others it is opened here.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from thespian.actors import ActorExitRequest
from thespian.system.logdirector import LoggerExitRequest
from thespian.system.messages.admin import SystemShutdown

from daemoneye.actors.table import INBOXES, VOCABULARY
from daemoneye.actors.transport import conversation
from daemoneye.actors.transport.frames import ACK, NAK, encode_frame
from daemoneye.messages import control, observation, supervision, tree
from daemoneye.model.agent import ChildAction
from daemoneye.tree import COLLECTOR, GATEWAY, SUPERVISOR
from tests.actors.living import frame, say
from tests.actors.test_attacks import malicious
from tests.fakes.forked import in_a_child
from tests.system.agents import DURABLE, SOON_S, Books, books, installed, is_in_order, is_whole, lives, pause, running
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

NOBODY = 65534
STRANGER = 1
TAKEN, REFUSED = encode_frame(ACK, 1).hex(), encode_frame(NAK, 1).hex()
WORDS = VOCABULARY | conversation.VOCABULARY


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with running(DURABLE) as agent:
        agent.until(lambda: is_whole(agent), "a whole tree")
        yield agent


@pytest.fixture
def unharmed(agent: Agent) -> Iterator[None]:
    """Afterwards the same processes are there, at work, and hold no descriptor more."""
    before: Books = books(agent)
    tree = lives(agent)
    yield
    assert lives(agent) == tree
    status = agent.until_running()
    assert status.tree == 1
    assert [each.restarts for each in status.children] == [0] * len(status.children)
    is_in_order(agent, before)


def sockets(agent: Agent) -> dict[str, Path]:
    return {path.name.split(".")[0]: path for path in (agent.directory / "runtime/actors").iterdir()}


def as_account(uid: int, act: Callable[[], Any]) -> Any:
    def work() -> Any:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        return act()

    return in_a_child(work)


def to_all(agent: Agent, sent: Callable[[str], bytes], uid: int = NOBODY) -> dict[str, str]:
    """What each socket answers; the runner reads only when it has something to do."""
    paths = {role: path for role, path in sockets(agent).items() if role != "runner"}
    answers: dict[str, str] = as_account(
        uid, lambda: {role: say(str(path), sent(role)).hex() for role, path in paths.items()}
    )
    return answers


def refusals(agent: Agent, kind: str) -> list[str]:
    return [line["role"] for line in agent.logged("actors.refused") if f"refused ({kind})" in line["message"]]


@pytest.mark.usefixtures("unharmed")
def test_a_stranger_is_not_even_let_near(agent: Agent) -> None:
    """The directory is closed; and if it were not, the kernel's word about the peer decides."""
    assert set(to_all(agent, lambda _: b"", STRANGER).values()) == {b"PermissionError".hex()}
    actors = agent.directory / "runtime/actors"
    actors.parent.chmod(0o711)
    actors.chmod(0o711)
    for path in actors.iterdir():
        path.chmod(0o666)
    try:
        answers = to_all(agent, lambda _: frame(f"gateway.{os.getpid()}.00000000", b""), STRANGER)
        assert set(answers.values()) <= {"", b"ConnectionResetError".hex(), b"BrokenPipeError".hex()}
    finally:
        actors.chmod(0o700)
        actors.parent.chmod(0o750)
    agent.until(lambda: {SUPERVISOR, GATEWAY, COLLECTOR} <= set(refusals(agent, "stranger")), "their lines")


@pytest.mark.usefixtures("unharmed")
def test_a_crafted_pickle_runs_no_code_in_any_process(agent: Agent, tmp_path: Path) -> None:
    """Whatever it says, and whoever says it."""
    tmp_path.chmod(0o777)
    marker = agent.directory / "pwned"
    agent.directory.chmod(0o777)
    for body in malicious(str(marker)).values():
        for sender in ("gateway", "collector", "supervisor", "nobody"):
            answers = to_all(agent, lambda _, s=sender, b=body: frame(f"{s}.{os.getpid()}.00000000", b))  # type: ignore[misc]
            assert set(answers.values()) == {REFUSED}
    agent.directory.chmod(0o755)
    assert not marker.exists()
    agent.until(lambda: {SUPERVISOR, GATEWAY} <= set(refusals(agent, "forgery")), "their lines")


@pytest.mark.usefixtures("unharmed")
def test_garbage_and_lengths_without_end_are_refused(agent: Agent) -> None:
    """Size is judged first; what follows is not even read."""
    for sent in (
        b"\xff" * 64,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x00",
        b"\x01\x00\x00\x00\x00",
        os.urandom(512),
    ):
        answers = to_all(agent, lambda _, s=sent: s)  # type: ignore[misc]
        assert set(answers.values()) <= {REFUSED, REFUSED + b"silence".hex(), b"silence".hex(), ""}
    agent.until(lambda: len(set(refusals(agent, "frame"))) >= 5, "their lines")


@pytest.mark.usefixtures("unharmed")
def test_nobody_speaks_from_an_address_of_another(agent: Agent) -> None:
    """The process behind an address is the kernel's word, and only that process may use it."""
    names = {role: path.name for role, path in sockets(agent).items()}
    exit_request = WORDS.encode(ActorExitRequest())
    for claimed in (*names.values(), "supervisor.1.00000000", "../../../etc/passwd", ""):
        answers = to_all(agent, lambda _, c=claimed: frame(c, exit_request))  # type: ignore[misc]
        assert set(answers.values()) == {REFUSED}


@pytest.mark.usefixtures("unharmed")
def test_a_compromised_sibling_has_no_more_than_its_own_word(agent: Agent) -> None:
    """It has the account, an address of its own and our own encoder, and may claim a role; it gets nothing done."""
    wanted: dict[str, list[Any]] = {
        GATEWAY: [
            ActorExitRequest(),
            supervision.Introduce(role=COLLECTOR, address="collector.1.00000000"),
            supervision.AskHeartbeat(generation=1),
            control.Done(request=1, ok=True, text="forged"),
        ],
        SUPERVISOR: [
            ActorExitRequest(),
            tree.StartTree(number=9),
            tree.SettingsUnreadable(problems="forged", read_ms=0),
            control.ControlChild(request=1, action=ChildAction.PAUSE, child=COLLECTOR),
            control.AskReload(request=2),
            supervision.Ready(generation=1),
        ],
        "admin": [SystemShutdown()],
        "logger": [LoggerExitRequest()],
    }
    paths = sockets(agent)

    def speak() -> None:
        for listener, messages in wanted.items():
            for message in messages:
                for role in (GATEWAY, COLLECTOR, SUPERVISOR, "runner", "logger"):
                    body = WORDS.encode(message)
                    say(str(paths[listener]), frame(f"{role}.{os.getpid()}.00000000", body), wait_s=2)

    as_account(NOBODY, speak)
    status = agent.until_running()
    assert status.reload
    assert status.reload.result == "none"
    assert {each.state for each in status.children} == {"running"}
    assert len(agent.logged("config.rejected")) == 0


@pytest.mark.usefixtures("unharmed")
def test_the_collector_takes_no_pickle_and_no_forged_orders(agent: Agent) -> None:
    """Its few messages are decoded by hand, and count only from those it was introduced to."""
    path = str(sockets(agent)[COLLECTOR])
    by_hand = INBOXES[COLLECTOR]
    orders = [
        ActorExitRequest(),
        supervision.Introduce(role=GATEWAY, address="gateway.1.00000000"),
        observation.TakeSnapshot(request=1),
        observation.PartTaken(request=1, part=0),
    ]

    def speak() -> list[str]:
        answers = []
        for order in orders:
            for role in (GATEWAY, SUPERVISOR, "runner"):
                sender = f"{role}.{os.getpid()}.00000000"
                say(path, frame(sender, by_hand.encode(order), by_hand.mark), wait_s=2)
                answers.append(say(path, frame(sender, WORDS.encode(order)), wait_s=2).hex())
        return answers

    assert set(as_account(NOBODY, speak)) == {REFUSED}
    first = agent.until(lambda: agent.until_running().scan, "a look")
    agent.until(lambda: (s := agent.until_running().scan) and s.scan > first.scan, "another look")


@pytest.mark.usefixtures("unharmed")
def test_half_a_frame_and_silence_cost_a_place_and_no_service(agent: Agent) -> None:
    """As many as one process may hold, at every socket, the runner's too: clients are served, a reload goes through."""
    held = [socket.socket(socket.AF_UNIX) for _ in range(30 * len(sockets(agent)))]
    try:
        for number, path in enumerate(list(sockets(agent).values()) * 30):
            held[number].settimeout(0.2)
            held[number].connect(str(path))
            held[number].sendall(b"\x00\x10\x00\x00half")
        began = time.monotonic()
        with agent.client() as client:
            assert client.status().state == "running"
            client.reload()
            assert len([*client.processes()]) > 0
        assert time.monotonic() - began < 2
    finally:
        for each in held:
            each.close()
    # the reload is the test's own
    agent.until(lambda: is_whole(agent), "a whole tree")


@pytest.mark.usefixtures("unharmed")
def test_main_listens_to_the_supervisor_alone(agent: Agent) -> None:
    """At the broker's door the account is not enough: it has to be that very process."""
    path = agent.directory / "runtime/broker.sock"

    def knock() -> list[str]:
        answers = []
        for word in (b"control", b"start collector 1 1 supervisor.1.00000000 logger.1.00000000 1", b"\xff" * 300):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
                connection.settimeout(2)
                connection.connect(str(path))
                try:
                    connection.send(word)
                    answers.append(connection.recv(256).hex())
                except OSError:
                    answers.append("")
        return answers

    assert as_account(NOBODY, knock) == ["", "", ""]
    agent.until(lambda: agent.logged("main.refused"), "its line")


def test_refusals_are_told_once_in_a_while(agent: Agent) -> None:
    """After all of this: a line for each kind and process, not one for each attempt."""
    told = [(line["role"], line["message"].split(":")[0]) for line in agent.logged("actors.refused")]
    assert told
    assert len(told) == len(set(told))
    assert len(agent.logged("main.refused")) <= 3


def test_attacks_during_the_start_are_attacks_all_the_same() -> None:
    """Sockets that have just appeared are as closed as old ones."""
    with installed() as agent:
        agent.start()
        actors = agent.directory / "runtime/actors"
        agent.until(actors.exists, "the directory")

        def storm() -> int:
            until, sent = time.monotonic() + SOON_S, 0
            while sent < 60 and time.monotonic() < until:
                for path in list(actors.iterdir()):
                    say(str(path), frame(f"gateway.{os.getpid()}.00000000", b"\x80\x05N."), wait_s=0.05)
                    sent += 1
                pause(0.005)
            return sent

        assert as_account(NOBODY, storm) >= 60
        agent.until_running()
        agent.send(signal.SIGTERM)
        assert agent.wait() == 0

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.actors import gateway
from daemoneye.client import (
    Client,
    NoAnswer,
    NotAllowed,
    NotRunning,
    Refused,
    Rejected,
    Unanswered,
    UnknownChild,
)
from daemoneye.connection import TIMEOUT_S
from daemoneye.errors import Exit, OperatorError
from daemoneye.gateway import desk
from daemoneye.messages.control import ControlChild
from daemoneye.model.agent import (
    Accepted,
    Body,
    ChildAction,
    Envelope,
    Processes,
    Refusal,
    RefusalCode,
    Welcome,
)
from daemoneye.model.lookup import Entries
from daemoneye.model.status import ChildReport, Health, Status
from daemoneye.model.trust import BaselineEntry, Baselines, Trust
from daemoneye.wire.codec import encode
from daemoneye.wire.framing import encode_frame
from tests.fakes.answering_agent import AnsweringAgent
from tests.fakes.doorstep import CHILDREN, COVERAGE
from tests.fakes.journals import World
from tests.fakes.trusting import Integrity, accepting, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WELCOME = Envelope.around(Welcome(version=1, server="fake"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


def frames(*envelopes: Envelope) -> bytes:
    return b"".join(encode_frame(encode(envelope)) for envelope in envelopes)


def answer(body: Body, number: int = 1) -> bytes:
    return frames(WELCOME, Envelope.around(body, number))


@contextmanager
def server_that_says(path: Path, data: bytes, *, close: bool = True) -> Iterator[None]:
    """It listens, sends this whatever it hears, and then closes or falls silent."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        done = threading.Event()

        def serve() -> None:
            connection, _ = door.accept()
            with connection:
                connection.settimeout(10)
                connection.recv(65536)
                connection.sendall(data)
                if close:
                    connection.shutdown(socket.SHUT_WR)
                done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


# -- against the real gateway


def test_what_is_trusted_is_read_as_it_is_asked_for(tmp_path: Path, path: Path) -> None:
    """In frames, of which the caller sees nothing."""
    with closing(Integrity(tmp_path, *(seen(f"/{number:04}" + "x" * 900) for number in range(200)))):
        settings = {"state_dir": str(tmp_path), "max_frame": 64 * 1024}
        with AnsweringAgent(path, settings=settings) as answering, Client(path) as agent:
            found = list(agent.baselines())
            assert answering.house.gateway._reception.admitted == 1
            (one,) = agent.baselines("/0007" + "x" * 900)
    assert [each.path[:5] for each in found] == [f"/{number:04}" for number in range(200)]
    assert one == found[7]


def test_what_is_to_be_trusted_is_so_when_the_call_returns(tmp_path: Path, path: Path) -> None:
    """Of many all or none."""
    Integrity(tmp_path, seen("/known")).close()
    with (
        AnsweringAgent(path, integrity=accepting(tmp_path), settings={"state_dir": str(tmp_path)}),
        Client(path) as agent,
    ):
        many = [Trust(path=f"/{number}", sha256="ab" * 32) for number in range(150)]
        assert agent.trust([Trust(path="/known")]) == "1 program is trusted"
        with pytest.raises(Refused, match="/unknown: no baseline"):
            agent.trust([*many, Trust(path="/unknown")])
        assert len(list(agent.baselines())) == 1
        assert agent.trust(many) == "150 programs are trusted"
        assert {each.source for each in agent.baselines()} == {"operator"}


def test_the_status_is_typed_and_whole(path: Path) -> None:
    """A program reads attributes, not text."""
    with AnsweringAgent(path), Client(path) as agent:
        status = agent.status()
        assert agent.server.startswith("daemoneye ")
    assert (status.state, status.children, status.coverage) == ("degraded", CHILDREN, COVERAGE)


def test_a_hasher_with_nothing_to_do_is_no_reason_to_worry(path: Path) -> None:
    """It is back as soon as there is something to hash."""
    idle = ChildReport(name="hasher_2", state="idle")
    with AnsweringAgent(path, children=(idle,)), Client(path) as agent:
        assert agent.health("hasher_2").children[0].healthy


def test_health_of_one_and_of_all(path: Path) -> None:
    """A monitor can ask about one child."""
    with AnsweringAgent(path), Client(path) as agent:
        assert agent.health() == Health(children=CHILDREN)
        assert [child.healthy for child in agent.health().children] == [True, True, False]
        assert agent.health("collector") == Health(children=CHILDREN[2:])
        with pytest.raises(UnknownChild, match="nobody: no such child: one of supervisor, gateway, collector"):
            agent.health("nobody")
        assert agent.health("gateway").children[0].healthy  # a refusal does not spoil the connection


def test_what_an_operator_wants_is_passed_on_and_confirmed(path: Path) -> None:
    """Each of the three wishes arrives as what it is."""
    with AnsweringAgent(path) as answering, Client(path) as agent:
        assert agent.restart("collector") == "collector: restart"
        assert agent.pause("collector") == "collector: pause"
        assert agent.resume("collector") == "collector: resume"
        assert agent.restart("gateway") == "gateway: restart"
    wishes = [(wish.action, wish.child) for wish in answering.wishes if isinstance(wish, ControlChild)]
    assert wishes == [
        (ChildAction.RESTART, "collector"),
        (ChildAction.PAUSE, "collector"),
        (ChildAction.RESUME, "collector"),
        (ChildAction.RESTART, "gateway"),
    ]


def test_a_refusal_has_a_code_and_a_reason(path: Path) -> None:
    """A program can tell what was refused, and a person why."""
    with AnsweringAgent(path), Client(path) as agent:
        with pytest.raises(Refused, match="gateway: cannot be paused") as caught:
            agent.pause("gateway")
        assert (caught.value.code, caught.value.exit_code) == (RefusalCode.REFUSED, Exit.FINDINGS)
        with pytest.raises(Refused, match="supervisor: nobody's child"):
            agent.restart("supervisor")


def test_a_reload_is_confirmed(path: Path) -> None:
    """What came of it is said."""
    with AnsweringAgent(path), Client(path) as agent:
        assert agent.reload() == "generation 3"


def test_a_rejected_reload_has_every_mistake_on_a_line_of_its_own(path: Path) -> None:
    """And nothing in them acts on a terminal."""
    mistakes = "f:1:1: a: b\n\x1b[2Jf:2:1: c: d"
    with AnsweringAgent(path, rejects=mistakes), Client(path) as agent, pytest.raises(Rejected) as caught:
        agent.reload()
    assert str(caught.value) == "f:1:1: a: b\n\\x1b[2Jf:2:1: c: d"
    assert caught.value.exit_code == Exit.CONFIG


def test_processes_come_in_order_and_completely(path: Path) -> None:
    """The parts are put together again."""
    with AnsweringAgent(path), Client(path) as agent:
        assert [record.pid for record in agent.processes()] == [1, 2, 1001, 1002, 2001, 2002]
        parts = list(agent.process_parts())
    assert [each.coverage for each in parts] == [None, None, COVERAGE]


def test_a_list_that_is_not_read_to_its_end_does_not_disturb_the_next_question(path: Path) -> None:
    """One may stop at the process one was looking for."""
    with AnsweringAgent(path), Client(path) as agent:
        assert next(agent.processes()).pid == 1
        assert agent.status().state == "degraded"


def test_an_agent_whose_supervisor_hangs_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the agent that gives up first, and names the part of it that hangs."""
    assert desk.ANSWER_S + gateway._ROUND_S < TIMEOUT_S
    monkeypatch.setattr(desk, "ANSWER_S", 0.1)
    mute, said = (
        AnsweringAgent(path, mute=True),
        pytest.raises(Unanswered, match="the supervisor did not answer in time"),
    )
    with mute, Client(path) as agent, said as caught:
        agent.status()
    assert caught.value.exit_code == Exit.UNREACHABLE


# -- against nobody, and against worse


def test_no_socket_is_an_agent_that_does_not_run(path: Path) -> None:
    """The usual case has a usual sentence."""
    with pytest.raises(NotRunning, match=r"agent\.sock: no such file or directory: the socket of a running agent"):
        Client(path).connect()


def test_a_socket_that_nobody_listens_at_is_an_agent_that_does_not_run(path: Path) -> None:
    """What a killed agent left behind is not taken for one that hangs."""
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    with pytest.raises(NotRunning, match="connection refused"):
        Client(path).connect()


@pytest.mark.parametrize("name", ["x" * 200, "a\0b"])
def test_a_name_that_no_socket_can_have_is_no_agent(name: str) -> None:
    """A mistake in a path is one line, too."""
    with pytest.raises(NotRunning):
        Client(name).connect()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_an_account_that_may_not_connect_is_told_that_it_may_not(path: Path) -> None:
    """Permission is told from absence."""
    path.parent.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        os.seteuid(65534)
        try:
            with pytest.raises(NotAllowed) as caught:
                Client(path).connect()
        finally:
            os.seteuid(0)
    assert caught.value.exit_code == Exit.NO_PERMISSION


def test_a_connection_that_is_closed_at_once_says_what_may_be_the_reason(path: Path) -> None:
    """Too many clients, or not allowed: the agent does not say which."""
    with server_that_says(path, b""), pytest.raises(NoAnswer, match="closed the connection at once"):
        Client(path).connect()


def test_no_call_outlives_its_patience(path: Path) -> None:
    """A silent agent is given up after the time that the caller chose."""
    with server_that_says(path, frames(WELCOME), close=False), Client(path, timeout_s=0.3) as agent:
        began = time.monotonic()
        with pytest.raises(NoAnswer, match=r"no answer within 0\.3 s"):
            agent.status()
        assert 0.2 < time.monotonic() - began < 3
        with pytest.raises(NoAnswer, match="not connected"):  # the late answer must not become the next one's
            agent.status()


def test_a_backlog_that_is_full_is_waited_for_and_then_given_up(path: Path) -> None:
    """While the gateway restarts, who connects has to wait; not for ever."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(path))
            with pytest.raises(NoAnswer, match=r"no answer within 0\.2 s"):
                Client(path, timeout_s=0.2).connect()


def test_an_agent_that_never_stops_talking_is_given_up(path: Path) -> None:
    """Endless answers to nothing are no answer."""
    stray = frames(Envelope.around(Accepted(text="x" * 1000), 999))
    endless = server_that_says(path, frames(WELCOME) + stray * 500, close=False)
    with endless, Client(path, timeout_s=0.5) as agent, pytest.raises(NoAnswer):
        agent.status()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes(8),
        b"\xff" * 8,
        encode_frame(b"\xff\xff"),
        frames(WELCOME)[:-1],
        frames(Envelope.around(Status(), 0)),
        frames(Envelope.around(Welcome(version=2, server="new"))),
        frames(Envelope.around(Refusal(code=RefusalCode.VERSION, text="\x1b[31mno", versions=(9,)))),
        frames(Envelope.around(Refusal(code=RefusalCode.MALFORMED, text="no"))),
        answer(Status())[:-1],
        answer(Accepted()),
        frames(WELCOME) + encode_frame(b"\x08\x01"),  # the number, and nothing else
        frames(WELCOME) + encode_frame(b"\x08\x01\x82\x04\x02\x0a\x05"),
    ],
)
def test_what_no_agent_says_is_one_line_and_the_end(path: Path, data: bytes) -> None:
    """Whoever took the socket's place cannot crash a client or write on its terminal."""
    with server_that_says(path, data), pytest.raises(OperatorError) as caught, Client(path, timeout_s=5) as agent:
        agent.status()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("number", [1, 2])
def test_a_list_with_a_gap_is_no_list(path: Path, number: int) -> None:
    """Nobody takes half a list for a whole one."""
    parts = frames(Envelope.around(Processes(part=0), 1), Envelope.around(Processes(part=number + 1, last=True), 1))
    with server_that_says(path, frames(WELCOME) + parts), Client(path) as agent, pytest.raises(NoAnswer, match="part"):
        list(agent.processes())


def test_a_list_that_stops_in_the_middle_is_no_list(path: Path) -> None:
    """An agent that goes away within a list is noticed."""
    with server_that_says(path, answer(Processes(part=0))), Client(path) as agent, pytest.raises(NoAnswer):
        list(agent.processes())


@settings(max_examples=60)
@given(data=st.binary(max_size=60), greeted=st.booleans())
def test_any_bytes_are_an_answer_or_a_named_error(data: bytes, greeted: bool) -> None:
    """A hostile server gets nothing out of a client but one line."""
    here, there = socket.socketpair()
    client = Client("nowhere", timeout_s=5)
    client._socket = here
    client.server = "x" if greeted else ""
    with there:
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        with pytest.raises(OperatorError) as caught:
            client.status()
    client.close()
    assert str(caught.value).isprintable()


# -- the record and the metrics


def test_what_was_recorded_is_read_to_its_end(path: Path, tmp_path: Path) -> None:
    """In as many stretches as it takes; conditions are those of the record."""
    world = World(tmp_path)
    world.journal().append([*world.events(300, name="ls", size=500), *world.events(1, name="id"), *world.alerts(2)])
    world.end()
    with AnsweringAgent(path, settings={"state_dir": str(tmp_path), "max_frame": 65536}), Client(path) as client:
        assert [entry.sequence for entry in client.events(name="ls")] == list(range(1, 301))
        assert [entry.name for entry in client.events(name_glob="i*")] == ["id"]
        assert [entry.stream for entry in client.alerts()] == ["alerts", "alerts"]


def test_metrics_are_text(path: Path) -> None:
    """Of the agent that answers."""
    with AnsweringAgent(path), Client(path) as client:
        assert 'daemoneye_state{state="degraded"} 1\n' in client.metrics()


@pytest.mark.parametrize("stuck", [(5, 5), (0,)])
def test_an_agent_that_does_not_get_on_is_left(path: Path, stuck: tuple[int, ...]) -> None:
    """Nobody is kept reading for ever."""
    answers = (Envelope.around(Entries(reached=each, end=9), number) for number, each in enumerate(stuck, start=1))
    saying = server_that_says(path, frames(WELCOME, *answers))
    with saying, Client(path) as client, pytest.raises(NoAnswer, match=r"a stretch that ends at [05], where it began"):
        list(client.events())


@pytest.mark.parametrize("stuck", [(), (BaselineEntry(path="/a"),)], ids=len)
def test_a_list_that_does_not_go_on_is_no_answer(path: Path, stuck: tuple[BaselineEntry, ...]) -> None:
    """A caller is not kept reading the same for ever."""
    answers = (Envelope.around(Baselines(baselines=stuck), number) for number in (1, 2))
    with (
        server_that_says(path, frames(WELCOME, *answers)),
        Client(path) as agent,
        pytest.raises(NoAnswer, match="does not go on"),
    ):
        list(agent.baselines())

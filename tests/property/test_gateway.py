"""Peers that want to hurt the gateway: whatever they send, the next client is served and memory stays bounded."""

from __future__ import annotations

import gc
import os
import resource
import socket
import struct
import tracemalloc
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.gateway.session import FRAME_S, HIGH_WATER, OUTSTANDING, Drop, Session
from daemoneye.messages.control import AskStatus
from daemoneye.model.agent import BODIES, Accepted, Envelope, Hello, StatusRequest, Welcome
from daemoneye.model.status import Status
from daemoneye.model.trust import Trust, TrustRequest
from daemoneye.wire.codec import encode
from daemoneye.wire.framing import encode_frame
from tests.fakes.doorstep import Caller, Doorstep, report
from tests.fakes.nouns import nouns

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = TrustRequest(trusts=(Trust(),) * 9000)
PART = TrustRequest(trusts=(Trust(path="/" + "x" * 16_000),))
MAX_FRAME = 64 * 1024
HELLO = encode_frame(encode(Envelope.around(Hello(versions=(1,)))))
ASK = encode_frame(encode(Envelope.around(StatusRequest(), 1)))
ENVELOPES = st.sampled_from(list(BODIES)).flatmap(nouns).map(lambda body: Envelope.around(body, 1))
FRAMES = st.one_of(
    ENVELOPES.map(encode).filter(bool).map(encode_frame),
    st.binary(min_size=1, max_size=40).map(encode_frame),
    st.binary(max_size=20),
    st.integers(0, 2**32 - 1).map(lambda length: struct.pack("<II", length, 0)),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Doorstep]:
    with Doorstep(tmp_path / "s") as house:
        yield house


def served(house: Doorstep) -> bool:
    """A client that behaves gets its answer."""
    caller = house.call()
    caller.say(StatusRequest(), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    answer = caller.answer()
    caller.close()
    house.turns(2)
    return isinstance(answer, Status)


@settings(max_examples=150)
@given(pieces=st.lists(FRAMES, max_size=12), greeted=st.booleans(), reads=st.lists(st.integers(0, 400), max_size=12))
def test_whatever_comes_a_session_holds_a_bounded_amount(pieces: list[bytes], greeted: bool, reads: list[int]) -> None:
    """No bytes, in no order, crash a session, fill it or get more requests to work than there may be."""
    session = Session(max_frame=MAX_FRAME, server="s", now_s=0.0)
    at_work: set[int] = set()
    for turn, data in enumerate(([HELLO] if greeted else []) + pieces):
        if session.over or not session.wants_input:
            break
        session.receive(data, float(turn))
        at_work |= {envelope.id for envelope in session.requests(8, float(turn))}
        if at_work and turn % 3 == 0:
            session.answer(at_work.pop(), Accepted(text="x"), float(turn))
        for most in reads[turn : turn + 1]:
            if session.outbox:
                session.outbox.sent(min(most, len(session.outbox.first)), float(turn))
        assert len(at_work) <= OUTSTANDING
        assert session.outbox.size < HIGH_WATER + 8 * 400
    session.expire(1e9)
    assert session.over or (session.due_s is None and not session.outbox)


def test_a_connection_that_is_cut_at_any_byte_leaves_nothing_behind(house: Doorstep) -> None:
    """Clients may crash whenever they like."""
    talk = HELLO + ASK
    for end in range(len(talk) + 1):
        caller = house.call(greet=False)
        caller.send(talk[:end])
        caller.close()
        house.turns(2)
    assert len(house.gateway._reception) == 0
    assert len(house.gateway._desk) <= 1  # the question that is on its way
    assert served(house)


ATTACKS = {
    "half a frame": HELLO + ASK[:-1],
    "wrong checksum": HELLO + ASK[:4] + b"\0\0\0\0" + ASK[8:],
    "4 GiB": HELLO + b"\xff" * 8,
    "length 0": HELLO + bytes(8),
    "garbage after the greeting": HELLO + os.urandom(5000),
    "garbage instead of it": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100,
    "ten thousand requests": HELLO + ASK * 10_000,
    "ten thousand greetings": HELLO * 10_000,
    "a frame of a mebibyte": HELLO + encode_frame(b"\x0a" * 2**20),
    "deep nesting": HELLO + encode_frame(b"\x82\x01\x02" * 1300),
    "a request of many parts": HELLO + encode_frame(encode(Envelope.around(MANY, 1))),
    "a list that never ends": HELLO + b"".join(encode_frame(encode(Envelope.around(PART, each))) for each in (1, 2, 3)),
}

ATTACKERS = 4
# whole frames, which are answered, and an answer that the kernel still has room for: as good as an idle client
ENDURED = {"a frame of a mebibyte", "deep nesting", "a request of many parts", "a list that never ends"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attacker_that_never_reads_costs_a_bounded_amount_and_is_gone_in_the_end(
    house: Doorstep, attack: str
) -> None:
    """The service is unharmed, and what the attack has cost is given back."""
    assert served(house)
    gc.collect()
    tracemalloc.start()
    try:
        callers = [house.call(greet=False) for _ in range(ATTACKERS)]
        for caller in callers:
            left = memoryview(ATTACKS[attack])
            while left and (sent := caller.send(bytes(left[:65536]))):
                left = left[sent:]
        most = tracemalloc.get_traced_memory()[1]
        assert most < ATTACKERS * 2 * (2**20 + 3 * 65536)  # a frame, its payload and what was read at once, of each
        assert served(house)
        house.stage.pass_time(FRAME_S + 6)
        assert len(house.gateway._reception) == (ATTACKERS if attack in ENDURED else 0)
        assert all(client.session.outbox.size == 0 for client in house.gateway._reception._clients.values())
    finally:
        tracemalloc.stop()
    assert served(house)


def test_no_descriptor_is_left_after_a_hundred_bad_clients(house: Doorstep) -> None:
    """An agent that runs for months does not run out of descriptors."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(100):
        attack = list(ATTACKS.values())[number % 4]
        caller = house.call(greet=False)
        caller.send(attack)
        caller.close()
        house.turns(3)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert sum(house.gateway._reception.dropped.values()) >= 50


def test_a_thousand_connections_at_once_are_closed_down_to_the_limit(tmp_path: Path) -> None:
    """A crowd gets nobody in who is not let in, and keeps nobody out for longer than it stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    crowd = min(1000, soft // 2 - 100)
    with Doorstep(tmp_path / "s", max_clients=4) as house:
        inside: list[Caller] = []
        for _ in range(crowd):
            inside.append(house.call(greet=False))
            house.turns()
        assert len(house.gateway._reception) == 4
        assert house.gateway._reception.dropped[Drop.CROWD] == crowd - 4
        house.stage.pass_time(10)
        house.turns(3)
        assert served(house)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)


def as_somebody_else(path: str, uid: int, gid: int, groups: list[int]) -> int:
    """Connect as that account, in a process of its own; its pid. It ends when it has read what there is."""
    with warnings.catch_warnings():
        # another test may have left a thread behind; the child only makes system calls and ends
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    code = 2
    try:
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(path)
            connection.sendall(HELLO)
            code = 0 if connection.recv(100) else 1
    except ConnectionError:
        code = 1
    finally:
        os._exit(code)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
@pytest.mark.parametrize(
    ("uid", "gid", "groups", "welcome"),
    [
        (65534, 65534, [], True),  # the agent's own account
        (4242, 4242, [], False),
        (4243, 4242, [], True),  # allow_users
        (4242, 99, [], True),  # allow_groups, by its primary group
        (4242, 4242, [7, 99], True),  # and by a supplementary one
        (4242, 4242, [7], False),
        (99, 4242, [], False),
    ],
)
def test_the_kernel_says_who_knocks_and_only_the_named_get_in(
    tmp_path: Path, uid: int, gid: int, groups: list[int], welcome: bool
) -> None:
    """Whoever gets past the mode of the socket is still asked who it is."""
    with Doorstep(tmp_path / "s", allow_users=("4243",), allow_groups=("99",)) as house:
        for directory in (tmp_path, *tmp_path.parents[:3]):
            directory.chmod(directory.stat().st_mode | 0o711)
        os.chmod(house.path, 0o777)  # noqa: S103, PTH101 - the mode is not what is tested here
        child = as_somebody_else(house.path, uid, gid, groups)
        house.stage.read()
        house.turns(3)
        ended, status = os.waitpid(child, 0) if not welcome else _wait(house, child)
        assert (ended, os.waitstatus_to_exitcode(status)) == (child, 0 if welcome else 1)
        assert house.gateway._reception.dropped == ({} if welcome else {"stranger": 1})


def _wait(house: Doorstep, child: int) -> tuple[int, int]:
    """Let the gateway answer, for as long as the child waits for it."""
    while (outcome := os.waitpid(child, os.WNOHANG)) == (0, 0):
        house.turns()
    return outcome


def test_a_welcome_is_a_welcome(house: Doorstep) -> None:
    """The test above would also hold for a gateway that answers nobody."""
    caller = house.call(greet=False)
    caller.send(HELLO)
    assert isinstance(caller.answer(), Welcome)

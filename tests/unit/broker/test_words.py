"""What main can be told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.broker.words import (
    LONGEST,
    LONGEST_TEXT,
    MAIN,
    NEWCOMER,
    RUNNER,
    SUPERVISOR,
    AskBeat,
    BeatAnswered,
    ControlRequest,
    Escalated,
    Exited,
    Killed,
    NotStarted,
    Reload,
    ReloadAsked,
    Reloaded,
    Reloading,
    Reopen,
    RunnerFailed,
    Side,
    Started,
    StartRequest,
    StateSaid,
    Stop,
    Stopped,
    SupervisorNamed,
    Word,
    format_word,
    parse,
)
from daemoneye.errors import HostileInput
from daemoneye.supervisor.transitions import TreeState

SIDES: dict[str, Side[Any]] = {side.name: side for side in (NEWCOMER, SUPERVISOR, RUNNER, MAIN)}

roles = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)
pids = st.integers(1, 4_194_304)
counts = st.integers(0, 9_999_999_999)
nonces = st.integers(0, 2**32 - 1).map("{:08x}".format)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=LONGEST_TEXT)
states = st.sampled_from(TreeState)
parents = st.builds("supervisor.{}.{}".format, pids, nonces)
loggers = st.builds("{}.{}.{}".format, roles, pids, nonces)

WORDS = {
    "newcomer": st.builds(StartRequest, roles, counts, counts, parents, loggers, pids) | st.just(ControlRequest()),
    "supervisor": st.builds(BeatAnswered, states, st.booleans(), texts)
    | st.builds(StateSaid, states, texts)
    | st.sampled_from([ReloadAsked(), Reloading(), Reloaded(), Escalated(), Stopped()]),
    "runner": st.builds(SupervisorNamed, pids) | st.builds(RunnerFailed, texts),
    "main": st.builds(Started, pids)
    | st.builds(NotStarted, st.sampled_from(["EAGAIN", "ENOMEM", "EMFILE", "EUSERS"]))
    | st.builds(Exited, st.integers(0, 255))
    | st.builds(Killed, st.integers(1, 64))
    | st.sampled_from([AskBeat(), Stop(), Reopen(), Reload()]),
}
said = st.sampled_from(sorted(SIDES)).flatmap(lambda name: st.tuples(st.just(name), WORDS[name]))


@given(said)
def test_what_is_said_is_what_is_understood(spoken: tuple[str, Word]) -> None:
    """No word changes on its way, and every word fits a datagram."""
    side, word = spoken
    datagram = format_word(word)
    assert len(datagram) <= LONGEST
    assert parse(datagram, SIDES[side]) == word


@given(said, st.sampled_from(sorted(SIDES)))
def test_a_word_is_understood_from_its_speaker_only(spoken: tuple[str, Word], other: str) -> None:
    """What the supervisor may say, a newcomer may not: a word of another side is hostile, or another word."""
    side, word = spoken
    try:
        understood = parse(format_word(word), SIDES[other])
    except HostileInput:
        assert side != other
        return
    assert (type(understood) is type(word)) == (side == other)


@given(said, st.data())
def test_a_word_with_anything_changed_is_another_word_or_none(spoken: tuple[str, Word], data: st.DataObject) -> None:
    """One byte more, less or different never means what it did not say."""
    side, word = spoken
    datagram = bytearray(format_word(word))
    place = data.draw(st.integers(0, len(datagram) - 1))
    datagram[place : place + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=2))
    try:
        understood = parse(bytes(datagram), SIDES[side])
    except HostileInput:
        return
    assert format_word(understood) == bytes(datagram)


@given(st.binary(max_size=2 * LONGEST), st.sampled_from(sorted(SIDES)))
def test_junk_is_hostile(junk: bytes, side: str) -> None:
    """Bytes that nobody formatted are refused, and nothing else happens."""
    try:
        understood = parse(junk, SIDES[side])
    except HostileInput:
        return
    assert format_word(understood) == junk


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"start",
        b"control ",
        b"control\n",
        b"CONTROL",
        b"start a 1 1 supervisor.1.0123abcd logger.1.0123abcd 0",  # nobody's pid
        b"start a 01 1 supervisor.1.0123abcd logger.1.0123abcd 1",
        b"start a -1 1 supervisor.1.0123abcd logger.1.0123abcd 1",
        b"start a 1 1 supervisor.1.0123ABCD logger.1.0123abcd 1",
        b"start a 1 1 runner.1.0123abcd logger.1.0123abcd 1",
        b"start ../a 1 1 supervisor.1.0123abcd logger.1.0123abcd 1",
        "start a 1 \u0661 supervisor.1.0123abcd logger.1.0123abcd 1".encode(),  # a digit elsewhere
        b"A" * 10_000_000,
    ],
)
def test_near_misses_are_hostile(datagram: bytes) -> None:
    """The whole datagram has to match, byte for byte; and what is quoted of it in a log is short."""
    with pytest.raises(HostileInput) as refused:
        parse(datagram, NEWCOMER)
    assert len(str(refused.value)) < 100


@given(st.text())
def test_a_status_is_made_printable_before_it_is_said(text: str) -> None:
    """Whatever the text, the word is one, and a terminal can show it."""
    understood = parse(format_word(StateSaid(TreeState.DEGRADED, text)), SUPERVISOR)
    assert isinstance(understood, StateSaid)
    assert (understood.state, len(understood.text)) == (TreeState.DEGRADED, min(len(text), LONGEST_TEXT))
    assert all(" " <= each <= "~" for each in understood.text)


def test_a_request_names_the_process_of_its_parent() -> None:
    """Who asks for a child is compared with the pid in the address."""
    assert StartRequest("a", 1, 1, "supervisor.4711.0123abcd", "logger.1.0123abcd", 1).parent_pid == 4711

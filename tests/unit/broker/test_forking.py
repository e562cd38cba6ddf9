"""How a process of main's begins and ends."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING, NoReturn

import pytest

from daemoneye.broker.forking import LONGEST_LAST_WORDS, Departure, describe, fork, last_words
from daemoneye.broker.signals import CAUGHT, Signals

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gone(BaseException):
    """What ``os._exit`` is in here."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@pytest.fixture
def _mortal(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> NoReturn:
        raise Gone(code)

    monkeypatch.setattr(os, "_exit", leave)


@pytest.fixture
def signals() -> Iterator[Signals]:
    opened = Signals()
    yield opened
    opened.close()


def departs(error: BaseException | None) -> tuple[int, list[str]]:
    said: list[str] = []
    with pytest.raises(Gone) as gone, Departure(said.append):  # noqa: PT012 - it is about what leaves
        if error:
            raise error
    return gone.value.code, said


@pytest.mark.usefixtures("_mortal")
def test_every_way_out_is_an_exit() -> None:
    """A process ends with its life, whatever ends that; a bug is 70 and says where it was."""
    assert departs(None) == (0, [])
    assert departs(SystemExit()) == (0, [])
    assert departs(SystemExit(3)) == (3, [])
    assert departs(SystemExit("because")) == (70, [])
    code, (reason,) = departs(ValueError("two\nlines"))
    assert code == 70
    assert reason.startswith("ValueError: two lines (test_forking.py:")
    assert departs(KeyboardInterrupt())[0] == 70


@pytest.mark.usefixtures("_mortal")
def test_last_words_are_short() -> None:
    """However much an exception has to say, one line is kept, with the place."""
    _, (reason,) = departs(ValueError("x" * 10_000))
    assert len(reason) == LONGEST_LAST_WORDS
    assert "(test_forking.py:" in reason
    assert len(last_words("é\udcff" * 1000)) == LONGEST_LAST_WORDS


@pytest.mark.usefixtures("_mortal")
def test_a_death_that_cannot_be_told_is_a_death_all_the_same() -> None:
    """Nothing brings a process back into main's loop, not even a failure to say why."""

    def fails(_: str) -> None:
        raise OSError

    with pytest.raises(Gone) as gone, Departure(fails):
        raise ValueError
    assert gone.value.code == 70


def test_a_new_process_has_no_hands_on_main(signals: Signals) -> None:
    """It has its own group, default signals, and what it gets is not heard by main."""
    ours, theirs = socket.socketpair()
    left: list[str] = []

    def live() -> None:
        defaults = all(signal.getsignal(each) is signal.SIG_DFL for each in CAUGHT)
        unblocked = not signal.pthread_sigmask(signal.SIG_BLOCK, []) & set(CAUGHT)
        theirs.send(repr((left, defaults, unblocked, os.getpgrp() == os.getpid())).encode())
        os.kill(os.getpid(), signal.SIGTERM)

    pid = fork(signals, lambda: left.append("behind"), live, lambda _: None)
    assert ours.recv(100) == b"(['behind'], True, True, True)"
    assert describe(os.waitpid(pid, 0)[1]) == "killed by SIGTERM"
    assert signal.SIGTERM not in signals.read()
    assert left == []
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, []) & set(CAUGHT)
    ours.close()
    theirs.close()


def test_ends_have_names() -> None:
    """A log says SIGKILL, not 9, and copes with what has no name."""
    assert describe(3 << 8) == "exited with 3"
    assert describe(signal.SIGKILL) == "killed by SIGKILL"
    assert describe(40) == "killed by signal 40"


def test_signals_come_in_order_and_handlers_go_back(signals: Signals) -> None:
    """Two requests to stop are two, and when main is done the signals are as they were."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
        signal.raise_signal(number)
    assert signals.read() == (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM)
    before = signal.getsignal(signal.SIGTERM)
    other = Signals()
    other.close()
    assert signal.getsignal(signal.SIGTERM) is before

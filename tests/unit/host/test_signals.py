"""Signals are for main, from its first line to its last."""

from __future__ import annotations

import os
import signal

from daemoneye.broker.signals import Signals
from daemoneye.host.signals import FOR_MAIN, hold_back, ignore


def test_signals_are_held_back_until_somebody_listens() -> None:
    """And heard then: nothing that came meanwhile is lost, nothing died of it, and at the end they are held again."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        hold_back()
        os.kill(os.getpid(), signal.SIGTERM)
        heard = Signals()
        assert signal.SIGTERM in heard.read()
        heard.close()
        assert set(FOR_MAIN) <= signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_what_is_ignored_is_ignored_by_every_fork() -> None:
    """Whoever signals the whole tree means main."""
    before = {each: signal.getsignal(each) for each in FOR_MAIN}
    try:
        ignore()
        for each in FOR_MAIN:
            os.kill(os.getpid(), each)
        assert {signal.getsignal(each) for each in FOR_MAIN} == {signal.SIG_IGN}
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)

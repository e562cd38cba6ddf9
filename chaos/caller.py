"""Somebody who asks the agent how it is, again and again, on a connection of its own each time.

A process and not a thread: experiments fork.
"""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from chaos.agent import Agent
    from chaos.trial import Trial

_PAUSE_S = 0.02
_CONTEXT = multiprocessing.get_context("fork")


@dataclass(slots=True)
class Calls:
    answered: int = 0
    lost: int = 0
    longest_s: float = 0.0


class Caller:
    """While the block lasts."""

    def __init__(self, agent: Agent) -> None:
        self._here, there = multiprocessing.Pipe()
        self._process = _CONTEXT.Process(target=_call, args=(agent, there), daemon=True)
        self.calls = Calls()

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._here.send("enough")
        self.calls = self._here.recv()
        self._process.join()

    def tell(self, trial: Trial) -> None:
        calls = self.calls
        trial.figures |= {"calls answered": calls.answered, "calls lost": calls.lost}
        trial.figures["longest call, s"] = round(calls.longest_s, 3)


def _call(agent: Agent, asked: Connection) -> None:
    calls = Calls()
    while not asked.poll(_PAUSE_S):
        began = time.monotonic()
        if agent.status():
            calls.answered += 1
        else:
            calls.lost += 1
        calls.longest_s = max(calls.longest_s, time.monotonic() - began)
    asked.send(calls)

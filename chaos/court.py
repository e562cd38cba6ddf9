"""A trial of an agent with a `wrongdoer` in its tree."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.trial import QUIET_S, Trial, on_trial
from chaos.wrongdoer import ORDERS, Wrongdoer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.model.status import ChildReport

_PROGRAM: Final = (sys.executable, "-m", "chaos.faulty")


class Court:
    def __init__(self, trial: Trial, orders: Path) -> None:
        self.trial = trial
        self._orders = orders

    def order(self, fault: str) -> tuple[float, ChildReport]:
        """Seconds until the one who committed it is replaced, and what is known of its end."""
        time.sleep(QUIET_S)
        before = self.trial.agent.child(Wrongdoer.role)
        assert before.pid
        others = {role: pid for role, pid in self.trial.pids().items() if role != Wrongdoer.role}
        self._orders.write_text(f"{fault} {before.generation}", encoding="ascii")
        took_s = self.trial.agent.until_replaced(Wrongdoer.role, before.pid)
        after = self.trial.agent.child(Wrongdoer.role)
        self.trial.claim("one restart for each fault", after.restarts == before.restarts + 1)
        self.trial.claim("the others are untouched", all(self.trial.pid(role) == pid for role, pid in others.items()))
        return took_s, after


@contextmanager
def in_court() -> Iterator[Court]:
    with tempfile.NamedTemporaryFile(prefix="orders-") as file:
        orders = Path(file.name)
        orders.chmod(0o644)  # for the account of the wrongdoer
        with on_trial(program=_PROGRAM, environment={ORDERS: file.name}) as trial:
            yield Court(trial, orders)

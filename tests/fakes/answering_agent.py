"""An agent that answers: the real gateway behind a real socket, in a thread, with a script for the rest of the agent.

For tests of the client and the commands, which wait for answers and can therefore not be on the same stage.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from thespian.actors import WatchMessage

from daemoneye.messages.control import AskReload, AskStatus, ControlChild, Done
from daemoneye.messages.integrity import Accept, Accepted
from daemoneye.messages.observation import PartTaken, TakeSnapshot
from tests.fakes.doorstep import Doorstep, part, report, scanned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PARTS = 3


class AnsweringAgent:
    def __init__(self, path: Path, **changed: Any) -> None:
        """``changed`` is what its status says differently; ``mute`` makes a supervisor that does not answer.

        ``integrity`` is what is done with what is to be trusted; without it there is no such child.
        """
        self._integrity: Callable[[Accept], Accepted] | None = changed.pop("integrity", None)
        self._mute = changed.pop("mute", False)
        self._rejects = changed.pop("rejects", "")
        self._parts = changed.pop("parts", PARTS)
        self.house = Doorstep(path, **changed.pop("settings", {}))
        self._changed = changed
        self._waker, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run)
        self._answered = 0
        self.wishes: list[ControlChild] = []

    def __enter__(self) -> Self:
        stage = self.house.stage
        stage.now_s = time.monotonic()
        stage.introduce("collector")
        stage.deliver(scanned(), "collector")
        if self._integrity:
            stage.introduce("integrity")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waker.close()
        self._thread.join()
        self._woken.close()
        self.house.__exit__()

    def _run(self) -> None:
        stage = self.house.stage
        while True:
            due_s = min((timer.at_s for timer in stage.timers), default=stage.now_s + 10)
            patience_s = max(0.0, due_s - time.monotonic())
            ready, _, _ = select.select([*stage.watched, self._woken.fileno()], [], [], patience_s)
            if self._woken.fileno() in ready:
                return
            if ready:
                stage.deliver(WatchMessage(ready))
            stage.pass_time(time.monotonic() - stage.now_s)
            self._answer()

    def _answer(self) -> None:
        said = self.house.stage.said
        while self._answered < len(said):
            _, message = said[self._answered]
            self._answered += 1
            if not self._mute:
                self._answer_one(message)

    def _answer_one(self, message: Any) -> None:
        deliver = self.house.stage.deliver
        match message:
            case AskStatus():
                deliver(report(message.request, **self._changed))
            case ControlChild():
                self.wishes.append(message)
                ok = message.child != "supervisor"
                text = f"{message.child}: {message.action.label}" if ok else "supervisor: nobody's child"
                deliver(Done(request=message.request, ok=ok, text=text))
            case AskReload():
                deliver(Done(request=message.request, ok=not self._rejects, text=self._rejects or "generation 3"))
            case Accept() if self._integrity:
                deliver(self._integrity(message), "integrity")
            case TakeSnapshot():
                deliver(part(message.request, 0, last=self._parts == 1, count=2), "collector")
            case PartTaken() if message.part + 1 < self._parts:
                following = message.part + 1
                deliver(part(message.request, following, last=following + 1 == self._parts, count=2), "collector")

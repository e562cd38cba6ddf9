"""Reloads, as the supervisor has them: settings by their number, and what came of the last request.

Which of the children takes what in which order is decided in `supervisor/reload.py`; here the numbers are turned into
settings and back, and the result into what `status` shows.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from daemoneye.logs import log
from daemoneye.messages.tree import SettingsRead, SettingsUnreadable
from daemoneye.model.status import ConfigReport, ReloadReport
from daemoneye.settings.changes import changes, with_fixed
from daemoneye.supervisor import reload
from daemoneye.supervisor.effects import WakeMeAt
from daemoneye.supervisor.events import Tick
from daemoneye.tree import Read, present

if TYPE_CHECKING:
    from daemoneye.settings.model import Settings

FIRST: Final = 1


@dataclass(frozen=True, slots=True)
class Finished:
    """It is over; the text is for whoever asked, one line for each mistake or note."""

    ok: bool
    text: str
    requests: tuple[int, ...]


Effect: TypeAlias = reload.Apply | reload.RestartChild | WakeMeAt | Finished


class Reloads:
    def __init__(self, first: Read) -> None:
        self._core = reload.Reload([role.name for role in present(first.settings)], FIRST, self._restarts)
        self._known = {FIRST: first}
        self._notes: dict[int, tuple[str, ...]] = {}
        self._newest = FIRST
        self._unheard: list[int] = []  # requests for which nothing has been read yet
        self._askers: dict[int, list[int]] = {}  # by what was read for them
        self.effects: deque[Effect] = deque()
        self.report = ReloadReport(result="none")

    @property
    def in_force(self) -> Read:
        return self._known[self._core.in_force]

    @property
    def config(self) -> ConfigReport:
        return ConfigReport(
            generation=self._core.in_force,
            sha256=self.in_force.sha256,
            loaded_at_ms=self.in_force.at_ms,
            notes=self._notes.get(self._core.in_force, ()),
        )

    def settings(self, config: int) -> Settings:
        return self._known[config].settings

    def begins(self, child: str) -> tuple[int, Settings]:
        """What a life that begins now is given."""
        config = self._core.begins_with
        self._tell(reload.Began(child, config))
        return config, self.settings(config)

    def ask(self, request: int) -> None:
        """Somebody wants to know what comes of the next reading."""
        self._unheard.append(request)

    def nobody_asks(self) -> None:
        """The gateway is gone, and the numbers of its requests will be those of others."""
        self._unheard.clear()
        self._askers.clear()

    def read(self, message: SettingsRead | SettingsUnreadable) -> None:
        match message:
            case SettingsUnreadable():
                self._end("rejected", message.problems, message.read_ms, self._heard())
            case SettingsRead():
                self._want(message)

    def _heard(self) -> list[int]:
        heard, self._unheard = self._unheard, []
        return heard

    def _want(self, message: SettingsRead) -> None:
        self._newest += 1
        self._askers[self._newest] = self._heard()
        old, new = self.in_force.settings, message.settings
        self._known[self._newest] = Read(settings=with_fixed(old, new), sha256=message.sha256, at_ms=message.read_ms)
        self._notes[self._newest] = changes(old, new).notes
        self._tell(reload.Requested(self._newest))

    def _restarts(self, old: int, new: int) -> frozenset[str]:
        return changes(self.settings(old), self.settings(new)).restarts

    def applied(self, child: str, config: int) -> None:
        self._tell(reload.Applied(child, config))

    def refused(self, child: str, config: int, reason: str) -> None:
        self._tell(reload.Refused(child, config, reason))

    def gone(self, child: str) -> None:
        self._tell(reload.Gone(child))

    def tick(self, at_s: float) -> None:
        self._tell(Tick(at_s))

    def _tell(self, event: reload.Event) -> None:
        for effect in self._core.handle(event, time.monotonic()):
            match effect:
                case reload.InForce(config):
                    notes = "\n".join(self._notes[config])
                    self._end("accepted", notes, self._known[config].at_ms, self._askers.pop(config, []))
                case reload.RolledBack(config, reason):
                    self._end("rolled_back", reason, self._known[config].at_ms, self._askers.pop(config, []))
                case reload.Superseded(config):
                    self._supersede(config)
                case _:
                    self.effects.append(effect)
        if self._core.idle:
            self._forget(*(each for each in self._known if each != self._core.in_force))

    def _supersede(self, config: int) -> None:
        """Whoever asked for it hears what comes of the one that took its place, which is what the files say now."""
        self._askers.setdefault(self._newest, [])[:0] = self._askers.pop(config, [])
        self._forget(config)
        self.effects.append(Finished(ok=False, text="a later request took the place of this one", requests=()))

    def _end(self, result: str, text: str, at_ms: int, requests: list[int]) -> None:
        ok = result == "accepted"
        self.report = ReloadReport(result=result, error=None if ok else text, at_ms=at_ms)
        sentence = "; ".join(text.splitlines()) or None
        log("info" if ok else "error", f"config.{result}", message=sentence, generation=self._core.in_force)
        self.effects.append(Finished(ok=ok, text=text, requests=tuple(requests)))

    def _forget(self, *configs: int) -> None:
        for config in configs:
            del self._known[config]
            self._notes.pop(config, None)

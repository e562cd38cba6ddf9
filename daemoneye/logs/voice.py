"""What is said, and how: loguru makes the record, and every process has one voice.

Main configures it before it forks; each process then becomes somebody. Nothing is masked here. What comes from the host
has passed the collector's redactor before it gets anywhere, settings hold no secrets, and a test reads every call of
``log`` and refuses a field that is called like one.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from loguru import logger

from daemoneye.logs.lines import Entry, Field, Shape, as_json, for_a_person, for_journald, in_color, line
from daemoneye.logs.rates import Limiter
from daemoneye.logs.stream import Stream, is_journald, take_over

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loguru import Message

Level: TypeAlias = Literal["info", "warning", "error", "critical"]

_STDERR: Final = 2


class Voice:
    """Mute until it is configured, so that a library user or a test hears nothing it did not ask for."""

    def __init__(self) -> None:
        self._stream: Stream | None = None
        self._descriptor = _STDERR
        self._shape: Shape = as_json
        self._role = "main"
        self._lost = 0
        self._limiter = Limiter()
        self._monotonic: Callable[[], float] = time.monotonic

    def configure(
        self,
        stream: int = _STDERR,
        *,
        environment: Mapping[str, str] = os.environ,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Once, in main, before anybody else is there."""
        self._shape = shape_for(stream, environment)
        self._descriptor, self._monotonic = stream, monotonic
        take_over(stream)
        self.become("main")
        logger.remove()
        # without a format of its own, a filter by environment variables, or a text about our own mistakes
        logger.add(
            self._hear, format="{message}", level=0, catch=False, colorize=False, backtrace=False, diagnose=False
        )

    def become(self, role: str) -> None:
        """First thing after a fork: what the parent still owes is the parent's to say."""
        self._role, self._lost, self._limiter = role, 0, Limiter()
        self._stream = Stream(self._descriptor)

    def log(self, level: Level, name: str, /, **fields: Field) -> None:
        """Say that this happened; ``message`` is the sentence that a person at a terminal reads.

        Not from a signal handler or a finalizer: loguru does not speak while it speaks.
        """
        now_s = self._monotonic()
        self._settle(now_s)
        if self._limiter.admit(name, now_s):
            self._say(level, name, fields)

    def settle(self) -> None:
        """Say how much was left out, where its minute is over. Each ``log`` does it; who falls silent may do it too."""
        self._settle(self._monotonic())

    def _settle(self, now_s: float) -> None:
        for name, count in self._limiter.owed(now_s):
            sentence = f"{count} more lines of {name} were left out"
            self._say("warning", "log.left_out", {"name": name, "count": count, "message": sentence})

    def _say(self, level: Level, name: str, fields: Mapping[str, Field]) -> None:
        if self._stream:
            logger.bind(fields=fields).log(level.upper(), name)

    def _hear(self, said: Message) -> None:
        record = said.record
        entry = Entry(
            when=record["time"],
            level=record["level"].name.lower(),
            event=record["message"],
            role=self._role,
            pid=record["process"].id,
            fields=record["extra"]["fields"],
        )
        if self._admits_what_was_lost(entry) and self._write(entry):
            return
        self._lost += 1

    def _admits_what_was_lost(self, entry: Entry) -> bool:
        if not self._lost:
            return True
        fields: dict[str, Field] = {"count": self._lost, "message": f"{self._lost} lines were lost: nobody took them"}
        admitted = self._write(replace(entry, level="warning", event="log.lost", fields=fields))
        self._lost *= not admitted
        return admitted

    def _write(self, entry: Entry) -> bool:
        return self._stream is not None and self._stream.write(line(entry, self._shape))


def shape_for(stream: int, environment: Mapping[str, str]) -> Shape:
    if os.isatty(stream):
        plain = environment.get("NO_COLOR") or environment.get("TERM") in {None, "", "dumb"}
        return for_a_person if plain else in_color
    return for_journald if is_journald(stream, environment.get("JOURNAL_STREAM", "")) else as_json


_voice: Final = Voice()
configure: Final = _voice.configure
become: Final = _voice.become
log: Final = _voice.log
settle: Final = _voice.settle

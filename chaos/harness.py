"""What every experiment has: a claim made beforehand, the program it is done to, and a verdict with figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PROGRAM = str(Path(sys.executable).parent / "daemoneye")
_PATIENCE_S = 30.0  # a look that takes longer has failed every hypothesis here


Figure: TypeAlias = float | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    held: bool
    figures: Mapping[str, Figure] = field(default_factory=dict)
    broken: tuple[str, ...] = ()  # what was claimed and did not hold
    skipped: str = ""  # why it could not be run here

    @property
    def word(self) -> str:
        return "skipped" if self.skipped else "held" if self.held else "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Written before it is run, so that the result can disagree."""

    name: str
    steady_state: str
    hypothesis: str
    blast_radius: str
    abort_when: str
    run: Callable[[], Verdict]
    limit_s: float = 60.0  # on an idle machine the longest takes a third of that


class Watch:
    """A running ``daemoneye watch --json``: its documents, look by look."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.documents: list[dict[str, Any]] = []
        self.looks = 0

    def look(self) -> tuple[dict[str, Any], float]:
        """Read on to the end of the next look: its coverage, and how long it was awaited."""
        began = time.monotonic()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            document = json.loads(line)
            self.documents.append(document)
            if "coverage" in document:
                self.looks += 1
                return document["coverage"], time.monotonic() - began
        raise AbortedError("the program ended")

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> float:
        """Seconds until a document says so."""
        began = time.monotonic()
        seen = 0
        while time.monotonic() - began < _PATIENCE_S:
            if any(wanted(document) for document in self.documents[seen:]):
                return time.monotonic() - began
            seen = len(self.documents)
            self.look()
        raise AbortedError("it was never told")

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


class AbortedError(Exception):
    """The abort condition of an experiment came true."""


class SkippedError(Exception):
    """The machine lacks what the experiment takes."""


@contextmanager
def watching(
    interval_s: float = 0.2, *, settings: dict[str, str] | None = None, before: Callable[[], None] | None = None
) -> Iterator[Watch]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DAEMONEYE_")}
    command = [_PROGRAM, "watch", "--json", "--interval", str(interval_s)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        env=environment | (settings or {}),
        preexec_fn=before,  # noqa: PLW1509
    ) as process:
        try:
            yield Watch(process)
        finally:
            process.kill()

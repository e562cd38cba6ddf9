"""What an actor of a test leaves open when its test is over; in the agent its process ends, and all of it with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemoneye.actors.opener import Opener
from daemoneye.actors.recording import Recording
from daemoneye.actors.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _what_is_open_is_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    workers: list[Worker[object]] = []
    recordings: list[Recording] = []
    openers: list[Opener] = []
    note(monkeypatch, Worker, workers)
    note(monkeypatch, Recording, recordings)
    note(monkeypatch, Opener, openers)
    yield
    monkeypatch.undo()
    for opener in openers:
        opener.close()
    if any(worker.busy for worker in workers):
        return  # a thread that a test has hung on purpose
    for worker in workers:
        worker.close()
    for recording in recordings:
        recording.close()


def note(monkeypatch: pytest.MonkeyPatch, kind: type, open_ones: list) -> None:  # type: ignore[type-arg]
    begin, close = kind.__init__, kind.close  # type: ignore[misc,attr-defined]

    def begun(self: object, *arguments: object, **named: object) -> None:
        begin(self, *arguments, **named)
        open_ones.append(self)

    def closed(self: object) -> None:
        close(self)
        if self in open_ones:
            open_ones.remove(self)

    monkeypatch.setattr(kind, "__init__", begun)
    monkeypatch.setattr(kind, "close", closed)

"""What the forwarder is shown of a real journal."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.actors import pulling
from daemoneye.actors.pulling import pulled
from daemoneye.host.clocks import Clocks, wall_ms
from daemoneye.journal.ids import Ids
from daemoneye.journal.journal import Journal
from daemoneye.journal.retention import Limits
from daemoneye.messages.forwarding import LARGEST_ANSWER, MOST_ENTRIES, Pull, Pulled, PullRefused, Stretch
from daemoneye.model.record import Stream
from tests.fakes.fleet import entry

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERTS, EVENTS = Stream.ALERTS, Stream.EVENTS


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    limits = Limits(max_bytes=1 << 26, max_age_ms=10**12)
    journal = Journal(tmp_path, limits, Clocks().now, Ids(wall_ms, secrets.token_bytes))
    journal.append([entry(ALERTS, each) for each in range(1, 6)] + [entry(EVENTS, each) for each in range(1, 31)])
    yield journal
    journal.close()


def pull(alerts: tuple[int, int] = (0, 100), events: tuple[int, int] = (0, 100), **other: bool) -> Pull:
    first, second = (Stretch(after=after, entries=entries) for after, entries in (alerts, events))
    return Pull(request=7, alerts=first, events=second, **other)


def shown(journal: Journal, directory: Path, asked: Pull) -> Pulled:
    answer = pulled(journal, directory, asked)
    assert isinstance(answer, Pulled)
    return answer


def test_it_is_shown_what_follows(journal: Journal, tmp_path: Path) -> None:
    """Of each stream as much as it asked for, and how much there is."""
    answer = shown(journal, tmp_path, pull((3, 9), (10, 5)))
    assert [each.sequence for each in answer.alerts] == [4, 5]
    assert [each.sequence for each in answer.events] == [11, 12, 13, 14, 15]
    assert [each.entry.id for each in answer.alerts] == [entry(ALERTS, 4).id, entry(ALERTS, 5).id]
    assert (answer.request, answer.last_alert, answer.last_event, answer.anchor) == (7, 5, 30, "")
    assert len(answer.chain) == 32


def test_for_nothing_asked_nothing_is_shown(journal: Journal, tmp_path: Path) -> None:
    """Only how far the journal is."""
    answer = shown(journal, tmp_path, pull((0, 0), (0, -1)))
    assert (answer.alerts, answer.events, answer.last_event) == ((), (), 30)


def test_an_answer_is_bounded(journal: Journal, tmp_path: Path) -> None:
    """In entries and in bytes, whatever is asked; one large record is shown by itself."""
    large = json.dumps({"x": "y" * 200_000}).encode()
    journal.append([entry(EVENTS, each, large) for each in range(100, 110)])
    answer = shown(journal, tmp_path, pull(events=(30, 10**9)))
    assert len(answer.events) == -(-LARGEST_ANSWER // len(large))
    journal.append([entry(ALERTS, each, b"{}") for each in range(1000, 1000 + MOST_ENTRIES + 10)])
    assert len(shown(journal, tmp_path, pull(alerts=(5, 10**9))).alerts) == MOST_ENTRIES


def test_an_anchor_is_shown_where_it_is_asked_for(journal: Journal, tmp_path: Path) -> None:
    """The same that `journal head` prints."""
    answer = shown(journal, tmp_path, pull(anchored=True))
    assert json.loads(answer.anchor)["chain"] == answer.chain


def test_events_are_on_the_disk_before_they_are_shown(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut must not take back what a receiver has; alerts are there already."""
    synced: list[Path] = []
    monkeypatch.setattr(pulling, "sync_log", synced.append)
    shown(journal, tmp_path, pull(events=(30, 10)))
    assert synced == []
    shown(journal, tmp_path, pull())
    assert synced == [tmp_path / "daemoneye.db"]


def test_the_log_is_synced_indeed(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the file that has the newest commits."""
    names = []
    real = os.fdatasync

    def fdatasync(descriptor: int) -> None:
        names.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    shown(journal, tmp_path, pull())
    assert names == [str(tmp_path / "daemoneye.db-wal")]


def test_a_disk_that_cannot_promise_shows_nothing(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says why."""

    def broken(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(pulling, "sync_log", broken)
    answer = pulled(journal, tmp_path, pull())
    assert answer == PullRefused(request=7, reason="[Errno 5] Input/output error")


def test_a_journal_that_is_not_to_be_had_refuses(tmp_path: Path) -> None:
    """To be shown nothing would mean that there is nothing."""
    limits = Limits(max_bytes=1 << 26, max_age_ms=10**12)
    journal = Journal(tmp_path / "none", limits, Clocks().now, Ids(wall_ms, secrets.token_bytes))
    assert isinstance(pulled(journal, tmp_path, pull()), PullRefused)
    journal.close()


def test_a_journal_that_began_anew_in_between_refuses(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read may be half of one and half of the other."""
    real = Journal.after

    def after(self: Journal, *given: Any) -> Any:
        found = real(self, *given)
        (tmp_path / "daemoneye.db").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Journal, "after", after)
    answer = pulled(journal, tmp_path, pull())
    assert answer == PullRefused(request=7, reason="the journal had to begin anew")


def test_to_look_is_not_to_give_up_the_file(journal: Journal, tmp_path: Path) -> None:
    """A file that is opened and closed beside SQLite takes its locks away, and the next visitor removes the log."""
    shown(journal, tmp_path, pull(anchored=True))
    visit = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM entries'); c.close()"
    subprocess.run([sys.executable, "-c", visit, str(tmp_path / "daemoneye.db")], check=True)
    assert (tmp_path / "daemoneye.db-wal").exists()

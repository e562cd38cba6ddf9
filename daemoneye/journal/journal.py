"""The journal as its actor has it: entries in, receipts out, whatever the disk does.

Everything goes through the waiting room. ``append`` and ``flush`` return an answer for each entry that is settled: a
receipt (it is on disk, tell its sender) or a refusal. An entry without an answer waits, and is answered by a later
call. ``condition`` is ``None`` or says what is wrong; to try again is to call ``flush``. Anything that went wrong
closes the file, and the next attempt begins with opening it, so that there is one way back and it is always the same.

The sender of an entry keeps it until it has a receipt and sends it again after a restart of either side; an id that is
known gets the receipt it had.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Final

from daemoneye.errors import HostileInput
from daemoneye.host.keys import read_or_create_key
from daemoneye.journal.aside import set_aside
from daemoneye.journal.entry import Entry, Severity, Stream, canonical
from daemoneye.journal.query import Query
from daemoneye.journal.query import answers as found_by
from daemoneye.journal.retention import TOMBSTONE
from daemoneye.journal.schema import FILE_NAME
from daemoneye.journal.seal import SealFile
from daemoneye.journal.statement import Predecessor, Signer
from daemoneye.journal.store import LARGEST_BATCH, Answer, Store
from daemoneye.journal.trouble import PASSING, CannotContinue, Degraded, Ended, Trouble, degraded_by, is_beyond_use
from daemoneye.journal.waiting import DROPPED, WaitingRoom, dropped_as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from daemoneye.journal.entry import Moment
    from daemoneye.journal.pruning import Step
    from daemoneye.journal.query import Recorded
    from daemoneye.journal.retention import Limits
    from daemoneye.journal.store import Standing

KEY_NAME: Final = "journal.key"
SEAL_NAME: Final = "journal.seal"
CHAIN_BEGAN: Final = "journal.chain_began"
_FILES_TRIED: Final = 2  # the present one and a new one; a third would only fill the disk


class Journal:
    """The single writer. Opening happens at the first use, and again after every trouble."""

    def __init__(
        self,
        directory: Path,
        limits: Limits,
        now: Callable[[], Moment],
        new_id: Callable[[], str],
        progress: Callable[[], None] | None = None,
    ) -> None:
        """``progress`` is called again and again while something takes long, and gets on."""
        self._directory = directory
        self._progress = progress
        self._path = directory / FILE_NAME
        self._limits = limits
        self._now = now
        self._new_id = new_id
        self._store: Store | None = None
        self._seal: SealFile | None = None
        self._ended: Predecessor | None = None
        self._notices: list[Entry] = []  # the journal's own, which come first and are never dropped
        self.waiting = WaitingRoom(limits.waiting_entries, limits.waiting_bytes)
        self.condition: Degraded | None = None
        self.pruned = 0
        self.put_away: Predecessor | None = None  # the last file that could not be continued

    def append(self, entries: Iterable[Entry]) -> list[Answer]:
        for entry in entries:
            self.waiting.add(entry)
        return self.flush()

    def flush(self) -> list[Answer]:
        """Write what waits."""
        answers: list[Answer] = []
        self._attempt(lambda: self._drain(answers))
        return answers

    def checkpoint(self) -> None:
        """Sign what is new and let go what is too old: on a timer, and whenever an anchor is wanted."""
        self._attempt(self._checkpoint)

    def limit(self, limits: Limits) -> None:
        """Have other limits, from the next attempt on."""
        self._limits = limits
        self._close_store()

    def after(self, stream: Stream, sequence: int, most: int) -> list[Recorded]:
        """Read on from there, for whoever passes entries on; nothing while the file is not to be had."""
        found: list[Recorded] = []
        query = Query(stream=stream, after=sequence)
        self._look(lambda: found.extend(islice(found_by(self._opened().ask, query), most)))
        return found

    @property
    def standing(self) -> Standing | None:
        """How far it has come; ``None`` while the file is not to be had."""
        found: list[Standing] = []
        self._look(lambda: found.append(self._opened().standing))
        return found[0] if found else None

    def _look(self, work: Callable[[], None]) -> None:
        """That something can be read does not mean that it can be written again."""
        if self.condition is None:
            self._attempt(work)

    def close(self) -> None:
        """Write and sign what can be; what still waits afterwards is with its senders."""
        self.flush()
        if self.condition is None:
            self.checkpoint()
        self._close_store()
        self._close_seal()

    def _attempt(self, work: Callable[[], None]) -> None:
        """Do it; on a new file, if the present one turns out to be beyond use."""
        for _ in range(_FILES_TRIED):
            try:
                work()
            except (*PASSING, CannotContinue, HostileInput) as error:
                if not self._recover(error):
                    return
            else:
                self.condition = None
                return
        self.condition = Degraded(Trouble.IO_ERROR, "every new file was damaged at once")

    def _drain(self, answers: list[Answer]) -> None:
        store = self._opened()
        self._write_notices(store)
        while batch := self.waiting.batch(LARGEST_BATCH, store.batch_bytes):
            answers += store.append(batch)
            self.waiting.remove(batch)
            if store.unsigned >= self._limits.checkpoint_every:
                store.checkpoint(self._now().wall_ms)
            self.pruned += store.keep_within(self._tombstone)

    def _checkpoint(self) -> None:
        store, now_ms = self._opened(), self._now().wall_ms
        self._write_notices(store)
        self.pruned += store.keep_within(self._tombstone, now_ms)
        store.checkpoint(now_ms)

    def _opened(self) -> Store:
        if self._store is not None and not self._store.is_in_place():
            self._close_store()
        if self._store is None:
            identity = Signer(read_or_create_key(self._directory / KEY_NAME))
            self._seal = self._seal or SealFile(self._directory / SEAL_NAME)
            self._store = Store(self._path, self._limits, identity, self._seal, self._now().wall_ms, self._ended)
            self._store.call_while_busy(self._progress)
            self._ended = None
            if before := self._store.began_after:
                self._notices.append(self._own(CHAIN_BEGAN, Severity.HIGH, canonical(asdict(before))))
        return self._store

    def _write_notices(self, store: Store) -> None:
        dropped = self.waiting.dropped
        if dropped and not self._notices:  # one at a time: while the disk is full this is tried again and again
            self._notices.append(self._own(DROPPED, Severity.HIGH, dropped_as_json(dropped)))
            dropped.clear()
        if self._notices:
            store.append(self._notices)
            self._notices.clear()

    def _tombstone(self, step: Step) -> Entry:
        return self._own(TOMBSTONE, step.lane.severity, step.tombstone)  # as important as what it tells of

    def _own(self, kind: str, severity: int, body: bytes) -> Entry:
        """Speak for ourselves: as an event, because a line among the alerts is somebody's reason to act."""
        return Entry(
            id=self._new_id(),
            stream=Stream.EVENTS,
            severity=Severity(severity),
            kind=kind,
            occurred=self._now(),
            body=body,
        )

    def _recover(self, error: Exception) -> bool:
        """Tell whether a new file can be tried at once."""
        self._close_store()
        try:
            if end := _end_of(error):
                self._put_away(end)
                return True
            self.condition = degraded_by(error)
        except OSError as failure:
            self.condition = degraded_by(failure)
        self._close_seal()
        return False

    def _put_away(self, end: CannotContinue) -> None:
        epoch = self._seal.epoch if self._seal else None
        known = epoch if epoch and epoch.began_a_chain else end
        name = set_aside(self._path, end.why, self._now().wall_ms).name
        self._ended = Predecessor(chain=known.chain, statement=known.statement, reason=end.why, file=name)
        self.put_away = self._ended

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _close_seal(self) -> None:
        if self._seal is not None:
            self._seal.close()
            self._seal = None


def _end_of(error: Exception) -> CannotContinue | None:
    if isinstance(error, CannotContinue):
        return error
    # a statement or a tombstone that is none: nobody else writes them
    damaged = isinstance(error, HostileInput) or (isinstance(error, sqlite3.Error) and is_beyond_use(error))
    return CannotContinue(Ended.CORRUPT) if damaged else None

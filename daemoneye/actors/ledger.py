"""What integrity has found: written, then told, then crossed out.

An alert and all that keeps it from being raised twice are written in one go, before the journal hears of it; it is
crossed out when the journal has it. Whoever is killed in between finds it here, and says it again under its id. Where
nothing can be written alerts go out all the same, and what has changed is written when it can be.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.errors import HostileInput
from daemoneye.integrity.kept import Saved
from daemoneye.logs import log
from daemoneye.messages.record import RECORD_TYPES
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry
from daemoneye.outputs import recorded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.actors.custody import Custody
    from daemoneye.host.baseline_store import BaselineStore
    from daemoneye.integrity.kept import Kept
    from daemoneye.integrity.tracker import Tracker
    from daemoneye.messages.record import Kept as Acknowledged
    from daemoneye.model.alert import Alert, Shortfall

_WORDS: Final = Vocabulary(RECORD_TYPES)


class Ledger:
    def __init__(self, store: BaselineStore, custody: Custody) -> None:
        self._store = store
        self._custody = custody
        self._on_their_way: dict[str, Entry] = {}  # to the journal
        self._unwritten: set[str] = set()  # of these
        self._unsaid: list[Entry] = []
        self._done: set[str] = set()  # to be crossed out
        self._standing: tuple[Shortfall, ...] = ()  # as it was last written
        self._trouble = self._put_aside = ""  # as it was last logged
        self.recorded: Counter[tuple[str, str]] = Counter()  # by rule and severity, since the start

    def load(self) -> Kept:
        kept = self._store.load()
        self._standing = kept.shortfalls
        self._tell()
        return kept

    def resume(self, tracker: Tracker) -> None:
        """Say again what may not have been heard; it keeps its id, so that it is recorded once."""
        for alert_id, body in self._store.on_their_way():
            if alert_id in self._on_their_way or alert_id in self._done:
                continue
            entry = _decoded(body)
            if entry is None:
                log("error", "integrity.unreadable", id=alert_id)
                self._settle(tracker, alert_id)
            else:
                self._on_their_way[alert_id] = entry
                self._hand_over(tracker, entry)

    def add(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            # one line for a person who reads the journal of the init system
            log("warning" if alert.severity >= Severity.MEDIUM else "info", "integrity.alert", id=alert.id,
                rule=alert.rule.value, severity=alert.severity.word, message=alert.message,
                process_pid=alert.process.pid if alert.process else None,
                path=alert.evidence.path if alert.evidence else None)  # fmt: skip
            entry = recorded.of_alert(alert)
            self._on_their_way[alert.id] = entry
            self._unwritten.add(alert.id)
            self._unsaid.append(entry)

    def save(self, tracker: Tracker, *, insist: bool = False) -> bool:
        """Write what has changed, all or nothing, and hand over what is new.

        In time of trouble it is only tried for a new alert, and by whoever insists.
        """
        saved = self._save(tracker) if self._unsaid or insist or not self._store.trouble else False
        self._tell()
        for entry in self._unsaid:
            self._hand_over(tracker, entry)
        self._unsaid.clear()
        return saved

    def acknowledged(self, message: Acknowledged, tracker: Tracker, now_ms: int) -> None:
        if message.refused:
            log("error", "integrity.refused", count=len(message.refused), first=message.refused[0])
        settled = self._custody.kept(message)
        if settled is None:
            return
        for alert_id in settled.recorded:
            if entry := self._on_their_way.get(alert_id):
                self.recorded[entry.kind, Severity(entry.severity).word] += 1
                tracker.committed(alert_id, now_ms)
                self._cross_out(alert_id)
        for alert_id in settled.refused:
            self._settle(tracker, alert_id)

    def close(self, tracker: Tracker) -> None:
        self._save(tracker)
        self._store.close()

    @property
    def trouble(self) -> str:
        return self._store.trouble or self._store.put_aside

    def _save(self, tracker: Tracker) -> bool:
        changes = tracker.pending()
        same = changes.shortfalls == self._standing and not changes.count
        if same and not self._unwritten and not self._done and not self._store.trouble:
            return True
        was_in_trouble = bool(self._store.trouble)
        saved = self._store.save(changes, sent=self._bytes(self._unwritten), done=self._done)
        if saved is Saved.STARTED_OVER:
            changes = tracker.everything()
            self._unwritten = set(self._on_their_way)
            saved = self._store.save(changes, sent=self._bytes(self._unwritten))
        if saved is not Saved.WRITTEN:
            return False
        tracker.written()
        self._standing = changes.shortfalls
        self._unwritten.clear()
        self._done.clear()
        if was_in_trouble:
            self.resume(tracker)  # of what could not be read before
        return True

    def _bytes(self, alert_ids: Iterable[str]) -> list[tuple[str, bytes]]:
        return [(each, _WORDS.encode(entry)) for each, entry in self._on_their_way.items() if each in alert_ids]

    def _hand_over(self, tracker: Tracker, entry: Entry) -> None:
        for alert_id in self._custody.take(entry):  # it says itself that there was no room
            self._settle(tracker, alert_id)

    def _settle(self, tracker: Tracker, alert_id: str) -> None:
        """It will never be on record: the next like it is said."""
        tracker.refused(alert_id)
        self._cross_out(alert_id)

    def _cross_out(self, alert_id: str) -> None:
        self._on_their_way.pop(alert_id, None)
        if alert_id in self._unwritten:
            self._unwritten.discard(alert_id)
        else:
            self._done.add(alert_id)

    def _tell(self) -> None:
        trouble, put_aside = self._store.trouble, self._store.put_aside
        if put_aside and put_aside != self._put_aside:
            log("error", "integrity.began_anew", because=put_aside)
        if trouble and not self._trouble:
            log("error", "integrity.cannot_save", because=trouble)
        elif self._trouble and not trouble:
            log("info", "integrity.saves_again")
        self._trouble, self._put_aside = trouble, put_aside


def _decoded(body: bytes) -> Entry | None:
    """Read what was written; by another release, perhaps, whose entries were others."""
    try:
        entry = _WORDS.decode(body)
    except HostileInput:
        return None
    return entry if isinstance(entry, Entry) else None

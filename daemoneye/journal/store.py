"""The file, while it is well: every method is one transaction, and raises whatever SQLite raises.

What it remembers between calls is the heads of the lanes, and those change only after a commit. Whoever gets an
exception drops the store and opens another: the file knows the truth.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from daemoneye.journal import rows
from daemoneye.journal.chain import SEQUENCE_MASK, STREAM_SHIFT, Chain, Fields, content, filled, last_sequence
from daemoneye.journal.continuity import statement_to_continue, write_statement
from daemoneye.journal.entry import Entry, Stream, Why, fault
from daemoneye.journal.pruning import Pruning
from daemoneye.journal.schema import open_for_writing, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from daemoneye.journal.pruning import Step
    from daemoneye.journal.retention import Limits
    from daemoneye.journal.seal import SealFile
    from daemoneye.journal.statement import Predecessor, Signer

_LONGEST_LOG: Final = 16 << 20  # bytes; [measured] a shorter one is emptied so often that writing slows down
# Of the log, the part that one transaction may fill: the indexes write about as much again.
_SHARE_OF_LOG: Final = 8
_INSTRUCTIONS: Final = 100_000  # of SQLite's machine: some milliseconds
LARGEST_BATCH: Final = 4096  # entries; beyond it a larger transaction gains nothing [measured]


@dataclass(frozen=True, slots=True)
class Receipt:
    """It is on disk. ``repeated``: it was before."""

    id: str
    stream: Stream
    sequence: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    id: str
    why: Why


Answer: TypeAlias = Receipt | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the journal has come."""

    chain: str
    last: dict[Stream, int]  # the newest sequence
    kept: dict[Stream, int]  # how many entries are there
    disk_bytes: int


class Store:
    def __init__(
        self,
        path: Path,
        limits: Limits,
        identity: Signer,
        seal: SealFile,
        made_ms: int,
        ended: Predecessor | None = None,
    ) -> None:
        """Open the file, or make it; raise ``CannotContinue`` if it is not the one that was written last."""
        self._path = path
        self._identity = identity
        self._seal = seal
        self.log_bytes = min(_LONGEST_LOG, limits.max_bytes // 4)
        self._connection = open_for_writing(path, self.log_bytes, limits.max_bytes)
        with ExitStack() as undo:
            undo.callback(self._connection.close)
            self._file = _identity_of(path)
            self._statement, self._digest = statement_to_continue(self._connection, identity, seal, made_ms, ended)
            self._chain = Chain(rows.heads(self._connection, self._statement.chain))
            undo.pop_all()
        began = not self._statement.previous and not self.unsigned
        self.began_after = self._statement.predecessor if began else None
        self._pruning = Pruning(self._connection, path, limits, self.log_bytes)

    @property
    def chain(self) -> str:
        return self._statement.chain

    @property
    def batch_bytes(self) -> int:
        return self.log_bytes // _SHARE_OF_LOG

    @property
    def unsigned(self) -> int:
        """How many entries no checkpoint covers yet."""
        stated = sum(head.ordinal for head in self._statement.heads.values())
        return sum(head.ordinal for head in self._chain.heads.values()) - stated

    @property
    def standing(self) -> Standing:
        begins = rows.beginnings(self._connection, self.chain)
        last = {stream: last_sequence(self._chain.heads, stream) for stream in Stream}
        return Standing(
            chain=self.chain,
            last=last,
            kept={stream: last[stream] - last_sequence(begins, stream) for stream in Stream},
            disk_bytes=self._pruning.disk_bytes,
        )

    def ask(self, question: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return self._connection.execute(question, values).fetchall()

    def call_while_busy(self, progress: Callable[[], None] | None) -> None:
        self._connection.set_progress_handler(progress, _INSTRUCTIONS)

    def is_in_place(self) -> bool:
        """Tell whether the path still leads to the open file: writing into a deleted one would succeed, for nothing."""
        try:
            return _identity_of(self._path) == self._file
        except FileNotFoundError:
            return False

    def append(self, entries: Sequence[Entry]) -> list[Answer]:
        """Write all in one transaction. With an alert among them it is on the platter, else with the kernel."""
        durable = any(entry.stream is Stream.ALERTS for entry in entries)
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        with transaction(self._connection):
            batch = _Batch(self._chain, rows.with_ids(self._connection, list(_ids(entries))))
            answers = [batch.take(entry) for entry in entries]
            rows.insert(self._connection, batch.rows)
        self._chain = batch.chain
        return answers

    def checkpoint(self, made_ms: int) -> None:
        """Sign what has been added, if anything has."""
        if not self.unsigned:
            return
        draft = replace(
            self._statement, made_ms=made_ms, previous=self._digest, heads=filled(self._chain.heads), predecessor=None
        )
        self._statement, self._digest = write_statement(self._connection, draft, self._identity, self._seal)

    def keep_within(self, tombstone: Callable[[Step], Entry], now_ms: int | None = None) -> int:
        """Give up what the limits do not allow, by age only if the time is told; return how many entries went."""
        count = 0
        while (step := self._pruning.next_step(self._chain.heads, now_ms)) is not None:
            with transaction(self._connection):
                chain = Chain(self._chain.heads)
                rows.insert(self._connection, [chain.extend(tombstone(step))])
                self._pruning.carry_out(step)
            self._chain = chain
            count += step.size
        if count:
            self._pruning.shrink()
        self._pruning.empty_log()
        return count

    def close(self) -> None:
        self._connection.close()


class _Batch:
    """Entries becoming rows, on a copy of the heads: if the transaction fails, nothing has happened."""

    def __init__(self, chain: Chain, known: dict[bytes, Fields]) -> None:
        self.chain = Chain(chain.heads)
        self.rows: list[tuple[Fields, bytes]] = []
        self._known = known

    def take(self, entry: Entry) -> Answer:
        if why := fault(entry):
            return Refusal(entry.id, why)
        if before := self._known.get(bytes.fromhex(entry.id.replace("-", ""))):
            return _repeated(entry, before)
        fields, digest = self.chain.extend(entry)
        self.rows.append((fields, digest))
        self._known[fields[3]] = fields
        return Receipt(entry.id, entry.stream, fields[0] & SEQUENCE_MASK)


def _repeated(entry: Entry, before: Fields) -> Answer:
    known = (before[0] >> STREAM_SHIFT, before[1], *before[3:])  # without the number in the lane, which is ours
    if known != (entry.stream, entry.severity, *content(entry)):
        return Refusal(entry.id, Why.OTHER_CONTENT)
    return Receipt(entry.id, entry.stream, before[0] & SEQUENCE_MASK, repeated=True)


def _ids(entries: Iterable[Entry]) -> Iterable[bytes]:
    for entry in entries:
        try:
            yield bytes.fromhex(entry.id.replace("-", ""))
        except ValueError:
            continue  # it will be refused


def _identity_of(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino

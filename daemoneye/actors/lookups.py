"""Looking for clients at what is on the disk: one question after the other, in a thread beside the actor.

The journal and the baselines are read where they lie, by a process that cannot write to them, while others write: of
the journal SQLite needs no more than to read its three files [measured: under Landlock without any right to write,
beside a living writer and after a killed one]; what was cut off in the baselines, their writer puts right when it is
back. A disk may take as long as it likes; heartbeats do not wait for it, and the writers neither.
"""

from __future__ import annotations

from collections import deque
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.actors.worker import Worker
from daemoneye.errors import HostileInput, OperatorError
from daemoneye.host import baseline_reading
from daemoneye.journal import schema
from daemoneye.journal.reading import Reader
from daemoneye.journal.stretch import stretch
from daemoneye.model.agent import Refusal, RefusalCode
from daemoneye.model.trust import BaselinesRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemoneye.gateway.lists import Asker
    from daemoneye.model.agent import Answer
    from daemoneye.model.lookup import EntriesRequest

# A stretch takes a tenth of a second. Clients of ours wait five, and are to hear that it is the disk that hangs.
_ANSWER_S: Final = 4.0
_AROUND: Final = 64  # bytes of the frame around the entries: three numbers, and what an envelope is made of


class Wanted(NamedTuple):
    asker: Asker
    job: Callable[[], Answer]
    asked_s: float


class Lookups:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._worker: Worker[Answer] = Worker("lookup")
        self._wanted: deque[Wanted] = deque()  # one of each client
        self._at_work: Asker | None = None  # None: nobody, or nobody who still waits

    def __len__(self) -> int:
        return len(self._wanted) + (self._at_work is not None)

    def of(self, client: int) -> bool:
        askers = (self._at_work, *(each.asker for each in self._wanted))
        return any(asker is not None and asker.client == client for asker in askers)

    def want(self, asker: Asker, request: EntriesRequest | BaselinesRequest, largest: int, now_s: float) -> None:
        job = partial(look_up, self._directory, request, largest - _AROUND)
        self._wanted.append(Wanted(asker, job, now_s))
        self._begin()

    def _begin(self) -> None:
        if self._wanted and not self._worker.busy:
            self._at_work, job, self._since_s = self._wanted.popleft()
            self._worker.start(job)

    def collect(self) -> tuple[Asker, Answer] | None:
        """What came of the one at work; then it is the next one's turn."""
        answer = self._worker.collect()
        if answer is None:
            return None
        asker, self._at_work = self._at_work, None
        self._begin()
        return (asker, answer) if asker else None

    def forget(self, client: int) -> None:
        if self._at_work is not None and self._at_work.client == client:
            self._at_work = None
        self._wanted = deque(each for each in self._wanted if each.asker.client != client)

    def expired(self, now_s: float) -> list[Asker]:
        """Those whose patience has ended: the disk does not answer."""
        late = [each.asker for each in self._wanted if now_s >= each.asked_s + _ANSWER_S]
        self._wanted = deque(each for each in self._wanted if each.asker not in late)
        if self._at_work is not None and now_s >= self._since_s + _ANSWER_S:
            late.append(self._at_work)
            self._at_work = None
        return late

    def clear(self) -> list[Asker]:
        left = [*([self._at_work] if self._at_work else []), *(each.asker for each in self._wanted)]
        self._wanted.clear()
        self._at_work = None
        return left

    def fileno(self) -> int:
        return self._worker.descriptor

    def close(self) -> None:
        if not self._worker.busy:  # otherwise it ends with the process
            self._worker.close()


def look_up(directory: Path, request: EntriesRequest | BaselinesRequest, most_bytes: int) -> Answer:
    """Opened for this one: between two questions nothing is held, and a new file is noticed."""
    try:
        if isinstance(request, BaselinesRequest):
            return baseline_reading.stretch(directory, request, most_bytes)
        with closing(Reader(directory / schema.FILE_NAME)) as reader:
            return stretch(reader, request, most_bytes)
    except HostileInput as error:
        return Refusal(code=RefusalCode.MALFORMED, text=str(error))
    except OperatorError as error:
        return Refusal(code=RefusalCode.UNAVAILABLE, text=str(error))

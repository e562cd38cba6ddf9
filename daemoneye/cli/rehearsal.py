"""Trying the alarm on a running agent: a program is exchanged on disk while it runs, and the alert is waited for.

Every question is asked on a connection of its own, and one that is not answered is asked again: the agent may restart a
part of itself meanwhile and must raise the alarm all the same.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from daemoneye.errors import OperatorError
from daemoneye.host.decoy import decoy
from daemoneye.journal.stretch import NEWEST
from daemoneye.model.alert import Rule
from daemoneye.model.lookup import EntriesRequest, following
from daemoneye.model.process import HashStatus, OnDisk, Unread
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from daemoneye.client import Client
    from daemoneye.host.decoy import Decoy
    from daemoneye.model.lookup import RecordedEntry
    from daemoneye.model.process import ProcessRecord

T = TypeVar("T")

RULE: Final = Rule.DISK_MISMATCH
_POLL_S: Final = 0.2  # the shortest scan.interval: nothing new is to be seen more often
_ANSWER_S: Final = 5.0  # longer than the agent waits for any part of itself; then it is asked anew
_LEAST_S: Final = 0.1  # for the last answer, where there is hardly any time left
# There will be no digest, and an alert without: the settings or the place want it so.
_NEVER: Final = frozenset(
    {HashStatus.DISABLED, HashStatus.TOO_LARGE, HashStatus.NOT_REGULAR, HashStatus.REMOTE_FILESYSTEM}
)


class Step(NamedTuple):
    """One that is done."""

    name: str
    said: str
    seconds: float


class StepFailed(Exception):  # noqa: N818 - it is what a rehearsal is for
    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step
        self.why = why


class _NotYet(Exception):  # noqa: N818
    """Ask again."""


class Rehearsal:
    """Found out on the way: ``program``, ``alert``."""

    def __init__(
        self,
        agent: Callable[[float], Client],
        timeout_s: float,
        *,
        program: Callable[[], AbstractContextManager[Decoy]] = decoy,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._agent, self._make = agent, program
        self._clock, self._pause = clock, pause
        self._began = clock()
        self._deadline = self._began + timeout_s
        self.program: Decoy | None = None
        self.alert: RecordedEntry | None = None

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    def steps(self) -> Generator[Step]:
        """Each when it is done; an ``OperatorError`` if there is nobody to rehearse with, or nowhere to do it."""
        began = self._clock()

        def done(name: str, said: str) -> Step:
            nonlocal began
            before, began = began, self._clock()
            return Step(name, said, began - before)

        with self._agent(_ANSWER_S) as client:
            status = client.status()
        yield done("agent", printable(f"daemoneye {status.version}, {status.state}, pid {status.pid}"))
        with self._make() as program:
            self.program = program
            yield done("program", f"pid {program.pid} runs {printable(str(program.path))}")
            record = self._until("seen", lambda client: _seen(client, program))
            yield done("seen", _known(record))
            after = self._until("record", _newest_alert)
            program.exchange()
            yield done("exchanged", "another file has its place on disk")
            self.alert = self._until("alert", lambda client: _alert(client, record.pid, after))
            yield done("alert", f"{RULE} is on record")

    def _until(self, step: str, wanted: Callable[[Client], T]) -> T:
        while True:
            began = self._clock()
            try:
                with self._agent(max(_LEAST_S, min(_ANSWER_S, self._deadline - began))) as client:
                    return wanted(client)
            except (_NotYet, OperatorError) as error:
                why = str(error)
            if self.program and self.program.exit_code is not None:
                raise StepFailed(step, f"the program ended by itself, with exit code {self.program.exit_code}")
            now = self._clock()
            if now >= self._deadline:
                raise StepFailed(step, f"not within {now - self._began:.0f} s: {why}")
            # a list of ten thousand takes a second: the agent is not kept busier than half of the time
            self._pause(max(_POLL_S, now - began))


def _seen(client: Client, program: Decoy) -> ProcessRecord:
    record = next((each for each in client.processes() if _is_it(each, program)), None)
    if record is None:
        raise _NotYet(f"the agent does not list pid {program.pid}")
    if record.executable_path is None:
        raise StepFailed("seen", "the agent may not look at processes of this account")
    if not record.executable_hash and record.hash_status not in _NEVER:
        raise _NotYet(f"the agent has no digest of pid {record.pid}{_why(record)}")
    if record.on_disk is not OnDisk.PRESENT:
        raise _NotYet(f"to the agent its file is {record.on_disk.label}")
    return record


def _is_it(record: ProcessRecord, program: Decoy) -> bool:
    """By its name, which no other has: in other namespaces its pid, and the beginning of its path, are others."""
    if record.executable_path is None:
        return record.pid == program.pid and dict(record.unread).get("executable_path") == Unread.PERMISSION
    return record.executable_path.endswith("/" + "/".join(program.path.parts[-2:]))


def _known(record: ProcessRecord) -> str:
    if record.executable_hash:
        return f"the agent lists it, SHA-256 {printable(record.executable_hash)}"
    return f"the agent lists it, without a digest{_why(record)}"


def _why(record: ProcessRecord) -> str:
    return f" ({record.hash_status.label.replace('_', ' ')})" if record.hash_status else ""


def _newest_alert(client: Client) -> int:
    return client.entries(EntriesRequest(stream="alerts", after=NEWEST)).reached


def _alert(client: Client, pid: int, after: int) -> RecordedEntry:
    request = EntriesRequest(stream="alerts", after=after, kind=RULE, pid=pid)
    for answer in following(request, client.entries):
        for entry in answer.entries:
            return entry
    raise _NotYet(f"no {RULE} of pid {pid}")

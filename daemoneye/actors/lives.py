"""The living children of the supervisor, as processes: begun, spoken to, ended, and what their end was.

A life is one generation of one name. It is a lease of the main process, which ends the child when the lease is closed;
and an address, which the child tells with its first word. A death is what the kernel says of the pidfd, and nothing
else is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.broker.lending import LeaseRefusedError, Outcome, take_lease
from daemoneye.broker.words import StartRequest
from daemoneye.supervisor.specs import Manner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from thespian.actors import ActorAddress

    from daemoneye.actors.transport.loans import Loan
    from daemoneye.broker.lending import Lease

# The main process forks within milliseconds; whoever asks waits, and answers nobody meanwhile.
_START_S: Final = 2.0
# The main process reaps and tells in the same turn in which the kernel wakes both of us.
_OUTCOME_S: Final = 0.2


@dataclass(slots=True)
class Life:
    name: str
    generation: int
    address: ActorAddress  # Thespian's stand-in until the child has spoken
    lease: Lease
    asked_to_stop: bool = False
    known_as: str = ""  # its address as text, once it is ready


class Lender:
    """What Thespian forks with, in effect: it asks the main process, and remembers what came of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.expect(0)

    def expect(self, generation: int) -> None:
        """What is lent next is of this generation."""
        self._generation = generation
        self.lease: Lease | None = None
        self.refusal = ""

    def __call__(self, loan: Loan) -> Lease:
        request = StartRequest(loan.role, self._generation, loan.instance, loan.parent, loan.logger, loan.admin_pid)
        try:
            self.lease = take_lease(self._path, request, _START_S)
        except (LeaseRefusedError, OSError) as error:  # Thespian would keep it to itself
            self.refusal = str(error)
            raise
        return self.lease


class Lives:
    def __init__(self, lender: Lender, create: Callable[[str], ActorAddress]) -> None:
        self._lender = lender
        self._create = create
        self._by_name: dict[str, Life] = {}
        self.last_words: dict[str, str] = {}

    def begin(self, name: str, generation: int) -> Life | str:
        """The new life, or why there is none."""
        self._lender.expect(generation)
        address = self._create(name)
        if self._lender.lease is None:
            return self._lender.refusal or "no process"
        life = self._by_name[name] = Life(name, generation, address, self._lender.lease)
        return life

    def of(self, name: str, generation: int | None = None) -> Life | None:
        life = self._by_name.get(name)
        return life if life and generation in {None, life.generation} else None

    def speaking(self, role: str, pid: int | None) -> Life | None:
        """Whose word this is; nobody's, if it comes from a process that is no longer this role's."""
        life = self._by_name.get(role)
        return life if life and life.lease.pid == pid else None

    def ended(self, descriptors: tuple[int, ...]) -> list[Life]:
        return [life for life in self._by_name.values() if life.lease.fileno() in descriptors]

    def bury(self, life: Life) -> tuple[Manner, str]:
        """How it ended, and why; after that there is nothing left of it."""
        del self._by_name[life.name]
        with life.lease as lease:
            try:
                outcome = lease.outcome(_OUTCOME_S)
            except TimeoutError:  # main is not there to tell
                outcome = Outcome()
        if outcome.last_words:
            self.last_words[life.name] = outcome.last_words
        return manner_of(outcome, asked=life.asked_to_stop), str(outcome)

    @property
    def all(self) -> tuple[Life, ...]:
        return tuple(self._by_name.values())


def manner_of(outcome: Outcome, *, asked: bool) -> Manner:
    if outcome.code != 0:
        return Manner.ABNORMAL
    return Manner.SHUTDOWN if asked else Manner.NORMAL

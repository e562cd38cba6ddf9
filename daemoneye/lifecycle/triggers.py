"""Decides which closer looks are asked for, and sees to it that asking never becomes a load of its own.

One engine serves one collector. What it is given is an event or a record; each rule is really evaluated. A request that
is wanted again within the window, comes too fast, or finds the queue full is dropped and counted by its reason. A
request that is dropped after it was let in may be asked for again at once: its question was not answered.

Time is a parameter, in seconds of any clock. A clock that goes back stands still meanwhile.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final, TypeAlias

from daemoneye.lifecycle.conditions import compiled
from daemoneye.lifecycle.pending import Pending
from daemoneye.lifecycle.subject import subject_of
from daemoneye.model.event import Exited
from daemoneye.model.trigger import Drop, TriggerRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemoneye.lifecycle.bounded import Occupancy
    from daemoneye.lifecycle.subject import Subject
    from daemoneye.model.event import LifecycleEvent
    from daemoneye.model.process import FileIdentity, ProcessRecord
    from daemoneye.model.trigger import Analysis, Trigger

# The numbers our users know from the collector this one replaces.
DEDUP_WINDOW_S: Final = 300.0
PER_MINUTE: Final = 100
MAX_PENDING: Final = 1000
TIMEOUT_S: Final = 30.0

# a rule, what it wants to know, and the file or the process it is about
_Question: TypeAlias = "tuple[str, Analysis, FileIdentity | str]"


class TriggerEngine:
    def __init__(
        self,
        rules: Sequence[Trigger],
        *,
        dedup_window_s: float = DEDUP_WINDOW_S,
        per_minute: int = PER_MINUTE,
        max_pending: int = MAX_PENDING,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        if len({rule.name for rule in rules}) < len(rules):
            raise ValueError("triggers: a name is used twice: one name for each")
        self._rules = tuple((rule, compiled(rule.condition, rule.name)) for rule in rules)
        self._dedup_window_s = dedup_window_s
        self._per_minute = per_minute
        self._pending = Pending(max_pending, timeout_s)
        self._asked: dict[_Question, float] = {}  # in the order of asking; the rate cap bounds it
        self._recent: deque[float] = deque()
        self._dropped: Counter[Drop] = Counter(dict.fromkeys(Drop, 0))
        self._given_s: float | None = None
        self._now_s = 0.0
        self._last_id = 0

    def consider(self, seen: LifecycleEvent | ProcessRecord, now_s: float) -> tuple[TriggerRequest, ...]:
        """Ask for what the rules want to know about this, as far as the limits allow."""
        self._advance(now_s)
        if isinstance(seen, Exited):
            return ()  # there is nothing left to look at
        subject = subject_of(seen)
        # every condition is asked every time: some learn from what they see
        wanted = [rule for rule, predicate in self._rules if predicate.holds(subject)]
        asked = (self._ask(rule, analysis, subject) for rule in wanted for analysis in rule.analyses)
        return tuple(filter(None, asked))

    def take(self, count: int, now_s: float) -> tuple[TriggerRequest, ...]:
        """Hand out the most urgent, to be reported with ``complete`` when done."""
        self._advance(now_s)
        return self._pending.take(count, self._now_s)

    def complete(self, request_id: int) -> bool:
        """False for what was not taken, or too long ago."""
        return self._pending.complete(request_id)

    def _advance(self, now_s: float) -> None:
        self._now_s += max(0.0, now_s - (now_s if self._given_s is None else self._given_s))
        self._given_s = now_s
        while self._recent and self._now_s - self._recent[0] >= 60:
            self._recent.popleft()
        while self._asked and self._now_s - next(iter(self._asked.values())) >= self._dedup_window_s:
            del self._asked[next(iter(self._asked))]
        for request in self._pending.expire(self._now_s):
            self._drop(Drop.TIMED_OUT, request)

    def _ask(self, rule: Trigger, analysis: Analysis, subject: Subject) -> TriggerRequest | None:
        request = _request(self._last_id + 1, rule, analysis, subject)
        if refused := self._refusal(request):
            self._dropped[refused] += 1
            return None
        self._last_id = request.request_id
        if displaced := self._pending.put(request):
            self._drop(Drop.QUEUE_FULL, displaced)
        self._asked[_question(request)] = self._now_s
        self._recent.append(self._now_s)
        return request

    def _refusal(self, request: TriggerRequest) -> Drop | None:
        if _question(request) in self._asked:
            return Drop.DEDUPLICATED
        if len(self._recent) >= self._per_minute:
            return Drop.RATE_CAPPED
        return self._pending.refusal(request.priority)

    def _drop(self, reason: Drop, request: TriggerRequest) -> None:
        self._dropped[reason] += 1
        self._asked.pop(_question(request), None)

    @property
    def dropped(self) -> Mapping[Drop, int]:
        return dict(self._dropped)

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return (self._pending.occupancy, *(each for _, predicate in self._rules for each in predicate.occupancies))


def _request(request_id: int, rule: Trigger, analysis: Analysis, subject: Subject) -> TriggerRequest:
    return TriggerRequest(
        request_id=request_id,
        rule=rule.name,
        analysis=analysis,
        priority=rule.priority,
        pid=subject.pid,
        entity_id=subject.entity_id,
        name=subject.name,
        executable_path=subject.executable_path,
        executable_file=subject.executable_file,
    )


def _question(request: TriggerRequest) -> _Question:
    """What makes two requests the same: a file is looked at once, whoever runs it."""
    about_file = request.executable_file if request.analysis.of_the_file else None
    return (request.rule, request.analysis, about_file or request.entity_id)

"""Requests that wait, and requests that were taken and are not done yet. Both together never exceed the capacity.

The most urgent leaves first, and among equals the oldest. When there is no room, the oldest of the least urgent makes
way, unless the newcomer is less urgent still.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.lifecycle.bounded import Occupancy
from daemoneye.model.trigger import Drop, Priority

if TYPE_CHECKING:
    from daemoneye.model.trigger import TriggerRequest

# From here on low priority is refused, so that there is room for what matters.
BACKPRESSURE_AT: Final = 0.8


class Verdict(NamedTuple):
    refused: Drop | None = None
    displaced: TriggerRequest | None = None


class Pending:
    def __init__(self, capacity: int, timeout_s: float) -> None:
        self._capacity = capacity
        self._timeout_s = timeout_s
        self._waiting: dict[Priority, deque[TriggerRequest]] = {each: deque() for each in sorted(Priority)}
        self._taken: dict[int, tuple[float, TriggerRequest]] = {}  # in the order of their taking
        self._displaced = 0

    def __len__(self) -> int:
        return len(self._taken) + sum(map(len, self._waiting.values()))

    def refusal(self, priority: Priority) -> Drop | None:
        """Why a request of this priority would not be let in."""
        if priority is Priority.LOW and len(self) >= BACKPRESSURE_AT * self._capacity:
            return Drop.BACKPRESSURE
        if len(self) >= self._capacity and self._least_urgent(up_to=priority) is None:
            return Drop.QUEUE_FULL
        return None

    def put(self, request: TriggerRequest) -> TriggerRequest | None:
        """Let in what was not refused; say who had to make way."""
        displaced = None
        if len(self) >= self._capacity and (queue := self._least_urgent(up_to=request.priority)):
            displaced = queue.popleft()
            self._displaced += 1
        self._waiting[request.priority].append(request)
        return displaced

    def _least_urgent(self, *, up_to: Priority) -> deque[TriggerRequest] | None:
        return next((queue for priority, queue in self._waiting.items() if queue and priority <= up_to), None)

    def take(self, count: int, now_s: float) -> tuple[TriggerRequest, ...]:
        taken: list[TriggerRequest] = []
        for queue in reversed(self._waiting.values()):
            while queue and len(taken) < count:
                taken.append(queue.popleft())
        self._taken.update((each.request_id, (now_s, each)) for each in taken)
        return tuple(taken)

    def complete(self, request_id: int) -> bool:
        return self._taken.pop(request_id, None) is not None

    def expire(self, now_s: float) -> tuple[TriggerRequest, ...]:
        """Let go of what was taken too long ago: whoever took it is not coming back."""
        expired = [each for taken_s, each in self._taken.values() if now_s - taken_s >= self._timeout_s]
        for each in expired:
            del self._taken[each.request_id]
        return tuple(expired)

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy("pending requests", len(self), self._capacity, self._displaced)

"""Which clients wait for which answer of the supervisor.

Few questions are on their way at once, whatever clients do: a peer that does not read and has many messages waiting
makes Thespian mute towards everybody. Those who want to know how the tree is share one question. An answer that comes
after its patience has ended finds nobody; until then its question keeps its place, for it is still in that inbox.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from daemoneye.messages.control import AskReload, AskStatus, ControlChild
from daemoneye.model.agent import ChildRequest, HealthRequest, ReloadRequest, StatusRequest
from daemoneye.model.lookup import MetricsRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.gateway.lists import Asker

# Twenty messages in one inbox mute their sender; heartbeats and twelve of the collector's parts are others'.
ON_THE_WAY: Final = 4
# The supervisor answers in a millisecond. Clients of ours wait five seconds, and are to hear who it is that hangs.
ANSWER_S: Final = 4.0
# Every child has to take the settings and say so, or be restarted with them.
RELOAD_S: Final = 30.0
# A question that was never answered gives its place away after this: by then the supervisor is another one.
LOST_S: Final = 60.0

Question: TypeAlias = AskStatus | ControlChild | AskReload
ForSupervisor: TypeAlias = StatusRequest | HealthRequest | ChildRequest | ReloadRequest | MetricsRequest


class Waiting(NamedTuple):
    asker: Asker
    body: ForSupervisor


@dataclass(slots=True, kw_only=True)
class _Open:
    question: Question
    asked_s: float
    waiting: list[Waiting] = field(default_factory=list)
    said: bool = False

    def late(self, now_s: float) -> bool:
        return now_s >= self.asked_s + (RELOAD_S if isinstance(self.question, AskReload) else ANSWER_S)


class Desk:
    def __init__(self) -> None:
        self._number = 0
        self._open: deque[_Open] = deque()

    def __len__(self) -> int:
        return len(self._open)

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def want_status(self, waiting: Waiting, now_s: float) -> None:
        """Together with others that wait for it: what it will say is news to all of them."""
        for each in self._open:
            if isinstance(each.question, AskStatus) and not each.late(now_s):
                each.waiting.append(waiting)
                return
        self._add(AskStatus(request=self.next_number()), waiting, now_s)

    def want_child(self, waiting: Waiting, body: ChildRequest, now_s: float) -> None:
        question = ControlChild(request=self.next_number(), action=body.action, child=body.child)
        self._add(question, waiting, now_s)

    def want_reload(self, waiting: Waiting, now_s: float) -> None:
        self._add(AskReload(request=self.next_number()), waiting, now_s)

    def _add(self, question: Question, waiting: Waiting, now_s: float) -> None:
        self._open.append(_Open(question=question, asked_s=now_s, waiting=[waiting]))

    def to_say(self) -> Iterator[Question]:
        """What may go to the supervisor now."""
        on_the_way = sum(each.said for each in self._open)
        for each in self._open:
            if on_the_way >= ON_THE_WAY:
                return
            if not each.said:
                each.said, on_the_way = True, on_the_way + 1
                yield each.question

    def answered(self, request: int) -> list[Waiting]:
        for each in self._open:
            if each.said and each.question.request == request:
                self._open.remove(each)
                return each.waiting
        return []

    def forget(self, client: int) -> None:
        for each in self._open:
            each.waiting = [waiting for waiting in each.waiting if waiting.asker.client != client]
        self._open = deque(each for each in self._open if each.said or each.waiting)

    def expired(self, now_s: float) -> list[Waiting]:
        """Those whose patience has ended."""
        disappointed: list[Waiting] = []
        for each in self._open:
            if each.late(now_s):
                disappointed += each.waiting
                each.waiting = []
        self._open = deque(each for each in self._open if each.waiting or self._still_out(each, now_s))
        return disappointed

    @staticmethod
    def _still_out(each: _Open, now_s: float) -> bool:
        return each.said and now_s < each.asked_s + LOST_S

    def clear(self) -> list[Waiting]:
        left = [waiting for each in self._open for waiting in each.waiting]
        self._open.clear()
        return left

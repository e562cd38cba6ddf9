"""What an operator may have done to a child: said to the policy, passed on to another child, or refused in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.messages.hashing import ReplaceWorker
from daemoneye.model.agent import ChildAction
from daemoneye.supervisor import events
from daemoneye.tree import GATEWAY, HASHING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_REQUESTS: Final[dict[ChildAction, Callable[[str], events.Request]]] = {
    ChildAction.RESTART: events.RestartRequested,
    ChildAction.PAUSE: events.PauseRequested,
    ChildAction.RESUME: events.ResumeRequested,
}


class Wish(NamedTuple):
    answer: str
    follows: events.Request | ReplaceWorker | None = None  # nothing, where it is refused

    @property
    def granted(self) -> bool:
        return self.follows is not None


def judged(action: ChildAction, name: str, *, children: Collection[str], workers: Collection[str]) -> Wish:
    if name not in children and name not in workers:
        return Wish(f"{name}: no such child: one of {', '.join([*children, *workers])}")
    request = _REQUESTS.get(action)
    if request is None:
        return Wish(f"{action}: no such action: restart, pause or resume")
    answer = f"{name}: {action.name.lower()}"
    if name in workers:  # they are another's children, and how many there are is for that one to decide
        if action is ChildAction.RESTART:
            return Wish(answer, ReplaceWorker(name=name))
        return Wish(f"{name}: only {HASHING} as a whole can be paused and resumed")
    if action is ChildAction.PAUSE and name == GATEWAY:
        return Wish(f"{name}: cannot be paused: nobody could ask it to resume")
    return Wish(answer, request(name))

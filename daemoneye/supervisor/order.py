"""Whose turn it is.

Children start in order, each when those before it are settled, and stop in the reverse order, each when those after it
are down: what records is up before what reports, and down after it. One rule serves the first start, the restart of a
group, and the last stop; there are no phases to keep track of, only the question whose turn it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.supervisor.specs import Strategy
from daemoneye.supervisor.transitions import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from daemoneye.supervisor.child import Child


def tied(strategy: Strategy, children: Sequence[Child], head: Child) -> Sequence[Child]:
    """The others who must not outlive this one."""
    if strategy is Strategy.ONE_FOR_ONE:
        return ()
    if strategy is Strategy.REST_FOR_ONE:
        return children[children.index(head) + 1 :]
    return [each for each in children if each is not head]


def next_to_stop(children: Sequence[Child]) -> Child | None:
    """The last of those who must go, unless it is on its way already."""
    last = next((each for each in reversed(children) if each.leaving), None)
    return None if last is None or last.state is State.STOPPING else last


def next_to_start(children: Sequence[Child], *, ordered: bool) -> Iterator[Child]:
    """All who may start now; one by one, because a child that starts is not settled and ends the turn of the next."""
    leaving_last = max((n for n, each in enumerate(children) if each.leaving), default=-1)
    for n, child in enumerate(children):
        if child.state is State.WAITING and not (ordered and n < leaving_last):
            yield child
        if ordered and not child.settled:
            return

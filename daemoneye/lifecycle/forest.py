"""Who was started by whom, now: the processes of one scan as trees, in the order they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from daemoneye.model.observation import Observation, ProcessKey


# Each line repeats the levels above it: without a limit, a chain of n would cost n squared. No screen is wider.
DEEPEST: Final = 60


K = TypeVar("K")


class Branch(NamedTuple, Generic[K]):
    """One line of the drawing. ``last`` says of the nearest levels whether that ancestor, or it, is the last child."""

    key: K
    depth: int
    last: tuple[bool, ...]


def forest(processes: Mapping[ProcessKey, Observation], roots: Iterable[int] = ()) -> Iterator[Branch[ProcessKey]]:
    """Depth first, by pid. Without ``roots`` every process whose parent is not there begins a tree of its own."""
    children = _children(processes)
    wanted = frozenset(roots)
    tops = [key for key in sorted(processes) if key.pid in wanted] if wanted else children.get(None, [])
    yield from branches(children, tops)


def branches(children: Mapping[K | None, Sequence[K]], tops: Sequence[K]) -> Iterator[Branch[K]]:
    """Depth first, each with its children in their order."""
    # a stack of our own: a chain of ten thousand shells is deeper than Python recurses
    stack = [Branch(key, 0, ()) for key in reversed(tops)]
    while stack:
        branch = stack.pop()
        yield branch
        offspring = children.get(branch.key, [])
        above = branch.last[1 - DEEPEST :]
        stack += [Branch(key, branch.depth + 1, (*above, key is offspring[-1])) for key in reversed(offspring)]


def _children(processes: Mapping[ProcessKey, Observation]) -> dict[ProcessKey | None, list[ProcessKey]]:
    by_pid = {key.pid: key for key in processes}
    children: dict[ProcessKey | None, list[ProcessKey]] = {}
    for key in sorted(processes):
        parent = by_pid.get(processes[key].sample.ppid)
        # A parent that started later only has the number of the one that is gone. Within one tick the lower pid came
        # first, but for the wrap of the counter: such a child stands alone rather than in a circle.
        real = parent is not None and (parent.start_ticks, parent.pid) < (key.start_ticks, key.pid)
        children.setdefault(parent if real else None, []).append(key)
    return children

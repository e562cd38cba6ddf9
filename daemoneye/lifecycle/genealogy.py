"""Who started whom, remembered for as long as a descendant lives.

The kernel forgets a parent that ends: its children then belong to init or a subreaper, and the one fact that explains
them is gone. So each process keeps the parent it was first seen with. A dead process stays while something descends
from it, which bounds the memory by itself except against a process that hops (forks, lets the parent end, repeats);
for that there is a capacity. Then the longest dead go first. The living are never forgotten for the dead: when only
living are left, the newcomer is not taken in. Both are counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.lifecycle.bounded import Occupancy
from daemoneye.model.event import Ancestor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from daemoneye.model.observation import Machine, Observation, ProcessKey

# The kernel's own default for the number of pids (PID_MAX_DEFAULT, 2^15): a machine at that default has no more living.
CAPACITY: Final = 32_768

# An event carries its chain, so the chain has a limit. A compiler in a desktop session is the tenth of its line (init,
# login, session, shell, terminal, shell, make, sh, driver, compiler); three times that is a process that hops.
CHAIN_LIMIT: Final = 32


class _Node:
    __slots__ = ("alive", "children", "executable_path", "name", "parent")

    def __init__(self, observation: Observation) -> None:
        self.parent: ProcessKey | None = None
        self.children = 0
        self.alive = True
        self.show(observation)

    def show(self, observation: Observation) -> None:
        self.name = observation.facts.name
        self.executable_path = observation.facts.executable_path


def can_be_parent(parent: ProcessKey, child: ProcessKey) -> bool:
    """Nothing starts before its parent; in one clock tick both may."""
    return parent != child and parent.start_ticks <= child.start_ticks


class Genealogy:
    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._nodes: dict[ProcessKey, _Node] = {}
        self._dead: dict[ProcessKey, None] = {}  # in the order of their deaths
        self._evictions = 0

    def add(self, newcomers: Iterable[Observation], by_pid: Mapping[int, ProcessKey]) -> None:
        """Take in all of one scan, then link them: a child may be listed before its parent."""
        admitted = [each for each in newcomers if self._admit(each)]
        for each in admitted:
            parent = by_pid.get(each.sample.ppid)
            if parent in self._nodes and can_be_parent(parent, each.key):
                self._nodes[each.key].parent = parent
                self._nodes[parent].children += 1

    def _admit(self, observation: Observation) -> bool:
        if len(self._nodes) >= self._capacity:
            self._evictions += 1
            if not self._dead:
                return False
            self._forget(next(iter(self._dead)))
        self._nodes[observation.key] = _Node(observation)
        return True

    def show(self, observation: Observation) -> None:
        """Remember a process by its latest image."""
        if node := self._nodes.get(observation.key):
            node.show(observation)

    def bury(self, key: ProcessKey) -> None:
        node = self._nodes.get(key)
        if node is None:
            return
        node.alive = False
        if node.children:
            self._dead[key] = None
        else:
            self._forget(key)

    def _forget(self, key: ProcessKey | None) -> None:
        """Drop one, and with it every dead ancestor whose last descendant it was."""
        while key is not None:
            node = self._nodes.pop(key)
            self._dead.pop(key, None)
            parent = self._nodes.get(node.parent) if node.parent else None
            if parent is None:
                return
            parent.children -= 1
            key = None if parent.alive or parent.children else node.parent

    def chain(self, key: ProcessKey, machine: Machine) -> tuple[Ancestor, ...]:
        """The ancestors, the parent first, as far as they are known."""
        chain: dict[ProcessKey, Ancestor] = {}
        node = self._nodes.get(key)
        while node and node.parent and len(chain) < CHAIN_LIMIT:
            parent, node = node.parent, self._nodes.get(node.parent)
            if node is None or parent == key or parent in chain:
                break
            chain[parent] = Ancestor(
                key=parent,
                entity_id=machine.entity_id(parent),
                name=node.name,
                executable_path=node.executable_path,
            )
        return tuple(chain.values())

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy("genealogy", len(self._nodes), self._capacity, self._evictions)

"""What integrity is told of the processes: not each look, but what differs from what it was told before.

Nothing is queued. Each part is made when it may go out, from the latest look and from what was told, so a peer that
takes its time gets less to read, not more. No clock and no actor in here.

Told of are processes whose executable could be looked at: of others nothing could be said, and nothing asked. One whose
file cannot be looked up for the moment, or that has ended and waits for its parent, is what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.integrity.sighting import Sighting
from daemoneye.integrity.territory import HOST
from daemoneye.messages.sightings import Sighted
from daemoneye.model.alert import AlertProcess
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.model.event import Ancestor
    from daemoneye.model.observation import Facts, Observation, ProcessKey
    from daemoneye.model.process import Container

# Two or three milliseconds' work for either side, like all batches; what does not fit one call of the transport is
# left to the next part, unless it is a single one.
MOST: Final = 256
MOST_BYTES: Final = 256 * 1024


class Sightings:
    def __init__(self, weigh: Callable[[Sighting], int], *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """``weigh`` says what a sighting takes in a message."""
        self._weigh = weigh
        self._most = most
        self._most_bytes = most_bytes
        self._present = False
        self._afresh = True
        self._on_its_way = False
        self._number = 0
        self._told: dict[ProcessKey, Facts] = {}  # as many as processes are alive
        self._scan: Scan | None = None
        self._ancestors: Callable[[ProcessKey], tuple[Ancestor, ...]] = lambda _: ()
        self._news: list[ProcessKey] = []
        self._gone: list[ProcessKey] = []

    def arrived(self) -> None:
        """Integrity is there, or another one in its place, which was told nothing."""
        self._present, self._afresh, self._on_its_way = True, True, False
        self._told.clear()
        if self._scan is not None:
            self.saw(self._scan, self._ancestors)

    def saw(self, scan: Scan, ancestors: Callable[[ProcessKey], tuple[Ancestor, ...]]) -> None:
        """Hold a look against what was told."""
        self._scan, self._ancestors = scan, ancestors
        processes, told = scan.snapshot.processes, self._told
        self._news = [
            key
            for key, observation in processes.items()
            if told.get(key) is not observation.facts and self._is_news(key, observation.facts)
        ]
        self._gone = [key for key in told.keys() - processes.keys() if key.pid not in scan.snapshot.unseen]

    def taken(self, number: int) -> None:
        if number == self._number:
            self._on_its_way = False

    def to_say(self) -> Sighted | None:
        """To be sent at once."""
        if not self._present or self._on_its_way or self._scan is None:
            return None
        if not (self._afresh or self._news or self._gone):
            return None
        exited = tuple(self._part_with(self._scan))
        sightings = tuple(self._part_of(self._scan))
        afresh, self._afresh = self._afresh, False
        self._number += 1
        self._on_its_way = True
        return Sighted(
            number=self._number,
            afresh=afresh,
            complete=not self._news and not self._gone,
            sightings=sightings,
            exited=exited,
        )

    def _is_news(self, key: ProcessKey, facts: Facts) -> bool:
        told = self._told.get(key)
        if facts.executable_file is None:
            return False
        if told is None:
            return True
        if _image(told) == _image(facts):
            self._told[key] = facts  # the same in another object: next time that is seen at a glance
            return False
        return facts.on_disk is not OnDisk.UNKNOWN or not _is_same_program(told, facts)

    def _part_with(self, scan: Scan) -> Iterator[str]:
        gone, self._gone = self._gone[: self._most], self._gone[self._most :]
        for key in gone:
            del self._told[key]
            yield scan.snapshot.machine.entity_id(key)

    def _part_of(self, scan: Scan) -> Iterator[Sighting]:
        size = count = 0
        for key in self._news[: self._most]:
            observation = scan.snapshot.processes[key]
            sighting = _sighting(observation, scan, self._ancestors(key))
            size += self._weigh(sighting)
            if count and size > self._most_bytes:
                break
            count += 1
            self._told[key] = observation.facts
            yield sighting
        del self._news[:count]


def _image(facts: Facts) -> tuple[object, ...]:
    """What integrity goes by."""
    territory = facts.abroad.territory if facts.abroad else HOST
    return facts.executable_path, facts.executable_file, facts.on_disk, facts.file_there, territory


def _is_same_program(told: Facts, facts: Facts) -> bool:
    was, now = told.executable_file, facts.executable_file
    same_file = was is not None and now is not None and (was.dev, was.ino) == (now.dev, now.ino)
    return same_file and told.executable_path == facts.executable_path


def _sighting(observation: Observation, scan: Scan, ancestors: tuple[Ancestor, ...]) -> Sighting:
    facts = observation.facts
    return Sighting(
        process=_process(observation, scan),
        start_ticks=observation.sample.start_ticks,
        path=facts.executable_path,
        # when it is told: from then on answers can be waited for
        detected_ms=scan.snapshot.wall_ms,
        namespace=facts.abroad.territory if facts.abroad else HOST,
        file=facts.executable_file,
        on_disk=facts.on_disk,
        file_there=facts.file_there,
        ancestors=ancestors,
        container=_container(facts),
        mount_namespace=facts.abroad.mount_namespace if facts.abroad else None,
    )


def _process(observation: Observation, scan: Scan) -> AlertProcess:
    sample, facts = observation
    machine = scan.snapshot.machine
    return AlertProcess(
        pid=sample.pid,
        entity_id=machine.entity_id(observation.key),
        name=facts.name,
        executable=facts.executable_path,
        command_line=facts.command_line,
        user=None if facts.credentials is None else str(facts.credentials.ruid),
        start_ms=round(machine.start_time_s(sample.start_ticks) * 1000),
        parent_pid=None if "ppid" in dict(facts.unread) else sample.ppid,
    )


def _container(facts: Facts) -> Container | None:
    if facts.linux is not None:
        return facts.linux.container
    return facts.abroad.container if facts.abroad else None

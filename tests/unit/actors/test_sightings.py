"""What integrity is told: what differs from what it was told, and all of it when it knows nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from daemoneye.actors.sightings import Sightings
from daemoneye.lifecycle.tracker import Tracker
from daemoneye.model.alert import AlertProcess
from daemoneye.model.observation import Abroad, ProcessKey
from daemoneye.model.process import Container, LinuxMetadata, OnDisk
from tests.fakes.snapshots import MACHINE, changed, facts, file, kernel_thread, process, snapshot

if TYPE_CHECKING:
    from daemoneye.integrity.sighting import Sighting
    from daemoneye.messages.sightings import Sighted
    from daemoneye.model.event import Ancestor
    from daemoneye.model.observation import Observation


class Teller:
    """A collector's looks, and integrity as it listens."""

    def __init__(self, most: int = 256, most_bytes: int = 1 << 20) -> None:
        self.sightings = Sightings(
            lambda sighting: 100 + len(sighting.process.command_line), most=most, most_bytes=most_bytes
        )
        self.tracker = Tracker()
        self.at_s = 1000.0
        self.chains_made: list[ProcessKey] = []

    def look(self, *processes: Observation, unseen: frozenset[int] = frozenset()) -> None:
        self.at_s += 5
        scan = self.tracker.observe(snapshot(*processes, at_s=self.at_s, unseen=unseen))
        self.sightings.saw(scan, self._chain)

    def _chain(self, key: ProcessKey) -> tuple[Ancestor, ...]:
        self.chains_made.append(key)
        return self.tracker.ancestors(key, MACHINE)

    def part(self) -> Sighted:
        message = self.sightings.to_say()
        assert message is not None
        assert self.sightings.to_say() is None, "one at a time"
        self.sightings.taken(message.number)
        return message

    def silent(self) -> bool:
        return self.sightings.to_say() is None


def pids(message: Sighted) -> list[int]:
    return [each.process.pid for each in message.sightings]


def told(*processes: Observation) -> Teller:
    teller = Teller()
    teller.look(*processes)
    teller.sightings.arrived()
    assert teller.part().complete
    return teller


def the_one(message: Sighted) -> Sighting:
    (sighting,) = message.sightings
    return sighting


def test_whoever_comes_is_told_everything() -> None:
    """From the first part, which says so, to the last, which says so too."""
    teller = Teller(most=2)
    teller.look(process(1), process(2), process(3))
    assert teller.silent()
    teller.sightings.arrived()
    parts = [teller.part(), teller.part()]
    assert [(each.afresh, each.complete, pids(each)) for each in parts] == [(True, False, [1, 2]), (False, True, [3])]
    assert parts[0].number != parts[1].number
    assert teller.silent()


def test_before_the_first_look_there_is_nothing_to_tell() -> None:
    """And after it, everything."""
    teller = Teller()
    teller.sightings.arrived()
    assert teller.silent()
    teller.look(process(1))
    assert (message := teller.part()).afresh
    assert pids(message) == [1]


def test_that_nobody_is_there_is_told_too() -> None:
    """Otherwise what was known before would never be forgotten."""
    teller = told()
    teller.sightings.arrived()
    message = teller.part()
    assert (message.afresh, message.complete, message.sightings, message.exited) == (True, True, (), ())


def test_a_quiet_host_is_told_nothing_of() -> None:
    """Processor time is no news, nor is the same read again."""
    one = process(1)
    teller = told(one)
    teller.look(changed(one, cpu_ticks=7))
    assert teller.silent()
    teller.look(changed(one, seen=facts("prog", cwd="/elsewhere")))
    assert teller.silent()
    assert len(teller.chains_made) == 1


@pytest.mark.parametrize(
    "seen",
    [
        facts(executable_path="/usr/bin/other"),
        facts(executable_file=file(8)),
        facts(executable_file=replace(file(), ctime_ns=99)),
        facts(on_disk=OnDisk.DELETED),
        facts(on_disk=OnDisk.REPLACED, file_there=file(9)),
        facts(abroad=Abroad(77, "mnt:77")),
    ],
)
def test_what_integrity_goes_by_is_news(seen: object) -> None:
    """Path, file, what is on disk, what lies there, and whose path it is."""
    one = process(1)
    teller = told(one, process(2))
    teller.look(after := changed(one, seen=seen), process(2))  # type: ignore[arg-type]
    message = teller.part()
    assert (message.afresh, message.complete, pids(message)) == (False, True, [1])
    teller.look(after, process(2))
    assert teller.silent()


def test_what_was_put_in_its_place_may_be_replaced_again() -> None:
    """Each file that comes there is told of, and none twice."""
    one = process(1)
    teller = told(one)
    for ino in (8, 9):
        teller.look(changed(one, seen=facts(on_disk=OnDisk.REPLACED, file_there=file(ino))))
        assert the_one(teller.part()).file_there == file(ino)


def test_starts_and_ends() -> None:
    """An end goes by the name that the process has for ever."""
    teller = told(process(1), process(2), process(3, start=7))
    teller.look(process(1), process(3, start=8), process(4))
    message = teller.part()
    gone = {MACHINE.entity_id(ProcessKey(2, 1000)), MACHINE.entity_id(ProcessKey(3, 7))}
    assert (set(message.exited), sorted(pids(message))) == (gone, [3, 4])
    teller.look()
    assert len(teller.part().exited) == 3
    assert teller.silent()


def test_who_cannot_be_read_for_the_moment_has_not_ended() -> None:
    """It hangs; when it can be read again and nothing has changed, there is nothing to say."""
    one = process(1)
    teller = told(one)
    teller.look(unseen=frozenset({1}))
    assert teller.silent()
    teller.look(one)
    assert teller.silent()


def test_a_file_that_cannot_be_looked_up_is_what_it_was() -> None:
    """So neither a stuck disk nor a zombie makes an alarm end, and begin again."""
    one = process(1, seen=facts(on_disk=OnDisk.DELETED))
    teller = told(one)
    for seen in (
        facts(on_disk=OnDisk.UNKNOWN, unread=(("on_disk", "timeout"),)),
        facts(on_disk=OnDisk.UNKNOWN, executable_file=replace(file(), ctime_ns=99)),
        facts(on_disk=OnDisk.UNKNOWN, executable_file=None, executable_path=None),
    ):
        teller.look(changed(one, seen=seen))
        assert teller.silent()
    teller.look(changed(one, seen=facts(on_disk=OnDisk.DELETED)))
    assert teller.silent()
    teller.look(changed(one, seen=facts(on_disk=OnDisk.PRESENT)))
    assert the_one(teller.part()).on_disk is OnDisk.PRESENT


def test_another_program_is_news_wherever_it_lies() -> None:
    """Also when nobody can say what its path leads to."""
    one = process(1)
    teller = told(one)
    teller.look(changed(one, seen=facts(executable_file=file(8), on_disk=OnDisk.UNKNOWN)))
    assert the_one(teller.part()).file == file(8)


def test_who_has_no_image_that_we_may_look_at_is_not_told_of() -> None:
    """Kernel threads, and programs of others for whoever has no privilege: nothing can be found out, so none alarms."""
    teller = told(
        kernel_thread(2), process(3, seen=facts(executable_file=None, executable_path=None, on_disk=OnDisk.UNKNOWN))
    )
    teller.look(kernel_thread(2))
    assert teller.silent()


def test_a_new_look_while_a_part_is_on_its_way() -> None:
    """What was not told yet is told as it is by then; nothing is queued."""
    teller = Teller(most=1)
    teller.sightings.arrived()
    one, two, three = process(1), process(2), process(3)
    teller.look(one, two, three)
    first = teller.sightings.to_say()
    assert first is not None
    teller.look(changed(one, seen=facts(on_disk=OnDisk.DELETED)), changed(two, seen=facts(on_disk=OnDisk.DELETED)))
    assert teller.silent()
    teller.sightings.taken(first.number - 1)
    assert teller.silent()
    teller.sightings.taken(first.number)
    rest = [teller.part(), teller.part()]
    assert [(pids(each), each.complete) for each in rest] == [([1], False), ([2], True)]
    assert all(the_one(each).on_disk is OnDisk.DELETED for each in rest)
    assert [each.exited for each in (first, *rest)] == [(), (), ()]  # the third came and went untold
    assert teller.silent()


def test_another_integrity_is_told_everything_again() -> None:
    """What its forerunner was in the middle of counts for nothing, and times are those of now: it can still ask."""
    teller = Teller(most=1)
    teller.sightings.arrived()
    teller.look(process(1), process(2))
    old = teller.sightings.to_say()
    assert old is not None
    teller.look(process(1), process(2))
    teller.sightings.arrived()
    again = teller.part()
    teller.sightings.taken(old.number)
    assert (again.afresh, pids(again), again.number > old.number) == (True, [1], True)
    assert the_one(again).detected_ms > old.sightings[0].detected_ms
    assert pids(teller.part()) == [2]


def test_ends_are_bounded_too() -> None:
    """A machine may lose thousands of processes at once."""
    teller = Teller(most=2)
    teller.look(*(process(pid) for pid in range(1, 6)))
    teller.sightings.arrived()
    while not teller.part().complete:
        pass
    teller.look()
    parts = [teller.part() for _ in range(3)]
    assert [(len(each.exited), each.complete) for each in parts] == [(2, False), (2, False), (1, True)]
    assert len({each for part in parts for each in part.exited}) == 5


def test_long_command_lines_travel_in_small_parts() -> None:
    """One that is too large for any part travels alone."""
    teller = Teller(most_bytes=450)
    long = process(3, seen=facts(command_line=("x",) * 500))
    teller.look(process(1), process(2), long, process(4))
    teller.sightings.arrived()
    parts = [teller.part() for _ in range(3)]
    assert [(pids(each), each.complete) for each in parts] == [([1, 2], False), ([3], False), ([4], True)]


def test_a_sighting_has_what_an_alert_will_need() -> None:
    """Who it is, who started it, and where it lives."""
    container = Container(cgroup_path="/docker/x", runtime="docker", container_id="c" * 64)
    one = process(1, "init", start=5)
    two = process(
        20,
        ppid=1,
        seen=facts(
            on_disk=OnDisk.REPLACED,
            file_there=file(9),
            command_line=("prog", "--password=***"),
            abroad=Abroad(77, "container:" + "c" * 64, container),
        ),
    )
    teller = told(one, two)
    teller.sightings.arrived()
    first, second = teller.part().sightings
    assert second.process == AlertProcess(
        pid=20,
        entity_id=MACHINE.entity_id(two.key),
        name="prog",
        executable="/usr/bin/prog",
        command_line=("prog", "--password=***"),
        user="1000",
        start_ms=1_700_000_010_000,
        parent_pid=1,
    )
    assert (second.start_ticks, second.path, second.file, second.on_disk) == (
        1000,
        "/usr/bin/prog",
        file(),
        OnDisk.REPLACED,
    )
    assert (second.file_there, second.namespace, second.mount_namespace) == (file(9), "container:" + "c" * 64, 77)
    assert second.container == container
    assert [each.name for each in second.ancestors] == ["init"]
    assert second.detected_ms == round((MACHINE.boot_time_s + teller.at_s) * 1000)
    assert (first.namespace, first.mount_namespace, first.container, first.ancestors) == ("", None, None, ())


def test_what_is_not_known_is_left_out() -> None:
    """And with the closer look the container is known of everybody."""
    container = Container(systemd_unit="x.service")
    unread = process(
        1, seen=facts(credentials=None, unread=(("ppid", "unsupported"),), linux=LinuxMetadata(container=container))
    )
    teller = told(unread)
    teller.sightings.arrived()
    sighting = the_one(teller.part())
    assert (sighting.process.user, sighting.process.parent_pid, sighting.container) == (None, None, container)


def test_ten_thousand_that_have_not_changed_take_a_few_milliseconds() -> None:
    """Less than the machine needs to say that they are there."""
    processes = [process(pid) for pid in range(1, 10_001)]
    teller = Teller()
    teller.look(*processes)
    teller.sightings.arrived()
    while not teller.part().complete:
        pass
    scan = teller.tracker.observe(snapshot(*processes, at_s=2000.0))

    def once() -> float:
        began = time.process_time()
        teller.sightings.saw(scan, teller._chain)
        assert teller.silent()
        return time.process_time() - began

    assert min(once() for _ in range(5)) < 0.03  # measured: 1 to 2 ms

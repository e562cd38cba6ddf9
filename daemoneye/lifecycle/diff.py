"""What is different between two scans of one boot.

A process is its ``ProcessKey``: a pid that came back with another start time is one exit and one start. An image is its
mark: when the mark moved, the process executed something, be it the same file with the same arguments. Everything else
that can change is a row of one of the two tables below.

Nothing here is guessed: a value that could not be read, before or after, is not a change.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.model.event import Field
from daemoneye.model.observation import ENDED, Sample
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from daemoneye.model.observation import Facts, Observation, Snapshot

# Of the sample: these few do not move by themselves.
SAMPLE_FIELDS: Final = {Field.PPID: "ppid", Field.SESSION: "session", Field.TTY: "tty_number"}
# Of the facts: what may change while the image stays ...
FACTS_FIELDS: Final = (Field.CREDENTIALS, Field.LOGIN_UID, Field.ROOT)
# ... and what belongs to the image, so that after an exec a difference in it is no news.
IMAGE_FIELDS: Final = (Field.NAME, Field.COMMAND_LINE, Field.EXECUTABLE_PATH, Field.ON_DISK)

# Either of these shows that another image runs, where the mark does not.
IMAGE_EVIDENCE: Final = ("executable_path", "command_line")

_watched = itemgetter(*(Sample._fields.index(name) for name in (*SAMPLE_FIELDS.values(), "image_mark")))


class Change(NamedTuple):
    before: Observation
    after: Observation
    executed: bool
    fields: tuple[Field, ...]


class Difference(NamedTuple):
    exited: tuple[Observation, ...] = ()
    started: tuple[Observation, ...] = ()
    held: tuple[Observation, ...] = ()  # there, and not readable this time: as they were last seen
    changed: tuple[Change, ...] = ()


def comparable(before: Snapshot | None, after: Snapshot) -> bool:
    """After a reboot the same numbers name other processes."""
    return before is not None and before.machine.boot_id == after.machine.boot_id


def diff(before: Snapshot | None, after: Snapshot) -> Difference:
    """Compare; the first scan of a boot is a baseline, and silent."""
    if before is None or not comparable(before, after):
        return Difference()
    old, new = before.processes, after.processes
    started: list[Observation] = []
    changed: list[Change] = []
    for key, now in new.items():
        then = old.get(key)
        if then is None:
            started.append(now)
        elif then is now:
            continue  # readers give the same object again for what did not move
        elif then.facts is not now.facts or _watched(then.sample) != _watched(now.sample):
            changed += _changes(then, now)
    missing = [then for key, then in old.items() if key not in new]
    held = tuple(each for each in missing if each.sample.pid in after.unseen)
    exited = [each for each in missing if each.sample.pid not in after.unseen]
    return Difference(_by_start(exited), _by_start(started), held, tuple(changed))


def _by_start(observations: list[Observation]) -> tuple[Observation, ...]:
    return tuple(sorted(observations, key=lambda each: (each.sample.start_ticks, each.sample.pid)))


def _changes(then: Observation, now: Observation) -> list[Change]:
    # the kernel renames its workers after the work they do, many times a second
    if _has_ended(now.sample) or now.sample.kernel_thread:
        return []
    executed = _executed(then, now)
    fields = tuple(_changed_fields(then, now, executed=executed))
    return [Change(then, now, executed, fields)] if executed or fields else []


def _has_ended(sample: Sample) -> bool:
    # with other threads only the first has ended, and the program runs on
    return sample.state in ENDED and sample.threads < 2


def _executed(then: Observation, now: Observation) -> bool:
    was, is_now = then.sample.image_mark, now.sample.image_mark
    if was == is_now:
        return False
    # an empty mark could not be read: then the image has to show that it is another
    return bool(was and is_now) or any(_differs(then.facts, now.facts, field) for field in IMAGE_EVIDENCE)


def _changed_fields(then: Observation, now: Observation, *, executed: bool) -> list[Field]:
    fields = [field for field, name in SAMPLE_FIELDS.items() if getattr(then.sample, name) != getattr(now.sample, name)]
    fields = [field for field in fields if not _unread(then.facts, field) and not _unread(now.facts, field)]
    if then.facts is not now.facts:
        table = FACTS_FIELDS if executed else (*FACTS_FIELDS, *IMAGE_FIELDS)
        fields += [field for field in table if _differs(then.facts, now.facts, field)]
    return fields


def _differs(then: Facts, now: Facts, field: str) -> bool:
    return getattr(then, field) != getattr(now, field) and _known(then, field) and _known(now, field)


def _known(facts: Facts, field: str) -> bool:
    value = getattr(facts, field)
    return value is not None and value is not OnDisk.UNKNOWN and not _unread(facts, field)


def _unread(facts: Facts, field: str) -> bool:
    return any(name == field for name, _ in facts.unread)

"""Processes that go on without their first thread.

A thread may end before the others, the first one too. The kernel then calls the whole process a zombie, with no image,
no arguments and no directories under its number, while its other threads run on. They share all of that, and below
``task/`` it can still be had of each of them. A program that could hide by ending one thread would do so.
"""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.procfs.files import read_at
from daemoneye.host.procfs.stat import STAT_LIMIT
from daemoneye.model.observation import ENDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from functools import partial

    from daemoneye.model.observation import Sample

# Threads that ended are soon gone, unless somebody traces them. Some 10 microseconds each.
_TRIES: Final = 256


class Living(NamedTuple):
    directory: int  # to be closed by whoever asked
    sample: Sample


def lost_its_leader(sample: Sample) -> bool:
    return sample.threads > 1 and sample.state in ENDED


def living_thread(directory: int, leader: int, parse: partial[Sample]) -> Living | None:
    """Find the first thread that lives; ``None``: the process is on its way out."""
    try:
        tasks = os.open("task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=directory)
    except (FileNotFoundError, ProcessLookupError):
        return None
    try:
        found = (_living(tasks, tid, parse) for tid in _threads(tasks) if tid != leader)
        return next(filter(None, found), None)
    finally:
        os.close(tasks)


def with_body_of(sample: Sample, thread: Sample) -> Sample:
    """Put what a leader gives up when it ends back from a thread that shares it."""
    return sample._replace(rss_bytes=thread.rss_bytes, image_mark=thread.image_mark, uid=thread.uid)


def _threads(tasks: int) -> Iterator[int]:
    with os.scandir(tasks) as entries:
        yield from (int(entry.name) for entry in islice(entries, _TRIES))


def _living(tasks: int, tid: int, parse: partial[Sample]) -> Living | None:
    try:
        thread = os.open(b"%d" % tid, os.O_PATH | os.O_DIRECTORY, dir_fd=tasks)
    except FileNotFoundError:
        return None
    sample = None
    try:
        sample = parse(read_at(thread, b"stat", STAT_LIMIT), pid=tid, uid=os.fstat(thread).st_uid)
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended since it was listed
    finally:
        if sample is None or sample.state in ENDED:
            os.close(thread)
    return None if sample.state in ENDED else Living(thread, sample)

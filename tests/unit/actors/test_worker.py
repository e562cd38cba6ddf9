"""A thread for what takes long."""

from __future__ import annotations

import os
import select
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from daemoneye.actors.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def worker() -> Iterator[Worker[int]]:
    worker: Worker[int] = Worker("work")
    yield worker
    worker.close()


def outcome(worker: Worker[int]) -> int | None:
    assert select.select([worker.descriptor], [], [], 10)[0]
    return worker.collect()


def test_what_comes_of_a_job_is_collected_when_the_descriptor_says_so(worker: Worker[int]) -> None:
    """And then there is room for the next."""
    for number in range(3):
        worker.start(partial(int, number))
        assert worker.busy
        assert outcome(worker) == number
        assert not worker.busy
    assert worker.collect() is None


def test_a_job_runs_beside_its_owner(worker: Worker[int]) -> None:
    """It is another thread, and one that does not keep a process alive."""
    release, threads = threading.Event(), list[threading.Thread]()

    def job() -> int:
        threads.append(threading.current_thread())
        release.wait(10)
        return 7

    worker.start(job)
    assert worker.collect() is None
    release.set()
    assert outcome(worker) == 7
    assert threads[0] is not threading.current_thread()
    assert threads[0].daemon


def test_there_is_one_job_at_a_time(worker: Worker[int]) -> None:
    """Two looks at once would be our own mistake."""
    release = threading.Event()
    worker.start(lambda: release.wait(10))
    with pytest.raises(RuntimeError, match="work: busy"):
        worker.start(int)
    release.set()
    outcome(worker)


@pytest.mark.parametrize("failure", [ZeroDivisionError("by zero"), SystemExit(3), MemoryError()], ids=repr)
def test_what_a_job_raises_reaches_its_owner(worker: Worker[int], failure: BaseException) -> None:
    """Whatever it is: nothing dies in silence in another thread."""

    def job() -> int:
        raise failure

    worker.start(job)
    with pytest.raises(type(failure)) as caught:
        outcome(worker)
    assert caught.value is failure
    assert not worker.busy


def test_a_descriptor_that_will_still_be_written_to_stays_open() -> None:
    """Its number must not be another file's by then."""
    worker: Worker[bool] = Worker("work")
    release = threading.Event()
    worker.start(lambda: release.wait(10))
    with pytest.raises(RuntimeError, match="busy"):
        worker.close()
    release.set()
    assert select.select([worker.descriptor], [], [], 10)[0]
    assert worker.collect()
    worker.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(worker.descriptor)

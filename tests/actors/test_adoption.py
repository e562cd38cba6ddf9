"""Whose child the admin is, when everybody dies at the wrong moment."""

from __future__ import annotations

import ctypes
import os
import time

import pytest

from daemoneye.actors.transport.processes import tie_to_adopter
from tests.fakes.forked import in_a_child

_PR_SET_CHILD_SUBREAPER = 36
_LIVES = 7


def second_fork(adopter: int) -> int:
    """Fork twice, as Thespian does for its admin; the exit code of the second child, which is ours by then."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    first = os.fork()
    if not first:
        self = os.getpid()
        if not os.fork():
            tie_to_adopter(self, adopter)
            time.sleep(0.05)  # a signal for the death of a parent would come at once
            os._exit(_LIVES)
        os._exit(0)
    os.waitpid(first, 0)
    return os.waitstatus_to_exitcode(os.wait()[1])


@pytest.mark.parametrize("adopter", ["whoever", "us"])
def test_who_is_adopted_lives(adopter: str) -> None:
    """By whoever there is; or by the one who has to be there."""
    assert in_a_child(lambda: second_fork(os.getpid() if adopter == "us" else 0)) == _LIVES


def test_who_is_adopted_by_somebody_else_ends() -> None:
    """The main process was killed while its tree was being started: the next one must not find the old admin."""
    assert in_a_child(lambda: second_fork(os.getppid())) == 1

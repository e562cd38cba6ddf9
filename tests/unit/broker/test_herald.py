"""What the init system hears."""

from __future__ import annotations

import pytest

from daemoneye.broker.herald import Herald
from daemoneye.supervisor.transitions import TreeState

RUNNING, DEGRADED, STARTING, STOPPING = (
    TreeState.RUNNING,
    TreeState.DEGRADED,
    TreeState.STARTING,
    TreeState.STOPPING,
)


@pytest.mark.parametrize("state", [RUNNING, DEGRADED])
def test_ready_is_said_once(state: TreeState) -> None:
    """Ready when the tree is up, be it with a child less; afterwards only what is new."""
    herald = Herald()
    assert herald.state(STARTING, "") == ("STATUS=starting",)
    assert herald.state(state, "up") == ("READY=1", "STATUS=up")
    assert herald.state(RUNNING, "up") == ()
    assert herald.state(DEGRADED, "one is down") == ("STATUS=one is down",)
    assert herald.state(STOPPING, "one is down") == ()


def test_a_lost_tree_does_not_make_us_ready_again() -> None:
    """To those who wait for us we stayed the same service."""
    herald = Herald()
    herald.state(RUNNING, "up")
    assert herald.lost("runner: killed") == ("STATUS=starting again: runner: killed",)
    assert herald.state(RUNNING, "up") == ("STATUS=up",)


def test_a_reload_is_opened_and_closed() -> None:
    """The init system knows the time from which on the new settings count."""
    herald = Herald()
    herald.state(RUNNING, "up")
    assert herald.reloading(1.5) == ("RELOADING=1", "MONOTONIC_USEC=1500000")
    assert herald.state(RUNNING, "up") == ()
    assert herald.reloaded() == ("READY=1",)
    assert herald.reloaded() == ()


def test_a_reload_whose_tree_is_lost_is_closed_by_the_next() -> None:
    """A reload is never left open, or the init system would wait for us and then kill us."""
    herald = Herald()
    herald.state(RUNNING, "up")
    herald.reloading(1.0)
    herald.lost("x")
    assert herald.state(STARTING, "") == ("STATUS=starting",)
    assert herald.state(RUNNING, "up") == ("READY=1", "STATUS=up")


def test_there_is_no_reload_before_readiness_and_none_while_stopping() -> None:
    """The words come in an order that the init system accepts."""
    herald = Herald()
    assert (herald.reloading(1.0), herald.reloaded()) == ((), ())
    assert herald.stopping("SIGTERM") == ("STOPPING=1", "STATUS=stopping: SIGTERM")
    assert herald.stopping("again") == ()
    assert herald.state(RUNNING, "up") == ("STATUS=up",)
    herald = Herald()
    herald.state(RUNNING, "up")
    herald.reloading(1.0)
    herald.stopping("SIGTERM")
    assert (herald.reloaded(), herald.reloading(2.0)) == ((), ())

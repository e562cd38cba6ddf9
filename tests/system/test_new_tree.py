"""A tree that takes the place of a lost one, and the settings that it has."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from chaos.agent import Agent
from daemoneye.settings.files import digest, gather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.model.status import Status


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent() as agent:
        agent.until_running()
        yield agent


def after_another_tree(agent: Agent) -> Status:
    tree = agent.until_running().tree
    os.kill(agent.by_role()["supervisor"].pid, signal.SIGKILL)

    def there() -> Status | None:
        status = agent.status()
        return status if status and status.tree > tree and status.state == "running" else None

    return agent.until(there, "another tree")


def test_settings_that_were_accepted_outlive_the_supervisor(agent: Agent) -> None:
    """What a reload has put in force stays in force when the supervisor dies."""
    agent.configure({"scan": {"interval": "333ms"}})
    with agent.client() as client:
        client.reload()
    status = after_another_tree(agent)
    assert status.config
    assert status.config.sha256 == digest(gather(agent.config))


def test_settings_that_are_not_valid_do_not_keep_a_new_tree_from_starting(agent: Agent) -> None:
    """A mistake in the file is told, and those of the start are in force."""
    before = digest(gather(agent.config))
    agent.configure({"scan": {"interval": "soon"}})
    status = after_another_tree(agent)
    assert status.config
    assert status.config.sha256 == before
    assert "'soon': a duration" in agent.logged("config.rejected")[0]["message"]

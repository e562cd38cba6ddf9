"""What an operator may have done to a child."""

from __future__ import annotations

import pytest

from daemoneye.actors.wishes import judged
from daemoneye.messages.hashing import ReplaceWorker
from daemoneye.model.agent import ChildAction
from daemoneye.supervisor import events

CHILDREN, WORKERS = ("gateway", "hashing"), ("hasher_1",)


@pytest.mark.parametrize(
    ("action", "name", "follows"),
    [
        (ChildAction.RESTART, "gateway", events.RestartRequested("gateway")),
        (ChildAction.PAUSE, "hashing", events.PauseRequested("hashing")),
        (ChildAction.RESUME, "hashing", events.ResumeRequested("hashing")),
        (ChildAction.RESTART, "hasher_1", ReplaceWorker(name="hasher_1")),
    ],
)
def test_what_is_granted_is_carried_out(action: ChildAction, name: str, follows: object) -> None:
    """By the policy, or by the one whose child it is."""
    wish = judged(action, name, children=CHILDREN, workers=WORKERS)
    assert wish.granted
    assert wish.follows == follows
    assert wish.answer == f"{name}: {action.name.lower()}"


@pytest.mark.parametrize(
    ("action", "name", "answer"),
    [
        (ChildAction.PAUSE, "gateway", "gateway: cannot be paused"),
        (ChildAction.PAUSE, "hasher_1", "hasher_1: only hashing as a whole"),
        (ChildAction.RESUME, "hasher_1", "hasher_1: only hashing as a whole"),
        (ChildAction.RESTART, "hasher_2", "hasher_2: no such child: one of gateway, hashing, hasher_1"),
        (ChildAction.UNSPECIFIED, "hashing", "no such action"),
    ],
)
def test_what_is_refused_says_why(action: ChildAction, name: str, answer: str) -> None:
    """In a line, and nothing follows from it."""
    wish = judged(action, name, children=CHILDREN, workers=WORKERS)
    assert not wish.granted
    assert answer in wish.answer

from __future__ import annotations

import pytest

from daemoneye.gateway.admission import Admission

RULE = Admission(uids=frozenset({100}), gids=frozenset({50}))


@pytest.mark.parametrize(
    ("uid", "gid", "groups", "admitted"),
    [
        (0, 0, (), True),  # root, whatever the rule
        (100, 1, (), True),
        (101, 50, (), True),
        (101, 1, (7, 50), True),
        (101, 1, (7, 51), False),
        (50, 100, (100, 0), False),  # an account is not a group
    ],
)
def test_root_named_accounts_and_members_of_named_groups_are_admitted(
    uid: int, gid: int, groups: tuple[int, ...], admitted: bool
) -> None:
    """Nobody else learns what runs on this machine."""
    assert RULE.admits(uid, gid, groups) is admitted


def test_without_a_rule_only_root_is_admitted() -> None:
    """Nobody is let in by default."""
    assert Admission().admits(0, 5, ())
    assert not Admission().admits(1, 0, (0,))

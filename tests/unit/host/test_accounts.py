from __future__ import annotations

import grp
import pwd
from typing import TYPE_CHECKING

from daemoneye.host.accounts import group_id, user_id

if TYPE_CHECKING:
    import pytest


def test_a_name_becomes_the_number_that_the_system_has_for_it() -> None:
    """Names in ipc.allow_users and ipc.allow_groups are those of this host."""
    user, group = pwd.getpwuid(0), grp.getgrgid(0)
    assert (user_id(user.pw_name), group_id(group.gr_name)) == (0, 0)


def test_a_number_is_a_number_whether_or_not_an_account_has_it() -> None:
    """An account that only a container knows can be named by its number."""
    assert (user_id("4000000000"), group_id("12345")) == (4000000000, 12345)


def test_what_does_not_exist_is_nobody() -> None:
    """A missing account lets nobody in, and stops nothing."""
    assert (user_id("no-such-account"), group_id("no-such-group")) == (None, None)


def test_a_directory_service_that_fails_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage elsewhere does not keep the agent from starting."""

    def fail(_: str) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(pwd, "getpwnam", fail)
    monkeypatch.setattr(grp, "getgrnam", fail)
    assert (user_id("alice"), group_id("staff")) == (None, None)

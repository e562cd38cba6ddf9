"""Who may be a client, and how many: the settings, as this machine and this process can keep them."""

from __future__ import annotations

import resource
import sys
from typing import TYPE_CHECKING, Final

from daemoneye.gateway.admission import Admission
from daemoneye.host.accounts import group_id, user_id
from daemoneye.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.messages.supervision import GatewaySettings

# Twelve are open before the first client comes, a look into the record takes four, a file of metrics two, and Thespian
# opens one each time it waits: without it the process ends.
_OWN_DESCRIPTORS: Final = 24


def admission(settings: GatewaySettings) -> Admission:
    return Admission(
        uids=frozenset({settings.user_uid, *_numbers("user", settings.allow_users, user_id)}),
        gids=frozenset(_numbers("group", settings.allow_groups, group_id)),
    )


def most_clients(settings: GatewaySettings) -> int:
    return min(settings.max_clients, max(1, _descriptors() - _OWN_DESCRIPTORS))


def _descriptors() -> int:
    """How many this process may have; so many that a client more or less does not matter, if there is no limit."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def _numbers(kind: str, names: tuple[str, ...], look_up: Callable[[str], int | None]) -> Iterator[int]:
    for name in names:
        number = look_up(name)
        if number is None:
            log("warning", "gateway.account_missing", kind=kind, name=name)
        else:
            yield number

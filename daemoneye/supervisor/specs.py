"""A supervisor is data: who is kept alive, in which order, and when to give up.

The words are those of Erlang/OTP, whose supervisors have kept telephone exchanges up since the nineties. A *permanent*
child is always restarted, a *transient* one when it ended abnormally, a *temporary* one never. The *strategy* says
whose lives are tied together: a child that dies is restarted alone, or with those that were started after it and may
hold what came from it, or with all. *Intensity* and *period* say how many unplanned restarts are a repair; one more,
and this supervisor is not the one who can mend it.

Where we differ from OTP: a child proves life and progress by heartbeats, restarts back off, a child that cannot be
started the first time is tried again like any other, and no shutdown may take for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# An actor answers after 5 ms and the whole agent has two seconds to become ready; five times that is a loaded host.
START_TIMEOUT_S: Final = 10.0
# What OTP gives a worker.
SHUTDOWN_S: Final = 5.0


class Manner(StrEnum):
    """How a life ended."""

    NORMAL = "normal"  # it had done its work
    SHUTDOWN = "shutdown"  # it was asked to, or follows somebody who was
    ABNORMAL = "abnormal"  # it crashed, was killed, could not be started


class Restart(StrEnum):
    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"

    def wanted_after(self, manner: Manner) -> bool:
        return self is Restart.PERMANENT or (self is Restart.TRANSIENT and manner is Manner.ABNORMAL)


class Strategy(StrEnum):
    ONE_FOR_ONE = "one_for_one"
    REST_FOR_ONE = "rest_for_one"
    ONE_FOR_ALL = "one_for_all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    name: str
    restart: Restart = Restart.PERMANENT
    start_timeout_s: float = START_TIMEOUT_S  # to become ready
    shutdown_s: float = SHUTDOWN_S  # from being asked to stop until it is killed; 0: killed without being asked

    def __post_init__(self) -> None:
        if self.start_timeout_s <= 0:
            raise ValueError(f"{self.name}: start_timeout_s {self.start_timeout_s}: more than 0")
        if self.shutdown_s < 0:
            raise ValueError(f"{self.name}: shutdown_s {self.shutdown_s}: 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorSpec:
    """The four numbers have no default here: they are settings, and have theirs there."""

    name: str
    children: tuple[ChildSpec, ...]  # in the order in which they are started; they are stopped in the reverse
    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: int  # so many unplanned restarts of all children together ...
    period_s: float  # ... within so many seconds are tolerated
    heartbeat_interval_s: float
    missed_heartbeats: int

    def __post_init__(self) -> None:
        names = [each.name for each in self.children]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: children {', '.join(names)}: each name once")
        if self.intensity < 0 or self.missed_heartbeats < 1:
            raise ValueError(f"{self.name}: {self.intensity} restarts, {self.missed_heartbeats} beats: from 0, from 1")
        if self.period_s <= 0 or self.heartbeat_interval_s <= 0:
            raise ValueError(f"{self.name}: {self.period_s} s, {self.heartbeat_interval_s} s: more than 0")

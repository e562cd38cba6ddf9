"""The life of a child, as one table: in this state, this event, that reaction.

    waiting ──> starting ──> running        waiting: for its turn, which comes when those before it are settled
       ^           │            │           stopping: asked to stop, or killed; only the death itself ends it
       │           ├────────────┤
    backing_off <──┤ it died    │ it must go
                   v            v
         stopped, failed     stopping ──> waiting, paused, stopped: as decided when it was sent away

Every combination is decided here. Two of the answers are "nothing", for two reasons: ``late`` is news of a life that is
over (deaths are told twice, answers cross with kills), ``moot`` asks for what is so already. ``never`` is an event that
only a mistake in this program can bring about. What a child says can be wrong in any way and is never ``never``: a
compromised child must not be able to end its supervisor.

What the other reactions do stands in ``machine.py``, a method for each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from daemoneye.supervisor.events import (
    ChildDied,
    ChildStarted,
    Heartbeat,
    News,
    PauseRequested,
    Request,
    RestartRequested,
    ResumeRequested,
    StartFailed,
    Timer,
)


class ImpossibleEventError(Exception):
    """Only a mistake in this program can have brought this about."""


class State(StrEnum):
    """Of a child."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    BACKING_OFF = "backing_off"
    PAUSED = "paused"
    STOPPED = "stopped"  # by itself and as it should, or with the tree
    FAILED = "failed"  # and will not be restarted


class TreeState(StrEnum):
    STARTING = "starting"  # not all have had their first turn
    RUNNING = "running"
    DEGRADED = "degraded"  # somebody who should be up is not, be it that an operator wants it so
    STOPPING = "stopping"


class Reaction(StrEnum):
    LATE = "late"
    MOOT = "moot"
    NEVER = "never"
    STRAY = "stray"  # somebody came up whom nobody expects any more
    READY = "ready"
    SLOW = "slow"  # did not become ready in time
    BEAT = "beat"
    PULSE = "pulse"  # time to ask, or to judge
    FELL = "fell"  # died unasked
    GONE = "gone"  # died as it had to
    REMIND = "remind"  # it came up after it was told to go: perhaps it was not there to hear it
    PRESS = "press"  # does not go
    RESTART = "restart"
    PAUSE = "pause"
    PARK = "park"  # pause, once it is down
    HOLD = "hold"  # pause; it is down
    RECALL = "recall"  # not paused after all, but restarted
    QUEUE = "queue"  # has waited long enough; now for its turn


Kind: TypeAlias = type[News | Request] | Timer

KINDS: Final[tuple[Kind, ...]] = (
    *(ChildStarted, ChildDied, StartFailed, Heartbeat),
    *(RestartRequested, PauseRequested, ResumeRequested),
    Timer.DUE,
)

_ROWS: Final = {
    #                   started  died  failed  beat   restart  pause  resume   due
    State.WAITING: "    stray    late  late    late   moot     hold   moot     never",
    State.STARTING: "   ready    fell  fell    late   restart  pause  moot     slow",
    State.RUNNING: "    moot     fell  fell    beat   restart  pause  moot     pulse",
    State.STOPPING: "   remind   gone  gone    late   recall   park   recall   press",
    State.BACKING_OFF: "stray    late  late    late   restart  hold   moot     queue",
    State.PAUSED: "     stray    late  late    late   restart  moot   restart  never",
    State.STOPPED: "    stray    late  late    late   restart  hold   moot     never",
    State.FAILED: "     stray    late  late    late   restart  hold   moot     never",
}

REACTIONS: Final[dict[tuple[State, Kind], Reaction]] = {
    (state, kind): Reaction(word) for state, row in _ROWS.items() for kind, word in zip(KINDS, row.split(), strict=True)
}

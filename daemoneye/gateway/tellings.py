"""What actors say, as clients hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.gateway.lists import LISTS
from daemoneye.model.agent import (
    GATEWAY,
    Accepted,
    Answer,
    ChildAction,
    ChildRequest,
    Refusal,
    RefusalCode,
    ReloadRequest,
)
from daemoneye.model.status import Health
from daemoneye.outputs.tallies import Sink

if TYPE_CHECKING:
    from daemoneye.messages.control import Done, StatusReport
    from daemoneye.messages.observation import SnapshotRefusal
    from daemoneye.model.status import SinkReport

_NO_ANSWER: Final = RefusalCode.NO_ANSWER
_UNAVAILABLE: Final = RefusalCode.UNAVAILABLE

LATE: Final = Refusal(code=_NO_ANSWER, text="the supervisor did not answer in time: ask again")
UNCONTINUED: Final = Refusal(code=_NO_ANSWER, text="the collector did not go on in time: ask again")
LOST: Final = Refusal(code=_UNAVAILABLE, text="the collector was restarted meanwhile: ask again")
NOBODY: Final = Refusal(code=_UNAVAILABLE, text="the collector is not there: ask again when it is")
BUSY: Final = Refusal(code=_UNAVAILABLE, text=f"{LISTS} lists of processes are on their way: ask again")
UNREAD: Final = Refusal(code=_NO_ANSWER, text="the disk did not show what is on it in time: ask again")
ONE_LOOKUP: Final = Refusal(
    code=RefusalCode.REFUSED, text="a look at what is on the disk is under way for this client: one a time"
)
UNTRUSTED: Final = Refusal(code=_UNAVAILABLE, text="integrity is not there: nothing is changed, ask again when it is")
_PERHAPS: Final = "see what is trusted, and ask again"
UNDECIDED: Final = Refusal(code=_NO_ANSWER, text=f"integrity did not answer in time: {_PERHAPS}")
CUT_OFF: Final = Refusal(code=_UNAVAILABLE, text=f"integrity was restarted meanwhile: {_PERHAPS}")
ONE_EACH: Final = Refusal(code=RefusalCode.REFUSED, text="a list of processes is on its way to this client: one a time")


def quoted(reason: SnapshotRefusal) -> Refusal:
    return Refusal(code=_UNAVAILABLE, text=f"the collector refuses: {reason}")


def sink(report: SinkReport) -> Sink:
    return Sink(
        name=report.name,
        up=report.state == "connected",
        sent=report.acknowledged,
        retries=report.retries,
        lost=report.set_aside,
        last_success_ms=report.last_success_ms,
    )


def health(report: StatusReport, child: str | None) -> Health | Refusal:
    if child is not None and (refusal := unknown_child(report, child)):
        return refusal
    return Health(children=tuple(each for each in report.children if child in (None, each.name)))


def unknown_child(report: StatusReport, child: str) -> Refusal | None:
    names = [each.name for each in report.children]
    if child in names:
        return None
    return Refusal(code=RefusalCode.UNKNOWN_CHILD, text=f"{child[:60]}: no such child: one of {', '.join(names)}")


def never(body: ChildRequest) -> Refusal | None:
    """What is refused whatever the supervisor would say."""
    if body.action not in {ChildAction.RESTART, ChildAction.PAUSE, ChildAction.RESUME}:
        return Refusal(code=RefusalCode.UNKNOWN_REQUEST, text=f"action {int(body.action)}: restart, pause or resume")
    if body.action is ChildAction.PAUSE and body.child == GATEWAY:
        text = "gateway: cannot be paused: it is what a resume would have to come through"
        return Refusal(code=RefusalCode.REFUSED, text=text)
    return None


def outcome(body: object, done: Done) -> Answer:
    if done.ok:
        return Accepted(text=done.text)
    code = RefusalCode.REJECTED if isinstance(body, ReloadRequest) else RefusalCode.REFUSED
    return Refusal(code=code, text=done.text)


def farewell(body: object) -> Answer:
    """To whoever waits when the gateway is asked to stop: for one request that is the very proof that it was heard."""
    if isinstance(body, ChildRequest) and (body.child, body.action) == (GATEWAY, ChildAction.RESTART):
        return Accepted(text="gateway: restart")
    return Refusal(code=_UNAVAILABLE, text="the gateway is stopping: ask again when it is back")

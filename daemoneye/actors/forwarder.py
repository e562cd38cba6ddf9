"""The forwarder: what the journal has recorded goes to receivers that acknowledge it.

What for: rsyslog over RELP and NATS JetStream, each at its own pace, each once at least.

Which privilege: none. It is the only process that may open a connection to another host, and exists only where an
output that needs one is switched on. It may write in a directory of its own below ``paths.state_dir``.

What it accepts: ``Pulled`` and ``PullRefused`` of the journal, ``Taken`` of the gateway, besides what every role
accepts. What receivers say is heard in ``forwarding/``, in a thread for each of them.

What it emits: ``Pull`` to the journal, one at a time for each output; ``SinksState`` to the gateway, when something has
changed and at most once a second. A line in the log when a receiver is away, is back, or does not get a record.

How it dies: at an error in its code. A receiver that is away, slow or mad is no reason to: it waits, and says so.
"""

from __future__ import annotations

import random
import select
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, assert_never

from daemoneye.actors.base import RoleActor
from daemoneye.actors.bulletin import Bulletin
from daemoneye.actors.worker import Worker
from daemoneye.forwarding.courier import Courier
from daemoneye.forwarding.desk import Desk, Outlook, PutAside, State, Wanted
from daemoneye.forwarding.health import Health
from daemoneye.forwarding.shelf import Shelf
from daemoneye.logs import log
from daemoneye.messages.delivery import Taken
from daemoneye.messages.forwarding import Pull, Pulled, PullRefused, SinksState
from daemoneye.model.status import SinkReport
from daemoneye.outputs.origin import Origin
from daemoneye.tree import GATEWAY, JOURNAL

if TYPE_CHECKING:
    from daemoneye.forwarding.line import Receiver
    from daemoneye.messages.forwarding import ToForwarder
    from daemoneye.messages.supervision import ForwarderSettings

# What the courier takes to say goodbye, and a little; the supervisor waits longer.
_PATIENCE_S: Final = 3.0
TELL_S: Final = 1.0  # nobody reads a status faster
_TELL: Final = "tell"
# By name, because what an output is made of is loaded only where it is switched on, and then before privileges go.
RECEIVERS: Final = {
    "relp": ("daemoneye.forwarding.relp", "RelpReceiver"),
    "nats": ("daemoneye.forwarding.jetstream", "JetStreamReceiver"),
}


@dataclass(slots=True)
class Output:
    """One receiver, and the thread that looks after it."""

    name: str
    desk: Desk
    worker: Worker[None]
    said: Outlook
    asked: int | None = None  # the number of a question that the journal has not answered
    wanted: Wanted | None = None  # to be asked, when there is a journal
    counted: int = 0  # for the heartbeat
    complaint: str = ""  # that was made last

    @property
    def report(self) -> SinkReport:
        seen = self.desk.outlook
        return SinkReport(
            name=self.name,
            state=seen.state.value,
            trouble=seen.trouble or seen.disk,
            acknowledged=seen.acked,
            set_aside=seen.set_aside,
            retries=seen.retries,
            behind=seen.behind,
            last_success_ms=seen.last_success_ms,
        )


class Forwarder(RoleActor):
    role = "forwarder"

    def begin(self, settings: ForwarderSettings) -> None:
        origin = Origin(version=settings.version, host_name=settings.host_name, host_id=settings.host_id)
        given: dict[str, Any] = {"relp": settings.relp, "nats": settings.nats}
        self._outputs = [_opened(name, of, settings, origin) for name, of in given.items() if of.enabled]
        self._requests = 0
        self._bulletin: Bulletin[tuple[SinkReport, ...]] = Bulletin(self._say_state)
        self._tells = False
        for output in self._outputs:
            self.watch(output.desk.news)
            self.watch(output.worker.descriptor)
        self._tell()

    def apply(self, settings: ForwarderSettings) -> None:
        """Whatever is changed takes a new connection: the supervisor restarts this one for it."""

    @property
    def idle(self) -> bool:
        """A receiver that lets us wait is not ours to hurry: whoever waits for one does what can be done."""
        return all(output.desk.waiting for output in self._outputs)

    def introduced(self, role: str) -> None:
        if role == JOURNAL:  # another process, which knows of no question
            for output in self._outputs:
                if output.asked is not None:
                    output.desk.give(PullRefused(request=output.asked, reason="the journal was restarted"))
                    output.asked = None
                self._ask(output)
        elif role == GATEWAY:
            self._bulletin.arrived()
            self._tell()

    def receive(self, message: ToForwarder, speaker: str) -> None:  # noqa: ARG002 - the table decides
        match message:
            case Pulled() | PullRefused():
                for output in self._outputs:
                    if output.asked == message.request:
                        output.asked = None
                        output.desk.give(message)
            case Taken():
                self._bulletin.taken(message.number)
            case _:
                assert_never(message)

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:
        for output in self._outputs:
            if output.worker.descriptor in descriptors:
                output.worker.collect()  # raises what ended it
            if output.desk.news in descriptors:
                self._look_at(output)
        self._tell()

    def woken(self, purpose: str) -> None:
        if purpose == _TELL:
            self._tells = False
            self._tell()

    # -- an output

    def _look_at(self, output: Output) -> None:
        for news in output.desk.collect():
            match news:
                case Wanted():
                    output.wanted = news
                case PutAside():
                    log("error", "forwarder.set_aside", output=output.name, stream=news.stream, sequence=news.sequence,
                        id=news.id, tries=news.tries, because=news.reason)  # fmt: skip
                case _:
                    assert_never(news)
        self._ask(output)
        seen = output.desk.outlook
        self.progress(seen.acked + seen.set_aside - output.counted)
        output.counted = seen.acked + seen.set_aside
        self._log(output, output.said, seen)
        output.said = seen

    def _log(self, output: Output, before: Outlook, now: Outlook) -> None:
        """A complaint is made once, until a record was taken: whoever lets us in has not taken one yet."""
        works = now.acked > before.acked
        if (before.state is State.CONNECTING and now.state is State.CONNECTED) or (works and output.complaint):
            log("info", "forwarder.connected", output=output.name)
            output.complaint = ""
        if now.trouble not in {"", output.complaint}:
            log("warning", "forwarder.degraded", output=output.name, state=now.state.value, because=now.trouble)
            output.complaint = now.trouble
        if now.disk not in {"", before.disk}:
            log("error", "forwarder.cannot_save", output=output.name, because=now.disk)

    def _ask(self, output: Output) -> None:
        if output.wanted is None:
            return
        wanted, number = output.wanted, self._requests + 1
        pull = Pull(request=number, alerts=wanted.alerts, events=wanted.events, anchored=wanted.anchored)
        if self.say(JOURNAL, pull):
            self._requests, output.asked, output.wanted = number, number, None

    # -- telling

    def _tell(self) -> None:
        if self._tells:
            return
        self._tells = True
        self.wake_after(TELL_S, _TELL)
        self._bulletin.tell(tuple(output.report for output in self._outputs))

    def _say_state(self, number: int, sinks: tuple[SinkReport, ...]) -> bool:
        return self.say(GATEWAY, SinksState(number=number, sinks=sinks))

    def end(self) -> None:
        """What was sent is still acknowledged, if that happens soon; the cursors are saved in any case."""
        until_s = time.monotonic() + _PATIENCE_S
        for output in self._outputs:
            output.desk.stop()
        for output in self._outputs:
            if output.worker.busy:
                select.select([output.worker.descriptor], [], [], max(0.0, until_s - time.monotonic()))


def _opened(name: str, settings: Any, given: ForwarderSettings, origin: Origin) -> Output:
    module, kind = RECEIVERS[name]
    receiver: Receiver = getattr(import_module(module), kind)(settings, origin)
    desk, shelf = Desk(), Shelf(Path(given.directory), name)
    courier = Courier(
        receiver, desk, shelf, Health(origin), backlog_rate=settings.backlog_rate, random=random.SystemRandom().random
    )
    output = Output(name, desk, Worker(name), desk.outlook)
    output.worker.start(courier.run)
    return output

"""The gateway: answers on agent.sock.

- What for: whoever may, asks the agent how it is and tells it what to do.
- Privilege: none. It has the listening socket that main opened, reads two files of others, and writes none but that of
  the metrics, where there is one.
- Takes: frames of clients; ``StatusReport`` and ``Done`` of the supervisor; snapshots of the collector; ``Accepted`` of
  integrity; how the others are.
- Says: to the supervisor what an operator wants; to integrity what one trusts; to the collector that somebody wants the
  list of processes.
- Dies: when it is asked to, after it has said so to those who wait. The socket outlives it: who connects meanwhile is
  answered by the next one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye import __version__
from daemoneye.actors.admitting import admission, most_clients
from daemoneye.actors.base import SUPERVISOR, RoleActor
from daemoneye.actors.lookups import Lookups
from daemoneye.actors.metering import PERIOD_S, MetricsFile
from daemoneye.actors.reception import Reception
from daemoneye.gateway import tellings, trusts
from daemoneye.gateway.desk import Desk, Waiting
from daemoneye.gateway.lists import LISTS, Asker, Lists
from daemoneye.gateway.meter import Meter
from daemoneye.gateway.notebook import Notebook
from daemoneye.gateway.trusts import Trusts
from daemoneye.logs import log
from daemoneye.messages.control import Done, StatusReport
from daemoneye.messages.integrity import Accepted
from daemoneye.messages.observation import PartTaken, Scanned, SnapshotPart, SnapshotRefused, TakeSnapshot
from daemoneye.model.agent import Answer, ChildRequest, HealthRequest, ProcessesRequest, ReloadRequest, StatusRequest
from daemoneye.model.lookup import EntriesRequest, Metrics, MetricsRequest
from daemoneye.model.status import ClientsReport
from daemoneye.model.trust import BaselinesRequest, TrustRequest
from daemoneye.tree import COLLECTOR, INTEGRITY
from daemoneye.wire.framing import MAX_FRAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.actors.transport.kin import Peer
    from daemoneye.gateway.notebook import Told
    from daemoneye.gateway.session import Drop
    from daemoneye.messages.control import FromSupervisor
    from daemoneye.messages.observation import FromCollector
    from daemoneye.messages.supervision import GatewaySettings
    from daemoneye.model.status import Status


# Patience is counted in seconds; nobody minds half of one more.
_ROUND_S: Final = 0.5
_TURN: Final = "turn"
_ROUND: Final = "round"
_METRICS: Final = "metrics"
_FILE: Final = Waiting(Asker(0, 0), MetricsRequest())  # nobody waits at the socket for it: clients count from one


class Gateway(RoleActor):
    role = "gateway"

    def begin(self, settings: GatewaySettings) -> None:
        self._desk = Desk()
        self._lists = Lists()
        self._lookups = Lookups(Path(settings.state_dir))
        self._trusts = Trusts()
        self._notebook = Notebook()
        self._meter = Meter()
        self._file = MetricsFile(settings.metrics_textfile)
        self._largest = MAX_FRAME
        self._round_comes = self._turn_comes = False
        self._reception = Reception(self.inherited.sockets.values(), f"daemoneye {__version__}", self._tell)
        self.apply(settings)
        for part in self._parts:
            self.watch(part.fileno())
        if self._file.wanted:
            self.wake_after(0, _METRICS)

    @property
    def _parts(self) -> tuple[Reception | Lookups | MetricsFile, ...]:
        return self._reception, self._lookups, self._file

    def apply(self, settings: GatewaySettings) -> None:
        """For who comes from now on; whoever is here stays."""
        self._reception.max_clients = most_clients(settings)
        self._reception.max_frame = settings.max_frame
        self._reception.admission = admission(settings)
        # a list is cut to what every session, older ones too, lets through
        self._largest = min(settings.max_frame, self._largest)

    def introduced(self, role: str) -> None:
        """There is a new one, that knows nothing of what the old one was asked."""
        if role == COLLECTOR:
            self._answer_all(self._lists.clear(), tellings.LOST)
        elif role == INTEGRITY:
            self._answer_all(self._trusts.clear(), tellings.CUT_OFF)
        self._settle()

    @property
    def idle(self) -> bool:
        return not self._reception.has_more

    # -- clients

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:  # noqa: ARG002 - all are asked
        if found := self._lookups.collect():
            self._answer(*found)
        self._file.collect(time.time_ns() // 1_000_000)
        self._turn()

    def woken(self, purpose: str) -> None:
        if purpose == _TURN:
            self._turn_comes = False
            self._turn()
        elif purpose == _ROUND:
            self._round_comes = False
            self._round()
        elif purpose == _METRICS:
            self._desk.want_status(_FILE, self.clock())
            self.wake_after(PERIOD_S, _METRICS)
            self._settle()

    def _turn(self) -> None:
        for client, envelope in self._reception.turn(self.clock()):
            self._take(Asker(client, envelope.id), envelope.body)
        self.progress()  # a turn that only refused has got on, too
        self._settle()

    def _take(self, asker: Asker, request: object) -> None:
        match request:
            case StatusRequest() | HealthRequest() | MetricsRequest():
                self._desk.want_status(Waiting(asker, request), self.clock())
            case ChildRequest():
                if refusal := tellings.never(request):
                    self._answer(asker, refusal)
                else:  # first see whether there is such a child
                    self._desk.want_status(Waiting(asker, request), self.clock())
            case ReloadRequest():
                self._desk.want_reload(Waiting(asker, request), self.clock())
            case ProcessesRequest():
                self._list(asker)
            case EntriesRequest() | BaselinesRequest():
                if self._lookups.of(asker.client):
                    self._answer(asker, tellings.ONE_LOOKUP)
                else:
                    self._lookups.want(asker, request, self._largest, self.clock())
            case TrustRequest():
                if answer := self._trust(asker, request):
                    self._answer(asker, answer)

    def _list(self, asker: Asker) -> None:
        if self._lists.of(asker.client):
            self._answer(asker, tellings.ONE_EACH)
        elif len(self._lists) >= LISTS:
            self._answer(asker, tellings.BUSY)
        elif self.say(COLLECTOR, TakeSnapshot(request=(number := self._desk.next_number()))):
            self._lists.open(number, asker, self.clock())
        else:
            self._answer(asker, tellings.NOBODY)

    def _trust(self, asker: Asker, request: TrustRequest) -> Answer | None:
        """Take down a part; with the last one, let integrity know."""
        if refusal := self._trusts.add(asker.client, request):
            return refusal
        if not request.last:
            return trusts.COLLECTED
        number = self._desk.next_number()
        if not (message := self._trusts.accept(number, asker, self.clock())):
            return trusts.BUSY
        if not self.say(INTEGRITY, message):
            self._trusts.give_up(number)
            return tellings.UNTRUSTED
        peer, first = self._reception.peer(asker.client), message.trusts[0].path if message.trusts else ""
        log("info", "gateway.trust_asked", count=len(message.trusts), first=first, peer_pid=peer.pid, peer_uid=peer.uid)
        return None

    # -- the rest of the agent

    def receive(self, message: FromSupervisor | FromCollector | Accepted | Told, speaker: str) -> None:
        match message:
            case StatusReport() | Done():
                for waiting in self._desk.answered(message.request):
                    self._report(waiting, message)
            case SnapshotPart():
                self._pass_on(message)
            case SnapshotRefused():
                if refused := self._lists.close(message.request):
                    self._answer(refused, tellings.quoted(message.reason))
            case Accepted():
                if decided := self._trusts.answered(message):
                    self._answer(*decided)
            case _:
                if isinstance(message, Scanned):
                    self._meter.scanned(message)
                self.say(speaker, self._notebook.note(message))
        self.progress()
        self._settle()

    def _report(self, waiting: Waiting, report: StatusReport | Done) -> None:
        asker, body = waiting
        if isinstance(report, Done):
            self._answer(asker, tellings.outcome(body, report))
            return
        match body:
            case HealthRequest():
                self._answer(asker, tellings.health(report, body.child))
            case ChildRequest():
                if refusal := tellings.unknown_child(report, body.child):
                    self._answer(asker, refusal)
                else:
                    self._desk.want_child(waiting, body, self.clock())
            case MetricsRequest():
                self._tell_metrics(waiting, self._status(report))
            case _:
                self._answer(asker, self._status(report))

    def _tell_metrics(self, waiting: Waiting, status: Status) -> None:
        text = self._meter.text(status, self._reception.max_clients, self._notebook, self._file.sinks)
        if waiting is _FILE:
            self._file.write(text)
        else:
            self._answer(waiting.asker, Metrics(text=text))

    def _status(self, report: StatusReport) -> Status:
        # the pid is that of main, which forks every process of the tree
        return self._notebook.status(report, pid=os.getppid(), version=__version__, clients=self._clients)

    @property
    def _clients(self) -> ClientsReport:
        dropped = tuple(sorted((str(why), count) for why, count in self._reception.dropped.items()))
        return ClientsReport(connected=len(self._reception), admitted=self._reception.admitted, dropped=dropped)

    def _pass_on(self, message: SnapshotPart) -> None:
        listing = self._lists.take(message.request, message.part, self.clock())
        if listing is None:
            return
        coverage = self._notebook.scanned.coverage if self._notebook.scanned else None
        for answer in listing.frames(message.records, self._largest, coverage, last=message.last):
            if listing.asker:
                self._answer(listing.asker, answer, last=answer.last)

    # -- after everything

    @staticmethod
    def clock() -> float:
        return time.monotonic()

    def _answer(self, asker: Asker, answer: Answer, *, last: bool = True) -> None:
        self._reception.answer(asker.client, asker.number, answer, self.clock(), last=last)

    def _answer_all(self, askers: Iterable[Asker], answer: Answer) -> None:
        for asker in askers:
            self._answer(asker, answer)

    def _settle(self) -> None:
        """Everything that follows: questions and acknowledgements out, bytes out, and when to be here again."""
        for question in self._desk.to_say():
            self.say(SUPERVISOR, question)
        now_s = self.clock()
        for client in self._reception.settle(now_s):
            for each in (self._desk, self._lists, self._lookups, self._trusts):
                each.forget(client)
        for request, part in self._lists.acknowledge(self._reception.has_room, now_s):
            self.say(COLLECTOR, PartTaken(request=request, part=part))
        if self._reception.has_more and not self._turn_comes:
            self._turn_comes = True
            self.wake_after(0, _TURN)
        waiting = self._desk or self._lists or self._lookups or self._trusts
        if not self._round_comes and (self._reception.needs_watching or waiting):
            self._round_comes = True
            self.wake_after(_ROUND_S, _ROUND)

    def _round(self) -> None:
        now_s = self.clock()
        self._answer_all((asker for asker, _ in self._desk.expired(now_s)), tellings.LATE)
        self._answer_all(self._lists.expired(now_s), tellings.UNCONTINUED)
        self._answer_all(self._lookups.expired(now_s), tellings.UNREAD)
        self._answer_all(self._trusts.expired(now_s), tellings.UNDECIDED)
        self._reception.expire(now_s)
        self._settle()

    def _tell(self, why: Drop, peer: Peer) -> None:
        log("warning", "gateway.client_dropped", because=why, peer_pid=peer.pid, peer_uid=peer.uid)

    def end(self) -> None:
        for asker, body in self._desk.clear():
            self._answer(asker, tellings.farewell(body))
        left = (*self._lists.clear(), *self._lookups.clear(), *self._trusts.clear())
        self._answer_all(left, tellings.farewell(None))
        self._reception.settle(self.clock())
        for part in self._parts:
            self.unwatch(part.fileno())
            part.close()

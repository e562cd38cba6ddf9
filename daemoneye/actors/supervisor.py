"""The supervisor of the tree: it carries out what `daemoneye/supervisor/` decides, and decides nothing itself.

What for: the children of `tree.py` are up, or the agent says that it is degraded and in what way.
Which privilege: none. The main process starts and ends processes for it, over a lease for each.
What it accepts: the runner's word that the tree may start, and what came of reading the settings; what children say of
their health; what the gateway passes on from an operator; and over a socket the few words of the main process.
What it emits: orders to the children, introductions among them, reports to the gateway, its own state to main.
How it dies: when it raises, or main hears nothing from it; then everything below main is made anew.
"""

from __future__ import annotations

import time
from collections import deque
from random import SystemRandom
from typing import TYPE_CHECKING, Any, ClassVar, Final, assert_never

from thespian.actors import ActorExitRequest

from daemoneye.actors import reloading
from daemoneye.actors.account import Account
from daemoneye.actors.base import GuardedActor
from daemoneye.actors.lives import Life, Lives
from daemoneye.actors.reloading import Reloads
from daemoneye.actors.table import peers_of
from daemoneye.actors.transport.for_actors import logger_of, look_at_children, name_of
from daemoneye.actors.wishes import judged
from daemoneye.broker import words
from daemoneye.broker.lending import Control
from daemoneye.errors import Exit
from daemoneye.logs import log
from daemoneye.messages import control, hashing, supervision
from daemoneye.messages.integrity import ChildrenInTrouble
from daemoneye.messages.tree import SettingsRead, SettingsUnreadable, StartTree
from daemoneye.supervisor import effects, events, reload
from daemoneye.supervisor.machine import Supervisor
from daemoneye.supervisor.transitions import State, TreeState
from daemoneye.tree import BY_NAME, GATEWAY, HASHING, INTEGRITY, JOURNAL, Ground, settings_of
from daemoneye.tree import supervision as specification

if TYPE_CHECKING:
    from thespian.actors import ActorAddress

    from daemoneye.actors.lives import Lender
    from daemoneye.supervisor.effects import Effect
    from daemoneye.supervisor.events import Event

# Whoever is in another state is missed, and the watchdog of the init system is not answered meanwhile.
_IN_ORDER: Final = frozenset((State.RUNNING, State.PAUSED, State.STOPPED))
# What integrity is told: whoever is on the way up or down on purpose is not missed, unless it takes too long.
_TROUBLES: Final = {
    State.STARTING: "down",
    State.BACKING_OFF: "down",
    State.WAITING: "down",
    State.PAUSED: "down",
    State.FAILED: "quarantined",
}


class SupervisorActor(GuardedActor):
    ground: ClassVar[Ground]  # set before the fork, like
    lender: ClassVar[Lender]

    def hear(self, message: Any, sender: ActorAddress) -> None:
        match message:
            case StartTree():
                self._start_tree(message)
            case SettingsRead() | SettingsUnreadable():
                self._control.say(words.Reloading())
                self._reloads.read(message)
                self._settle()
            case _:
                address = sender.addressDetails
                if life := self._lives.speaking(address.role, address.pid):
                    self._hear_child(message, life, sender)

    def _start_tree(self, message: StartTree) -> None:
        self._began_s = time.monotonic()
        self._tree = message.number
        self._control = Control(self.ground.broker)
        self.watch(self._control.fileno())
        self._policy = Supervisor(specification(self.ground.first.settings), random=SystemRandom().random)
        self._lives = Lives(self.lender, self._create)
        self._reloads = Reloads(self.ground.first)
        self._account = Account(self.ground, self._policy, self._lives, self._reloads, logger_of(self))
        self._pending: deque[Event] = deque((events.StartRequested(),))
        self._said: TreeState | None = None
        self._troubles: tuple[tuple[str, str], ...] = ()
        self._settle()

    # -- what comes in

    def _hear_child(self, message: Any, life: Life, sender: ActorAddress) -> None:
        match message:
            case supervision.Ready(generation=generation) if generation == life.generation:
                life.address, life.known_as = sender, name_of(sender)
                self._pending.append(events.ChildStarted(life.name, generation))
                self._introduce(life)
                if life.name == INTEGRITY:
                    self._tell(INTEGRITY, ChildrenInTrouble(troubles=self._troubles))
            case supervision.Heartbeat(generation=generation) if generation == life.generation:
                beat = events.Heartbeat(life.name, generation, message.work_done, message.idle)
                self._pending.append(beat)
            case supervision.SettingsApplied(config=config):
                self._reloads.applied(life.name, config)
            case supervision.SettingsRefused(config=config):
                self._reloads.refused(life.name, config, message.reason)
            case hashing.Workers(workers=workers) if life.name == HASHING:
                self._account.workers = workers
            case control.AskStatus(request=request):
                self._answer(self._account.status(request, self._tree, self._began_s))
            case control.ControlChild():
                self._control_child(message)
            case control.AskReload(request=request):
                self._reloads.ask(request)
                self._control.say(words.ReloadAsked())
        self._settle()

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:
        for life in self._lives.ended(descriptors):
            self._bury(life)
        if self._control.fileno() in descriptors:
            self._hear_main()
        self._settle()

    def woken(self, purpose: str) -> None:
        kind, _, at = purpose.partition(" ")
        if kind == "policy":
            self._pending.append(events.Tick(float(at)))
        else:
            self._reloads.tick(float(at))
        self._settle()

    def _hear_main(self) -> None:
        match self._control.receive():
            case None:
                self.inherited.die(Exit.INTERNAL)  # main is gone, and the kernel is about to end us as well
            case words.AskBeat():
                self._control.say(words.BeatAnswered(self._policy.state, self._in_order, self._sentence))
            case words.Stop():
                self._pending.append(events.StopRequested())
            case words.Reopen():
                self._tell(JOURNAL, supervision.Reopen())  # one that has just begun opens its files anyway

    def _bury(self, life: Life) -> None:
        self.unwatch(life.lease.fileno())
        manner, reason = self._lives.bury(life)
        look_at_children(self)
        self._reloads.gone(life.name)
        if life.name == GATEWAY:
            self._reloads.nobody_asks()
        if life.name == HASHING:
            self._account.workers = ()  # they die with it
        self._pending.append(events.ChildDied(life.name, life.generation, manner, reason))

    def _control_child(self, message: control.ControlChild) -> None:
        children = [each.name for each in self._policy.children]
        wish = judged(message.action, message.child, children=children, workers=self._account.worker_names)
        # the answer first: it may be the gateway that is about to go
        self._answer(control.Done(request=message.request, ok=wish.granted, text=wish.answer))
        match wish.follows:
            case hashing.ReplaceWorker() as order:
                self._tell(HASHING, order)
            case events.RestartRequested() | events.PauseRequested() | events.ResumeRequested() as request:
                self._pending.append(request)

    # -- what goes out

    def _settle(self) -> None:
        """Everything that follows from what came in; carrying out one decision may bring about the next."""
        while self._pending or self._reloads.effects:
            while self._reloads.effects:
                self._carry_out_reload(self._reloads.effects.popleft())
            if self._pending:
                for effect in self._policy.handle(self._pending.popleft(), time.monotonic()):
                    self._carry_out(effect)
        if self._policy.state is not self._said:
            self._said = self._policy.state
            self._control.say(words.StateSaid(self._said, self._sentence))
        self._tell_troubles()

    def _tell_troubles(self) -> None:
        troubles = tuple(
            (each.name, _TROUBLES[each.state]) for each in self._policy.children if each.state in _TROUBLES
        )
        if troubles != self._troubles:
            self._troubles = troubles
            self._tell(INTEGRITY, ChildrenInTrouble(troubles=troubles))

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case effects.Start(name, generation):
                self._start(name, generation)
            case effects.AskToStop() | effects.Kill() | effects.AskHeartbeat():
                if life := self._lives.of(effect.name, effect.generation):
                    self._order(effect, life)
            case effects.WakeMeAt(at_s):
                self.wake_after(at_s - time.monotonic(), f"policy {at_s!r}")
            case effects.Report():
                report(effect)
            case effects.Escalate(reason):
                log("critical", "supervisor.escalated", reason=reason)
                self._control.say(words.Escalated())
            case effects.Stopped():
                self._control.say(words.Stopped())
            case _:
                assert_never(effect)

    def _order(self, effect: effects.AskToStop | effects.Kill | effects.AskHeartbeat, life: Life) -> None:
        match effect:
            case effects.AskToStop():
                life.asked_to_stop = True
                self.send(life.address, ActorExitRequest())
            case effects.Kill():
                life.lease.kill()
            case effects.AskHeartbeat(_, generation):
                self.send(life.address, supervision.AskHeartbeat(generation=generation))

    def _start(self, name: str, generation: int) -> None:
        life = self._lives.begin(name, generation)
        if isinstance(life, str):
            self._pending.append(events.StartFailed(name, generation, life))
            return
        self.watch(life.lease.fileno())
        config, settings = self._reloads.begins(name)
        begin = supervision.Begin(
            generation=generation, config=config, settings=settings_of(name, settings, self.ground)
        )
        self.send(life.address, begin)

    def _create(self, name: str) -> ActorAddress:
        return self.createActor(BY_NAME[name].actor)

    def _introduce(self, new: Life) -> None:
        """First the new one to the others: by the time it speaks to them they know it."""
        known = [life for life in self._lives.all if life.name in peers_of(new.name) and life.known_as]
        for life in known:
            self.send(life.address, supervision.Introduce(role=new.name, address=new.known_as))
        for life in known:
            self.send(new.address, supervision.Introduce(role=life.name, address=life.known_as))

    def _answer(self, message: control.FromSupervisor) -> None:
        self._tell(GATEWAY, message)

    def _tell(self, name: str, message: object) -> None:
        if (life := self._lives.of(name)) and life.known_as:
            self.send(life.address, message)

    def _carry_out_reload(self, effect: reloading.Effect) -> None:
        match effect:
            case reload.Apply(child, config):
                if life := self._lives.of(child):
                    settings = settings_of(child, self._reloads.settings(config), self.ground)
                    self.send(life.address, supervision.ApplySettings(config=config, settings=settings))
            case reload.RestartChild(child):
                self._pending.append(events.RestartRequested(child))
            case effects.WakeMeAt(at_s):
                self.wake_after(at_s - time.monotonic(), f"reload {at_s!r}")
            case reloading.Finished(ok, text, requests):
                self._control.say(words.Reloaded())
                for request in requests:
                    self._answer(control.Done(request=request, ok=ok, text=text))

    @property
    def _in_order(self) -> bool:
        return all(each.state in _IN_ORDER for each in self._policy.children)

    @property
    def _sentence(self) -> str:
        missed = [f"{each.name} {each.state}" for each in self._policy.children if each.state is not State.RUNNING]
        return ", ".join(missed) or f"{len(self._policy.children)} children at work"


def report(effect: effects.Report) -> None:
    """The same four fields, whatever happened."""
    calm = effect.context is effects.Context.PROGRESS
    log(
        "info" if calm else "warning",
        f"child.{effect.context}",
        message=f"{effect.offender.name}: {effect.reason}",
        supervisor=effect.supervisor,
        reason=effect.reason,
        child=effect.offender.name,
        generation=effect.offender.generation,
    )

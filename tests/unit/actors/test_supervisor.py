"""The supervisor's shell: what comes in becomes events, and what was decided is carried out. No Thespian, no main."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from thespian.actors import ActorAddress, ActorExitRequest, WakeupMessage, WatchMessage

from daemoneye.actors import account, reloading
from daemoneye.actors import supervisor as module
from daemoneye.actors.base import Inheritance
from daemoneye.actors.lives import Lender
from daemoneye.actors.supervisor import SupervisorActor
from daemoneye.actors.transport.addresses import UnixAddress
from daemoneye.broker import words
from daemoneye.broker.lending import Outcome
from daemoneye.host.identities import Identities, Identity, Mode
from daemoneye.messages import control, hashing, supervision
from daemoneye.messages.integrity import ChildrenInTrouble
from daemoneye.messages.tree import SettingsRead, SettingsUnreadable, StartTree
from daemoneye.model.agent import ChildAction
from daemoneye.model.reports import WorkerReport
from daemoneye.settings.model import Settings
from daemoneye.supervisor.transitions import TreeState
from daemoneye.tree import COLLECTOR, GATEWAY, Ground, Read, present
from tests.fakes.actor_stage import Died
from tests.fakes.leases import Leased

CHILDREN = [role.name for role in present(Settings())]
NOBODY = Identity(uid=65534, gid=65534)


class Main:
    """The other end of the control socket."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.says: deque[words.MainWord | None] = deque()

    def fileno(self) -> int:
        return 999

    def say(self, word: Any) -> bool:
        self.heard.append(word)
        return True

    def receive(self) -> words.MainWord | None:
        return self.says.popleft()


class Throne:
    """A supervisor with everybody whom it speaks with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, intensity: int = 5) -> None:
        self.main = Main()
        self.sent: list[tuple[str, Any]] = []
        self.now_s = 1000.0
        self.timers: list[tuple[float, str]] = []
        self.leases: dict[str, Leased] = {}
        self.refused: set[str] = set()
        self.ends: dict[str, Outcome] = {}
        self.watched: list[int] = []
        self._pids = iter(range(100, 1000))
        monkeypatch.setattr(module, "Control", lambda _: self.main)
        monkeypatch.setattr(module, "logger_of", lambda _: 1)
        monkeypatch.setattr(module, "look_at_children", lambda _: None)
        clock = SimpleNamespace(monotonic=lambda: self.now_s)
        for each in (module, reloading, account):
            monkeypatch.setattr(each, "time", clock)
        settings = replace(Settings(), supervisor=replace(Settings().supervisor, intensity=intensity))
        self.actor = SupervisorActor()
        self.lender = Lender(Path("/nowhere"))
        substitutes: dict[str, Any] = {
            "ground": Ground(
                first=Read(settings=settings, sha256=None, at_ms=1),
                identities=Identities(broker=NOBODY, collector=NOBODY, others=NOBODY, mode=Mode.ONE_UID, warnings=()),
                broker=Path("/nowhere"),
                main_pid=1,
                began_s=0.0,
            ),
            "lender": self.lender,
            "inherited": Inheritance(die=self._die),
            "send": self._send,
            "createActor": self._create,
            "wakeupAfter": lambda span, purpose: self.timers.append((self.now_s + span.total_seconds(), purpose)),
        }
        vars(self.actor).update(substitutes)

    # -- what is around it

    def _die(self, code: int) -> NoReturn:
        raise Died(code)

    def _send(self, address: ActorAddress, message: object) -> None:
        details = address.addressDetails
        self.sent.append((details.role if isinstance(details, UnixAddress) else str(details), message))

    def _create(self, actor: str) -> ActorAddress:
        name = next(role.name for role in present(Settings()) if role.actor == actor)
        if name in self.refused:
            self.lender.refusal = "EAGAIN"
        else:
            self.leases[name] = Leased(next(self._pids))
            self.lender.lease = self.leases[name]  # type: ignore[assignment]
        return ActorAddress(name)

    def hear(self, message: object, speaker: str = "runner", pid: int = 9) -> None:
        address = ActorAddress(UnixAddress(f"{speaker}.{pid}.00000000"))
        self.watched = list(self.actor.receiveMessage(message, address).filenos)

    def child_says(self, name: str, message: object) -> None:
        self.hear(message, name, self.leases[name].pid)

    def main_says(self, word: words.MainWord | None) -> None:
        self.main.says.append(word)
        self.hear(WatchMessage([self.main.fileno()]))

    # -- what happens

    def up(self) -> Throne:
        self.hear(StartTree(number=2))
        for name in CHILDREN:
            self.ready(name)
        return self

    def ready(self, name: str) -> None:
        begin = next(each for who, each in reversed(self.sent) if who == name and isinstance(each, supervision.Begin))
        self.child_says(name, supervision.Ready(generation=begin.generation))

    def dies(self, name: str, end: Outcome | None = None) -> None:
        lease = self.leases[name]
        lease.end = end or lease.end
        self.hear(WatchMessage([lease.fileno()]))

    def pass_time(self, seconds: float) -> None:
        """Every timer goes off at its time."""
        until_s = self.now_s + seconds
        while self.timers and min(self.timers)[0] <= until_s:
            at_s, purpose = min(self.timers)
            self.timers.remove((at_s, purpose))
            self.now_s = max(self.now_s, at_s) + 1e-6  # a timedelta knows no less
            self.hear(WakeupMessage(timedelta(), purpose))
        self.now_s = max(self.now_s, until_s)

    def said_to(self, name: str, kind: type) -> list[Any]:
        return [each for who, each in self.sent if who == name and isinstance(each, kind)]

    def states(self) -> list[TreeState]:
        return [each.state for each in self.main.heard if isinstance(each, words.StateSaid)]

    def answers(self) -> list[control.Done]:
        return self.said_to(GATEWAY, control.Done)

    def reads(self, interval_s: float = 9.0) -> None:
        default = Settings()
        settings = replace(default, scan=replace(default.scan, interval=interval_s))
        self.hear(SettingsRead(settings=settings, sha256="11" * 32, read_ms=5))

    def all_apply(self, config: int) -> None:
        for name in CHILDREN:
            self.child_says(name, supervision.SettingsApplied(config=config))


@pytest.fixture
def throne(monkeypatch: pytest.MonkeyPatch) -> Throne:
    return Throne(monkeypatch)


def test_children_are_begun_one_after_another(throne: Throne) -> None:
    """In the order of the tree, each with its own settings; main hears when the tree is up."""
    throne.hear(StartTree(number=1))
    assert [*throne.leases] == CHILDREN[:1]
    assert throne.states() == [TreeState.STARTING]
    for name in CHILDREN:
        assert [*throne.leases][-1] == name
        (begin,) = throne.said_to(name, supervision.Begin)
        assert (begin.generation, begin.config) == (1, 1)
        throne.ready(name)
    assert throne.states() == [TreeState.STARTING, TreeState.RUNNING]
    assert throne.main.heard[-1].text == f"{len(CHILDREN)} children at work"
    assert set(throne.watched) == {999, *(each.fileno() for each in throne.leases.values())}


def test_those_who_speak_with_each_other_are_introduced(throne: Throne) -> None:
    """Both ways, with the address that each has told; who was replaced is introduced anew."""
    throne.up()
    told = {(who, each.role) for who, each in throne.sent if isinstance(each, supervision.Introduce)}
    assert {(GATEWAY, COLLECTOR), (COLLECTOR, GATEWAY)} <= told
    throne.sent.clear()
    throne.dies(COLLECTOR)
    throne.ready(COLLECTOR)
    (again,) = (each for each in throne.said_to(GATEWAY, supervision.Introduce) if each.role == COLLECTOR)
    assert again.address == f"collector.{throne.leases[COLLECTOR].pid}.00000000"


def test_a_word_that_is_not_of_the_living_child_is_nobody_s(throne: Throne) -> None:
    """A sibling, an impostor and the one that was there before have nothing to say in its name."""
    throne.up()
    pid = throne.leases[COLLECTOR].pid
    throne.dies(COLLECTOR)
    throne.main.heard.clear()
    for speaker, number in ((COLLECTOR, pid), (COLLECTOR, 7), ("nobody", 8)):
        throne.hear(supervision.Ready(generation=2), speaker, number)
        throne.hear(control.AskReload(request=1), speaker, number)
    throne.child_says(COLLECTOR, supervision.Ready(generation=1))  # of a life that is over
    assert throne.main.heard == []


def test_a_child_that_died_is_replaced(throne: Throne) -> None:
    """Its descriptor is watched no more, its lease is closed; the next has the next generation."""
    throne.up()
    old = throne.leases[COLLECTOR]
    throne.dies(COLLECTOR, Outcome(code=70, last_words="boom"))
    assert old.closed
    assert old.fileno() not in throne.watched
    assert throne.said_to(COLLECTOR, supervision.Begin)[-1].generation == 2
    assert throne.states()[-1] is TreeState.DEGRADED
    throne.ready(COLLECTOR)
    assert throne.states()[-1] is TreeState.RUNNING
    throne.child_says(GATEWAY, control.AskStatus(request=4))
    (report,) = throne.said_to(GATEWAY, control.StatusReport)
    assert report.request == 4
    assert {each.name: each.last_words for each in report.children}[COLLECTOR] == "boom"


def test_a_child_that_cannot_be_started_is_tried_again(throne: Throne) -> None:
    """The refusal is a failed start like another, and the next attempt waits its time."""
    throne.up()
    throne.refused.add(COLLECTOR)
    throne.dies(COLLECTOR)
    assert throne.states()[-1] is TreeState.DEGRADED
    assert throne.said_to(COLLECTOR, supervision.Begin)[-1].generation == 1
    throne.refused.clear()
    throne.pass_time(60)
    assert throne.said_to(COLLECTOR, supervision.Begin)[-1].generation > 2


def test_heartbeats_are_asked_for_and_heard(throne: Throne) -> None:
    """When the time has come, of everybody who runs; who does not answer is killed."""
    throne.up()
    beat = supervision.Heartbeat(generation=1, work_done=1, idle=True)
    for number in range(1, 10):
        throne.pass_time(2.26)  # a fourth of the patience of nine seconds
        for name in CHILDREN:
            if name != COLLECTOR or number < 5:
                assert len(throne.said_to(name, supervision.AskHeartbeat)) == number
                throne.child_says(name, beat)
    assert [name for name, each in throne.leases.items() if each.killed] == [COLLECTOR]


def test_main_is_answered_as_things_are(throne: Throne) -> None:
    """The watchdog of the init system hangs on it: who is missed is named."""
    throne.up()
    throne.main_says(words.AskBeat())
    assert throne.main.heard[-1] == words.BeatAnswered(TreeState.RUNNING, True, f"{len(CHILDREN)} children at work")
    throne.dies(COLLECTOR)
    throne.main_says(words.AskBeat())
    assert throne.main.heard[-1] == words.BeatAnswered(TreeState.DEGRADED, False, "collector starting")


def test_a_stop_goes_in_the_reverse_order(throne: Throne) -> None:
    """Each is asked when the one after it is gone; at the end main hears that nobody is left."""
    throne.up()
    throne.main_says(words.Stop())
    for name in reversed(CHILDREN):
        assert [who for who, each in throne.sent if isinstance(each, ActorExitRequest)][-1] == name
        throne.dies(name, Outcome(code=0))
    assert throne.main.heard.count(words.Stopped()) == 1
    assert throne.states() == [TreeState.STARTING, TreeState.RUNNING, TreeState.STOPPING]


def test_who_is_in_a_hurry_says_it_twice(throne: Throne) -> None:
    """Then nobody is asked any more."""
    throne.up()
    throne.main_says(words.Stop())
    throne.main_says(words.Stop())
    assert all(each.killed for each in throne.leases.values())


def test_main_s_end_is_ours(throne: Throne) -> None:
    """There is nobody to supervise for."""
    throne.up()
    with pytest.raises(Died):
        throne.main_says(None)


def test_to_open_files_again_is_for_the_journal(throne: Throne) -> None:
    """The others have none; one that has just begun opens its files anyway."""
    throne.up()
    throne.main_says(words.Reopen())
    assert [who for who, each in throne.sent if isinstance(each, supervision.Reopen)] == ["journal"]
    throne.dies("journal")
    throne.main_says(words.Reopen())
    assert len(throne.said_to("journal", supervision.Reopen)) == 1


def test_too_many_deaths_are_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Main hears it first, then the tree is stopped in order."""
    throne = Throne(monkeypatch, intensity=0).up()
    throne.dies(COLLECTOR)
    assert words.Escalated() in throne.main.heard
    assert throne.said_to(GATEWAY, ActorExitRequest)


@pytest.mark.parametrize(
    ("action", "child", "ok", "text"),
    [
        (ChildAction.RESTART, COLLECTOR, True, "collector: restart"),
        (ChildAction.PAUSE, COLLECTOR, True, "collector: pause"),
        (ChildAction.RESUME, COLLECTOR, True, "collector: resume"),
        (ChildAction.PAUSE, GATEWAY, False, "cannot be paused"),
        (ChildAction.RESTART, "nobody", False, "no such child: one of "),
        (ChildAction.UNSPECIFIED, COLLECTOR, False, "no such action"),
    ],
)
def test_an_operator_s_wish_is_carried_out_or_refused(
    throne: Throne, action: ChildAction, child: str, ok: bool, text: str
) -> None:
    """The answer comes first: it may be the gateway itself that goes."""
    throne.up()
    throne.child_says(GATEWAY, control.ControlChild(request=3, action=action, child=child))
    (done,) = throne.answers()
    assert (done.request, done.ok) == (3, ok)
    assert text in done.text
    asked = throne.said_to(COLLECTOR, ActorExitRequest)
    assert bool(asked) is (ok and action is not ChildAction.RESUME)


def test_a_reload_goes_from_the_gateway_over_main_to_all_children(throne: Throne) -> None:
    """Main reads the files; each child takes the settings in its turn; who asked hears what changed."""
    throne.up()
    throne.child_says(GATEWAY, control.AskReload(request=6))
    assert throne.main.heard[-1] == words.ReloadAsked()
    throne.reads()
    assert throne.main.heard[-1] == words.Reloading()
    for name in CHILDREN:
        (apply,) = throne.said_to(name, supervision.ApplySettings)
        assert apply.config == 2
        throne.child_says(name, supervision.SettingsApplied(config=2))
    assert throne.said_to(COLLECTOR, supervision.ApplySettings)[0].settings.interval_s == 9.0
    assert throne.main.heard[-1] == words.Reloaded()
    assert throne.answers() == [
        control.Done(request=6, ok=True, text="scan.interval: in force, collector goes on with it")
    ]


def test_a_rejected_reload_touches_no_child(throne: Throne) -> None:
    """The mistakes go back to who asked."""
    throne.up()
    throne.child_says(GATEWAY, control.AskReload(request=6))
    throne.hear(SettingsUnreadable(problems="f:1:1: a: b", read_ms=5))
    assert [each for _, each in throne.sent if isinstance(each, supervision.ApplySettings)] == []
    assert throne.main.heard[-2:] == [words.Reloading(), words.Reloaded()]
    assert throne.answers() == [control.Done(request=6, ok=False, text="f:1:1: a: b")]


def test_a_refusal_is_rolled_back(throne: Throne) -> None:
    """Those who had taken them are given the old ones."""
    throne.up()
    throne.reads()
    *willing, last = CHILDREN
    for name in willing:
        throne.child_says(name, supervision.SettingsApplied(config=2))
    throne.child_says(last, supervision.SettingsRefused(config=2, reason="no"))
    for name in willing:
        assert throne.said_to(name, supervision.ApplySettings)[-1].config == 1
        throne.child_says(name, supervision.SettingsApplied(config=1))
    assert throne.main.heard[-1] == words.Reloaded()


def test_a_child_that_is_silent_about_its_settings_is_not_waited_for(throne: Throne) -> None:
    """Its time runs out, and what it may have taken is taken back, or it is begun anew."""
    throne.up()
    throne.child_says(GATEWAY, control.AskReload(request=6))
    throne.reads()
    throne.pass_time(5.5)
    assert throne.said_to(CHILDREN[0], supervision.ApplySettings)[-1].config == 1
    throne.child_says(CHILDREN[0], supervision.SettingsApplied(config=1))
    assert throne.main.heard[-1] == words.Reloaded()
    assert f"{CHILDREN[0]}: no answer within" in throne.answers()[0].text


def test_requests_of_a_gateway_that_died_are_forgotten(throne: Throne) -> None:
    """The next one gets no answers that were not for it."""
    throne.up()
    throne.child_says(GATEWAY, control.AskReload(request=1))
    throne.dies(GATEWAY)
    throne.ready(GATEWAY)
    throne.sent.clear()
    throne.reads()
    throne.all_apply(2)
    assert throne.answers() == []


def test_an_answer_for_a_gateway_that_is_not_there_is_dropped(throne: Throne) -> None:
    """Whoever waited for it was disconnected with it."""
    throne.up()
    throne.child_says(GATEWAY, control.AskReload(request=1))
    throne.refused.add(GATEWAY)
    throne.dies(GATEWAY)
    throne.reads()
    assert throne.answers() == []


def test_a_supervisor_that_does_not_reach_main_ends(throne: Throne, monkeypatch: pytest.MonkeyPatch) -> None:
    """Main makes a new tree; one that goes on half broken would be worse."""

    def unreachable(_: Path) -> NoReturn:
        raise ConnectionRefusedError

    monkeypatch.setattr(module, "Control", unreachable)
    with pytest.raises(Died):
        throne.hear(StartTree(number=1))


def test_integrity_hears_who_is_missed(throne: Throne, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them whenever that changes, and once more when it has been restarted itself."""
    monkeypatch.setattr(module, "INTEGRITY", GATEWAY)  # somebody who is there
    throne.up()
    assert throne.said_to(GATEWAY, ChildrenInTrouble)[-1].troubles == ()
    throne.dies(COLLECTOR)
    assert throne.said_to(GATEWAY, ChildrenInTrouble)[-1].troubles == ((COLLECTOR, "down"),)
    throne.dies(GATEWAY)
    throne.ready(GATEWAY)
    assert (COLLECTOR, "down") in throne.said_to(GATEWAY, ChildrenInTrouble)[-1].troubles
    throne.ready(COLLECTOR)
    assert throne.said_to(GATEWAY, ChildrenInTrouble)[-1].troubles == ()


def test_the_workers_of_another_are_shown_and_can_be_replaced(throne: Throne, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the child whose children they are; with it they are gone."""
    for each in (module, account):
        monkeypatch.setattr(each, "HASHING", COLLECTOR)  # somebody who is there
    throne.up()
    worker = WorkerReport(
        name="hasher_1", pid=4242, state="running", restarts=2, generation=3, began_s=990.0, heard_s=999.0
    )
    throne.child_says(COLLECTOR, hashing.Workers(workers=(worker,)))
    throne.child_says(GATEWAY, hashing.Workers(workers=()))  # not its word to say
    throne.child_says(GATEWAY, control.AskStatus(request=4))
    (report,) = throne.said_to(GATEWAY, control.StatusReport)
    names = [each.name for each in report.children]
    assert names[names.index(COLLECTOR) + 1] == "hasher_1"
    shown = report.children[names.index("hasher_1")]
    assert (shown.pid, shown.state, shown.restarts) == (4242, "running", 2)
    assert (shown.uptime_s, shown.heartbeat_age_s) == (10.0, 1.0)
    throne.child_says(GATEWAY, control.ControlChild(request=5, action=ChildAction.RESTART, child="hasher_1"))
    assert throne.said_to(COLLECTOR, hashing.ReplaceWorker) == [hashing.ReplaceWorker(name="hasher_1")]
    assert throne.answers()[-1].ok
    throne.dies(COLLECTOR)
    throne.child_says(GATEWAY, control.ControlChild(request=6, action=ChildAction.RESTART, child="hasher_1"))
    assert not throne.answers()[-1].ok

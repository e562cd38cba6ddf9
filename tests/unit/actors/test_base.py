"""What every actor has: it is guarded, it proves that it gets on, and it knows who speaks."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from thespian.actors import ChildActorExited, DeadEnvelope, PoisonMessage, WakeupMessage, WatchMessage

from daemoneye.actors.base import _EARLY, RoleActor
from daemoneye.actors.transport.addresses import UnixAddress
from daemoneye.messages.observation import PartTaken, TakeSnapshot
from daemoneye.messages.supervision import Begin, Heartbeat, Introduce, Ready, SettingsApplied, SettingsRefused
from tests.fakes.actor_stage import Died, Stage, stages

if TYPE_CHECKING:
    from collections.abc import Iterator


class Player(RoleActor):
    """Keeps what it is told, and fails when it is told to."""

    role = "player"

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []
        self.busy = False

    def begin(self, settings: Any) -> None:
        self.told.append(("begin", settings))
        if settings == "broken":
            raise ValueError("no luck\x1b[2J")

    def apply(self, settings: Any) -> str | None:
        self.told.append(("apply", settings))
        return None if settings == "good" else f"{settings}: not for me"

    def receive(self, message: Any, speaker: str) -> None:
        self.told.append((speaker, message))
        self.progress(3)

    def introduced(self, role: str) -> None:
        self.told.append(("introduced", role))

    def woken(self, purpose: str) -> None:
        self.told.append(("woken", purpose))

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:
        self.told.append(("readable", descriptors))

    def end(self) -> None:
        self.told.append(("end", None))

    @property
    def idle(self) -> bool:
        return not self.busy


@pytest.fixture
def stage() -> Iterator[Stage[Player]]:
    yield from stages(Player())


def test_a_role_begins_once_and_says_so(stage: Stage[Player]) -> None:
    """A command that comes twice does no more than one."""
    stage.begin("settings")
    stage.begin("settings")
    assert stage.actor.told == [("begin", "settings")]
    assert stage.heard(Ready) == [Ready(generation=1)]


def test_a_beginning_that_raises_is_the_end(stage: Stage[Player]) -> None:
    """The reason goes out in one safe line, nobody hears that it is ready, and the process ends."""
    with pytest.raises(Died) as died:
        stage.begin("broken")
    assert died.value.args == (70,)
    assert stage.heard(Ready) == []
    assert stage.last_words.startswith("ValueError: no luck\\x1b[2J (test_base.py:")


def test_a_reason_has_an_end(stage: Stage[Player]) -> None:
    """An exception may carry all of what it choked on; the place where it happened is told all the same."""

    def choke(_: str) -> None:
        raise ValueError("x" * 100_000)

    stage.begin("settings")
    vars(stage.actor)["woken"] = choke
    with pytest.raises(Died):
        stage.deliver(WakeupMessage(timedelta(), "now"))
    words = stage.last_words
    assert len(words.encode()) <= 512
    assert "(test_base.py:" in words


def test_without_a_pipe_for_last_words_it_ends_all_the_same(stage: Stage[Player]) -> None:
    """Nobody has to listen."""
    stage.actor.inherited.last_words = None
    with pytest.raises(Died):
        stage.begin("broken")


def test_a_heartbeat_tells_work_and_rest(stage: Stage[Player]) -> None:
    """Health is progress: the counter grows with what was done, and pending work is admitted."""
    stage.begin("settings")
    assert stage.heartbeat() == Heartbeat(generation=1, work_done=0, idle=True)
    stage.introduce("peer")
    stage.deliver("hello", "peer")
    stage.actor.busy = True
    assert stage.heartbeat() == Heartbeat(generation=1, work_done=3, idle=False)


def test_settings_are_taken_or_refused_in_so_many_words(stage: Stage[Player]) -> None:
    """The number that came with them goes back with the answer."""
    stage.begin("settings")
    stage.apply("good")
    stage.apply("bad")
    assert stage.heard(SettingsApplied) == [SettingsApplied(config=1)]
    assert stage.heard(SettingsRefused) == [SettingsRefused(config=2, reason="bad: not for me")]


def test_nobody_is_spoken_to_who_was_not_introduced(stage: Stage[Player]) -> None:
    """To say something to a role that is not there is no mistake; whoever says it learns it."""
    stage.begin("settings")
    assert not stage.actor.say("peer", PartTaken(request=1, part=0))
    stage.introduce("peer")
    assert stage.actor.say("peer", PartTaken(request=1, part=0))
    assert stage.said_to("peer") == [PartTaken(request=1, part=0)]


def test_an_introduction_that_comes_twice_is_one(stage: Stage[Player]) -> None:
    """And another address in the same role is another peer."""
    stage.begin("settings")
    first, second = (UnixAddress.fresh("peer").name for _ in range(2))
    for name in (first, first, second):
        stage.deliver(Introduce(role="peer", address=name))
    assert stage.actor.told.count(("introduced", "peer")) == 2


def test_what_an_unknown_address_says_is_put_aside(stage: Stage[Player]) -> None:
    """Of two that are introduced to each other the one that hears of it first may speak first: nothing is lost."""
    stage.begin("settings")
    stage._peer("peer")
    early = stage._addresses["peer"]
    for number in (1, 2):
        stage.deliver(TakeSnapshot(request=number), "peer")
    assert stage.actor.told == [("begin", "settings")]
    stage.deliver(Introduce(role="peer", address=early.addressDetails.name))
    assert stage.actor.told[1:] == [
        ("introduced", "peer"),
        ("peer", TakeSnapshot(request=1)),
        ("peer", TakeSnapshot(request=2)),
    ]
    stage.deliver(TakeSnapshot(request=3), "peer")
    assert stage.actor.told[-1] == ("peer", TakeSnapshot(request=3))
    assert not stage.actor.unheard


def test_an_impostor_is_never_heard_and_fills_no_memory(stage: Stage[Player]) -> None:
    """Whoever bears the role of a peer from another address is held in small number, dropped, and counted."""
    stage.begin("settings")
    stage._peer("peer")
    for number in range(100):
        stage.deliver(TakeSnapshot(request=number), "peer")
    assert stage.actor.unheard["peer"] == 100 - _EARLY
    stage.introduce("peer")  # the real one
    assert stage.actor.told[1:] == [("introduced", "peer")]
    assert stage.actor.unheard["peer"] == 100


def test_of_several_who_spoke_early_the_introduced_one_is_heard(stage: Stage[Player]) -> None:
    """The others spoke in vain."""
    stage.begin("settings")
    names = []
    for _ in range(2):
        names.append(stage._peer("peer"))
        stage.deliver(TakeSnapshot(request=len(names)), "peer")
    stage.deliver(Introduce(role="peer", address=names[0]))
    assert [each for each in stage.actor.told if each[0] == "peer"] == [("peer", TakeSnapshot(request=1))]
    assert stage.actor.unheard["peer"] == 1


def test_what_is_watched_stays_watched_until_it_is_not(stage: Stage[Player]) -> None:
    """Thespian forgets what a handler does not give back; saying it twice changes nothing."""
    stage.begin("settings")
    actor = stage.actor
    actor.watch(7)
    actor.watch(7)
    actor.watch(8)
    stage.heartbeat()
    assert stage.watched == [7, 8]
    actor.unwatch(7)
    actor.unwatch(7)
    stage.heartbeat()
    assert stage.watched == [8]
    stage.deliver(WatchMessage([8]))
    assert actor.told[-1] == ("readable", (8,))


def test_a_timer_comes_back_with_its_purpose(stage: Stage[Player]) -> None:
    """And one in the past is due now."""
    stage.begin("settings")
    stage.actor.wake_after(-5, "late")
    stage.actor.wake_after(2, "later")
    stage.pass_time(0)
    assert stage.actor.told[-1] == ("woken", "late")
    stage.pass_time(2)
    assert stage.actor.told[-1] == ("woken", "later")


def test_an_actor_that_never_began_has_nothing_to_end(stage: Stage[Player]) -> None:
    """The other is asked once, and that is the last it hears."""
    stage.stop()
    assert stage.actor.told == []
    stage.begin("settings")
    stage.stop()
    assert stage.actor.told[-1] == ("end", None)


def test_thespian_s_own_news_is_none(stage: Stage[Player]) -> None:
    """Deaths come from the kernel, and whoever did not hear is dead."""
    stage.begin("settings")
    for kind in (ChildActorExited, DeadEnvelope, PoisonMessage):
        stage.deliver(object.__new__(kind))
    assert stage.actor.told == [("begin", "settings")]


def test_another_generation_begins_anew(stage: Stage[Player]) -> None:
    """What it answers carries the number that it was given last."""
    stage.begin("settings")
    again: Any = "again"
    stage.deliver(Begin(generation=2, config=0, settings=again))
    assert [each for each in stage.actor.told if each[0] == "begin"] == [("begin", "settings"), ("begin", "again")]
    assert os.getpid() == stage._addresses["supervisor"].addressDetails.pid

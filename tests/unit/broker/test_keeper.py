"""What main decides."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemoneye.broker.effects import Effect, KillTree, Leave, StartTree, TellRunner, TellSupervisor
from daemoneye.broker.events import (
    Begun,
    ControlConnected,
    Event,
    HangupSignal,
    ReopenSignal,
    RunnerGone,
    StopSignal,
    SupervisorGone,
    Tick,
)
from daemoneye.broker.keeper import RUNNER_TIMEOUT_S
from daemoneye.broker.words import (
    AskBeat,
    BeatAnswered,
    Escalated,
    Reload,
    ReloadAsked,
    Reloaded,
    Reloading,
    Reopen,
    StateSaid,
    Stop,
    Stopped,
)
from daemoneye.supervisor.transitions import TreeState
from tests.fakes.kept import TERMS, Kept

TERM = StopSignal("SIGTERM")
RUNNER_DIED = RunnerGone("runner: killed by SIGKILL")
SUPERVISOR_DIED = SupervisorGone("supervisor: gone")
BEAT_S, PATIENCE_S = 2.25, 9.0


# trees


def test_a_tree_is_started_first_of_all() -> None:
    """Main has nothing to do but to have a tree."""
    assert Kept().trees == [1]


@pytest.mark.parametrize("loss", [RUNNER_DIED, SUPERVISOR_DIED])
@pytest.mark.parametrize("connected", [True, False])
def test_a_lost_tree_is_killed_and_replaced_at_once(loss: RunnerGone | SupervisorGone, *, connected: bool) -> None:
    """Whoever of the two is gone, all the rest goes before the next tree begins."""
    kept = Kept()
    if connected:
        kept.up()
    kept.forget().tell(loss)
    orders = [effect for _, effect in kept.did if isinstance(effect, KillTree | StartTree)]
    assert orders == [KillTree(), StartTree(2)]
    assert kept.reasons == [loss.reason]


def test_later_ones_wait_and_in_the_end_it_is_given_up() -> None:
    """More trees lost within the period than the intensity allows, and main leaves it to the init system."""
    kept = Kept()
    starts = []
    for number in range(1, 6):
        kept.up().run(0.01).tell(SUPERVISOR_DIED).run(6)
        starts.append(round(kept.at(StartTree(number + 1)) - kept.now_s + 6, 2))
    assert starts == [0.0, 0.1, 0.2, 0.4, 0.8]
    kept.up().tell(SUPERVISOR_DIED)
    assert kept.exit_code == 70
    assert kept.logged("gave_up")[0]["reason"] == "more than 5 trees lost in 60 s"
    assert "STOPPING=1" in kept.notified
    assert [effect for _, effect in kept.did][-2:] == [KillTree(), Leave(70)]


def test_accidents_months_apart_are_no_crash_loop() -> None:
    """A tree that has lived is replaced at once, every time."""
    kept = Kept()
    for number in range(2, 20):
        kept.up().run(61).tell(RUNNER_DIED)
        assert kept.at(StartTree(number)) == kept.now_s
    assert kept.exit_code is None


def test_a_supervisor_has_to_appear_in_time() -> None:
    """A start that hangs is a loss like any other."""
    kept = Kept().run(9.9)
    assert kept.reasons == []
    assert kept.run(0.2).reasons == ["no supervisor within 10 s"]
    assert kept.trees == [1, 2]


def test_a_supervisor_that_says_goodbye_unasked_is_lost() -> None:
    """There is no reason to stop but ours and the escalation."""
    kept = Kept().up().tell(Stopped())
    assert kept.reasons == ["supervisor: stopped without being asked"]
    assert kept.trees == [1, 2]


# beats


def test_a_supervisor_that_answers_stays() -> None:
    """A month of answers, and nothing happens but questions, one at a time."""
    kept = Kept(TERMS._replace(heartbeat_interval_s=1800.0)).up().run(30 * 86_400)
    assert kept.trees == [1]
    assert len(kept.all(TellSupervisor)) == 30 * 86_400 // 1350


@pytest.mark.parametrize("offset_s", [0.0, 0.5, 1.1, 2.2])
def test_a_silent_supervisor_is_lost_within_its_patience(offset_s: float) -> None:
    """However its silence falls between two questions, it takes interval times missed, and one question."""
    kept = Kept().up().run(10 * BEAT_S + offset_s)
    kept.answers, since_s = False, kept.now_s
    kept.forget().run(PATIENCE_S)
    assert kept.reasons == ["supervisor: no heartbeat for 9 s"]
    assert PATIENCE_S - BEAT_S <= kept.at(StartTree(2)) - since_s <= PATIENCE_S
    assert kept.all(TellSupervisor) == [TellSupervisor(AskBeat())]


def test_main_does_not_hold_its_own_absence_against_anybody() -> None:
    """After a suspended main, what was answered meanwhile has still to be read."""
    kept = Kept().up().run(10)
    kept.answers = False
    kept.run(BEAT_S).forget().sleep(3600)
    assert kept.reasons == []
    kept.tell(BeatAnswered(TreeState.RUNNING, True, "late, but here"))
    kept.answers = True
    assert kept.run(60).reasons == []
    kept = Kept().sleep(11)  # the start has a beat more, too
    assert kept.reasons == []
    assert kept.run(BEAT_S).reasons == ["no supervisor within 10 s"]


def test_the_watchdog_is_answered_only_while_all_move() -> None:
    """A supervisor whose children are stuck is not lost; the init system is not told that all is well either."""
    kept = Kept().up().run(10)
    assert kept.notified.count("WATCHDOG=1") == 4
    kept.moving = False
    assert "WATCHDOG=1" not in kept.forget().run(60).notified
    assert kept.reasons == []


def test_an_answer_that_nobody_asked_for_feeds_nothing() -> None:
    """The watchdog cannot be fed in advance."""
    kept = Kept().up().forget()
    kept.tell(*[BeatAnswered(TreeState.RUNNING, True, "well")] * 5)
    assert kept.notified == ["READY=1", "STATUS=well"]


def test_a_short_watchdog_is_answered_often_enough() -> None:
    """Whatever interval the init system wants, four signs of life fit into it."""
    kept = Kept(TERMS._replace(watchdog_s=2.0)).up().run(10)
    assert kept.notified.count("WATCHDOG=1") == 20
    kept.answers = False
    assert kept.run(PATIENCE_S).reasons == ["supervisor: no heartbeat for 9 s"]


# stopping


def finished(kept: Kept) -> Kept:
    return kept.tell(Stopped(), SUPERVISOR_DIED, RunnerGone("runner: exited with 0"))


def test_an_ordered_stop() -> None:
    """The supervisor is asked, the runner sent home, nothing is left, and all was well."""
    kept = Kept().up().tell(TERM)
    assert kept.stops == 1
    assert "STOPPING=1" in kept.notified
    assert kept.tell(Stopped()).exit_code is None
    assert kept.all(TellRunner) == [TellRunner(Stop())]
    kept.tell(SUPERVISOR_DIED, RunnerGone("runner: exited with 0"))
    assert kept.exit_code == 0
    assert [effect for _, effect in kept.did][-2:] == [KillTree(), Leave(0)]
    assert kept.reasons == []


def test_the_order_of_the_goodbyes_does_not_matter() -> None:
    """A runner that is gone before the supervisor has finished is nobody's failure."""
    kept = Kept().up().tell(TERM, RUNNER_DIED)
    assert kept.exit_code is None
    assert kept.tell(Stopped()).exit_code == 0


def test_a_supervisor_that_dies_while_stopping_did_not_stop_in_order() -> None:
    """What its children had not finished is lost, and the exit code says so."""
    kept = Kept().up().tell(TERM, SUPERVISOR_DIED)
    assert (kept.exit_code, kept.trees) == (70, [1])


def test_a_stop_has_an_end() -> None:
    """All the shutdown timeouts together, and not more."""
    kept = Kept().up().tell(TERM)
    assert kept.run(39.9).exit_code is None
    assert kept.run(0.2).exit_code == 70
    assert kept.reasons == ["not stopped within 40 s"]


def test_who_hangs_while_stopping_is_not_waited_for() -> None:
    """Patience with somebody who does not answer is the same, stopping or not."""
    kept = Kept().up().tell(TERM)
    kept.answers = False
    assert kept.run(PATIENCE_S + 0.1).exit_code == 70


def test_a_second_request_is_passed_on() -> None:
    """It hurries; the supervisor knows how."""
    kept = Kept().up().tell(TERM, StopSignal("SIGINT"))
    assert kept.stops == 2
    assert finished(kept).exit_code == 0


def test_a_runner_that_stays_is_killed() -> None:
    """Everything that counts has stopped in order; the rest is a matter of seconds, or of a second request."""
    kept = Kept().up().tell(TERM, Stopped()).run(RUNNER_TIMEOUT_S)
    assert kept.exit_code == 0
    assert Kept().up().tell(TERM, Stopped(), TERM).exit_code == 0


def test_a_stop_during_the_start_is_passed_on_when_somebody_is_there() -> None:
    """Asked twice, it is told twice."""
    kept = Kept().tell(TERM)
    assert kept.stops == 0
    assert finished(kept.up()).exit_code == 0
    assert kept.stops == 1


@pytest.mark.parametrize("end", [TERM, RUNNER_DIED, SUPERVISOR_DIED])
def test_a_start_that_is_to_stop_is_not_held(end: Event) -> None:
    """Nothing was up that could be stopped in order, so whatever ends it ends it well."""
    assert Kept().tell(TERM, end).exit_code == 0
    assert Kept().tell(TERM).run(10.1).exit_code == 0


def test_a_stop_while_there_is_no_tree() -> None:
    """Between two trees there is nothing to wait for."""
    kept = Kept().up().tell(SUPERVISOR_DIED).up().tell(SUPERVISOR_DIED).forget().tell(TERM)
    assert (kept.exit_code, kept.trees) == (0, [])
    assert "STOPPING=1" in kept.notified


def test_an_escalation_is_a_stop_that_failed() -> None:
    """The supervisor stops the tree by itself, and the init system learns that it had to."""
    kept = Kept().up().tell(Escalated())
    assert kept.stops == 0
    assert kept.tell(TERM).stops == 1
    assert finished(kept).exit_code == 70


def test_whoever_gets_on_may_take_its_time() -> None:
    """While stopping, each sign of progress asks the init system for more time, never beyond our own end."""
    kept = Kept().up().forget().tell(TERM).run(39.9)
    granted = [
        at_s + int(line.partition("=")[2]) / 1e6
        for at_s, effect in kept.did
        for line in getattr(effect, "assignments", ())
        if line.startswith("EXTEND_TIMEOUT_USEC=")
    ]
    assert len(granted) == 17
    assert granted == sorted(granted)
    assert granted[-1] == pytest.approx(1000 + 40 + 5)
    kept = Kept().up()
    kept.moving = False
    assert not [line for line in kept.tell(TERM).run(39).notified if line.startswith("EXTEND")]


# what is passed on


def test_a_hangup_is_the_runners() -> None:
    """Whoever asks, a signal or a client, the runner reads the settings."""
    kept = Kept().tell(HangupSignal()).up().tell(HangupSignal(), ReloadAsked())
    assert kept.all(TellRunner) == [TellRunner(Reload())] * 3
    assert kept.forget().tell(TERM, HangupSignal()).all(TellRunner) == []


def test_reopening_is_the_supervisors() -> None:
    """Who has no files open yet has nothing to reopen."""
    kept = Kept().tell(ReopenSignal())
    assert kept.all(TellSupervisor) == []
    assert kept.up().tell(ReopenSignal()).all(TellSupervisor) == [TellSupervisor(Reopen())]


def test_what_the_supervisor_says_of_itself_is_passed_on() -> None:
    """Readiness, status and reloads reach the init system in its own words."""
    kept = Kept().up().tell(StateSaid(TreeState.STARTING, ""), StateSaid(TreeState.RUNNING, "6 children"))
    kept.tell(Reloading(), Reloaded())
    assert kept.notified == [
        *("STATUS=starting", "READY=1", "STATUS=6 children"),
        *("RELOADING=1", "MONOTONIC_USEC=1000000000", "READY=1"),
    ]


def test_the_last_word_is_the_last() -> None:
    """After goodbye nothing that is said counts, and after the end nothing at all."""
    kept = Kept().up().tell(TERM, Stopped()).forget().tell(StateSaid(TreeState.RUNNING, "or not"), Escalated())
    assert kept.did == []
    kept.tell(RUNNER_DIED).forget().tell(RUNNER_DIED, TERM, Tick(), Begun())
    assert kept.did == []


def test_a_second_connection_changes_nothing() -> None:
    """Neither to a tree that has its supervisor, nor between two trees."""
    kept = Kept().up().run(1).forget().up()
    assert kept.did == []
    kept.tell(SUPERVISOR_DIED).up().tell(SUPERVISOR_DIED).forget().up()
    assert kept.did == []


EVENTS = st.sampled_from(
    [
        *(RUNNER_DIED, SUPERVISOR_DIED, ControlConnected(), TERM, HangupSignal(), ReopenSignal()),
        *(StateSaid(TreeState.RUNNING, "up"), ReloadAsked(), Reloading(), Reloaded(), Escalated(), Stopped()),
        *(BeatAnswered(TreeState.DEGRADED, True, ""), BeatAnswered(TreeState.RUNNING, False, "")),
    ]
)


@example([(20.0, ControlConnected())], True)
@given(st.lists(st.tuples(st.floats(0, 20), EVENTS), max_size=40), st.booleans())
def test_whatever_happens(happenings: list[tuple[float, Event]], answers: bool) -> None:
    """In any order of events: no two trees at once, a kill before each start, one end, and it is never stuck."""
    kept = Kept()
    kept.answers = answers
    for wait_s, event in happenings:
        kept.run(wait_s).tell(event)
    kept.answers = False
    # whoever is silent from now on is given up; nobody is needed for it but the clock
    kept.run(3600)
    assert kept.exit_code is not None
    orders: list[Effect] = [effect for _, effect in kept.did if isinstance(effect, KillTree | StartTree | Leave)]
    assert [type(each) for each in orders[:1] + orders[-2:]] == [StartTree, KillTree, Leave]
    for before, after in pairwise(orders):
        assert isinstance(before, KillTree) or isinstance(after, KillTree)
    assert kept.trees == list(range(1, len(kept.trees) + 1))

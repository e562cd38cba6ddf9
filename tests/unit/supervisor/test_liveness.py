"""Alive is who gets on."""

from __future__ import annotations

import pytest

from daemoneye.supervisor.effects import AskHeartbeat, Kill, Start
from daemoneye.supervisor.events import Heartbeat
from daemoneye.supervisor.liveness import Pulse, Rhythm
from tests.fakes.supervised import Habits, World, spec

BEAT = 2.25  # of an interval of 3 s with 3 missed: four questions in nine seconds
RHYTHM = Rhythm.of(spec())


def test_the_rhythm_fits_the_questions_into_the_patience() -> None:
    """So many unanswered heartbeats as may be missed fit into interval times missed, with time to answer each."""
    assert (RHYTHM.beat_s, RHYTHM.patience_s) == (BEAT, 9)
    assert Rhythm.of(spec(heartbeat_interval_s=0.1, missed_heartbeats=1)) == (0.05, 0.1)


def test_the_first_question_comes_one_beat_after_readiness() -> None:
    """A child that has just become ready has proved enough."""
    world = World(spec("a")).begin(BEAT)
    assert world.said(AskHeartbeat) == []
    assert world.run(0.02).said(AskHeartbeat) == [AskHeartbeat("a", 1)]
    assert world.run(10 * BEAT).status("a").generation == 1


ON_THE_WAY = 0.002  # an answer that was sent before the hang still arrives


@pytest.mark.parametrize("interval", [0.1, 3.0, 60.0])
@pytest.mark.parametrize("missed", [1, 2, 3, 10])
@pytest.mark.parametrize("offset", [0.0, 0.3, 0.5, 0.77, 0.999])
def test_a_stopped_child_is_replaced_within_the_time_promised(interval: float, missed: int, offset: float) -> None:
    """However the stop falls between two questions, it is noticed within interval times missed, and not at once."""
    tree = spec("a", heartbeat_interval_s=interval, missed_heartbeats=missed)
    beat_s, patience_s = Rhythm.of(tree)
    world = World(tree).begin((10 + offset) * beat_s)
    stopped_s = world.now_s
    world.befall("a", frozen=True).run(patience_s + ON_THE_WAY)
    assert patience_s - beat_s - ON_THE_WAY <= world.at(Kill("a", 1)) - stopped_s <= patience_s + ON_THE_WAY
    world.run(0.1)
    assert world.orders() == ["start a1", "kill a1", "start a2"]
    assert world.at(Start("a", 2)) > world.at(Kill("a", 1))


def test_the_reason_says_what_was_missed() -> None:
    """The report tells silence from turning in circles."""
    world = World(spec("a")).begin().change("a", frozen=True).run(10)
    assert "child_hung a1: no heartbeat for 9 s" in world.reports()
    assert "child_terminated a1: no heartbeat for 9 s" in world.reports()
    world = World(spec("a")).begin().change("a", busy=True, working=False).run(20)
    assert any("child_hung a1: busy without progress for 9" in each for each in world.reports())


def test_a_child_that_answers_and_never_gets_on_is_replaced() -> None:
    """Answering is not enough while there is work: two beats later than silence at most."""
    world = World(spec("a"), a=Habits(busy=True)).begin(30)
    assert world.generations == [1]
    stuck_s = world.now_s
    world.change("a", working=False).run(9 + 2 * BEAT)
    assert world.at(Kill("a", 1)) - stuck_s <= 9 + 2 * BEAT


def test_a_busy_child_that_gets_on_and_an_idle_one_stay() -> None:
    """A month of honest work, or of none, is no reason to be replaced."""
    numbers = {"heartbeat_interval_s": 3600, "missed_heartbeats": 1}
    world = World(spec("a", "b", **numbers), a=Habits(busy=True)).begin(30 * 86_400)
    assert world.generations == [1, 1]


def test_hangs_count_as_unplanned_restarts() -> None:
    """With the numbers of the settings, a child that hangs after every start is given up."""
    world = World(spec("a"), a=Habits(frozen=True)).begin(120)
    assert (world.escalated, world.stopped) == (True, True)


def test_one_question_is_outstanding_at_most() -> None:
    """A stopped process does not fill its sender's mailbox."""
    world = World(spec("a")).begin().forget().change("a", frozen=True).run(8)
    assert world.said(AskHeartbeat) == [AskHeartbeat("a", 1)]


def test_a_supervisor_that_was_away_blames_nobody() -> None:
    """Whatever it slept through, who answers within a beat after that stays; who does not, goes."""
    world = World(spec("a", "b", "c", "d"), d=Habits(ready_s=9)).begin(9)
    world.befall("b", frozen=True).away(600).run(2)
    assert world.generations == [1, 1, 1, 1]
    world.run(0.5)
    assert world.generations == [1, 2, 1, 1]


def test_a_nap_shortens_nothing() -> None:
    """A child that has time left to start keeps it."""
    world = World(spec("a", "b"), b=Habits(ready_s=9)).begin(2).away(3).run(10)
    assert (world.generations, world.states) == ([1, 1], {"a": "running", "b": "running"})


def test_a_slow_child_does_not_cover_for_a_dead_one() -> None:
    """Answers that come late are not taken for a supervisor that was away."""
    for offset in range(16):
        world = World(spec("a", "b"), a=Habits(answer_s=4)).begin(10 + offset / 4)
        stopped_s = world.now_s
        world.befall("b", frozen=True).run(11)
        assert world.at(Kill("b", 1)) - stopped_s <= 9 + ON_THE_WAY
        assert world.status("a").generation == 1


@pytest.mark.parametrize("away_s", [0.5, 2.9, 7, 30])
def test_a_nap_at_any_moment_costs_no_child(away_s: float) -> None:
    """A supervisor that is stopped and continued finds its healthy children in place."""
    for offset in range(23):
        world = World(spec("a", missed_heartbeats=1)).begin(9 + offset / 10)
        assert world.away(away_s).run(20).generations == [1]


def test_a_nap_does_not_prolong_a_wait() -> None:
    """Only patience is prolonged: a restart that is due is made."""
    world = World(spec("a")).begin(1).dies("a").run(0.02).dies("a")
    assert world.states == {"a": "backing_off"}
    assert world.away(60).run(0.1).states == {"a": "running"}


def answered(pulse: Pulse, at_s: float, work_done: int, *, idle: bool) -> None:
    pulse.ask(at_s)
    pulse.hear(work_done, idle=idle, now_s=at_s)


def test_new_work_has_a_beat_to_move() -> None:
    """A child that has just been given work is not blamed for the time before."""
    pulse = Pulse(RHYTHM, 0)
    answered(pulse, 8, 7, idle=True)
    answered(pulse, 16, 7, idle=False)
    assert pulse.hung(24.9) is None
    assert pulse.hung(25) == "busy without progress for 9 s"


def test_a_counter_that_goes_back_is_no_progress() -> None:
    """Progress is more than before."""
    pulse = Pulse(RHYTHM, 0)
    for at_s, work_done in enumerate([9, 5, 5, 4, 1]):
        answered(pulse, 3.0 * (1 + at_s), work_done, idle=False)
    assert pulse.hung(16) == "busy without progress for 13 s"
    answered(pulse, 18, 2, idle=False)
    assert pulse.hung(26.9) is None


def test_an_answer_nobody_asked_for_proves_nothing() -> None:
    """A message that is delivered twice does not keep a dead child in its place."""
    pulse = Pulse(RHYTHM, 0)
    pulse.hear(1, idle=True, now_s=5)
    assert (pulse.hung(9), pulse.heard_s) == ("busy without progress for 9 s", 0)


def test_a_question_asked_late_has_its_time() -> None:
    """A supervisor that is behind does not take it out on its children."""
    pulse = Pulse(RHYTHM, 0)
    pulse.ask(8.9)
    assert pulse.hung(9) is None
    assert pulse.hung(8.9 + BEAT) is not None


def test_the_status_says_when_a_child_was_last_heard() -> None:
    """An operator sees the age of the last heartbeat, and that there is none of a child that is down."""
    world = World(spec("a")).begin(30)
    heard_s = world.status("a").heard_s
    assert heard_s is not None
    assert 0 <= 30 - heard_s <= BEAT
    assert world.dies("a").status("a").heard_s is None


def test_heartbeats_of_a_child_that_is_not_running_change_nothing() -> None:
    """An answer that crosses with the order to stop is no news."""
    world = World(spec("a"), a=Habits(never_ready=True)).begin()
    assert world.tell(Heartbeat("a", 1, 5, idle=True)) == ()
    assert world.states == {"a": "starting"}

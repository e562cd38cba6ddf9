"""How many bytes, and how fast."""

from __future__ import annotations

import pytest

from daemoneye.hashing.allowance import Allowance
from daemoneye.hashing.budget import Budget
from daemoneye.hashing.events import Level, Pressure, SettingsChanged
from daemoneye.hashing.throttle import CPU_PRESSED, IO_PRESSED, SLOWEST, Throttle, level_of
from daemoneye.hashing.values import Priority
from daemoneye.model.process import HashStatus
from tests.fakes.hashing_floor import MIB, Floor, file, limits

RATE = 1000


def test_a_burst_and_then_the_rate() -> None:
    """A quarter of a second's bytes at once, the next when as many have flowed in."""
    budget = Budget(RATE, 0.0)
    assert budget.lend(250, 0.0)
    budget.settle(250, 0)
    assert not budget.lend(100, 0.0)
    ready_s = budget.ready_s(100) or 0.0
    assert ready_s == pytest.approx(100 / 975)
    assert not budget.lend(100, ready_s - 0.001)
    assert budget.lend(100, ready_s)


def test_what_was_not_read_comes_back() -> None:
    """A file that turns out to be gone costs nothing."""
    budget = Budget(RATE, 0.0)
    assert budget.lend(250, 0.0)
    budget.settle(250, 250)
    assert budget.lend(250, 0.0)


def test_what_was_read_beyond_is_owed() -> None:
    """A file that has grown is paid for, if later."""
    budget = Budget(RATE, 0.0)
    assert budget.lend(50, 0.0)
    budget.settle(50, -775)
    assert budget.ready_s(250) == pytest.approx((250 + 575) / 975)


def test_nothing_flows_in_beyond_what_is_on_loan() -> None:
    """Whoever sits on bytes does not find a second burst when they are read."""
    budget = Budget(RATE, 0.0)
    assert budget.lend(250, 0.0)
    assert not budget.lend(1, 60.0)
    assert budget.ready_s(1) is None
    budget.settle(250, 0)
    assert budget.ready_s(250) == pytest.approx(60 + 250 / 975)


def test_a_piece_larger_than_a_burst_is_lent_and_owed() -> None:
    """After the rate was cut, a job that was begun with larger pieces can still be ended."""
    budget = Budget(100 * RATE, 0.0)
    budget.set_rate(RATE, 0.0)
    assert budget.lend(10_000, 0.0)
    budget.settle(10_000, 0)
    assert budget.ready_s(250) == pytest.approx(10_000 / 975)


@pytest.mark.parametrize(
    ("rate", "workers", "expected"),
    [(50 * MIB, 2, 50 * MIB // 32), (4096, 64, 1024), (64 * 1024, 64, 4096), (1024**4, 1, 64 * MIB)],
)
def test_slices_fit_the_rate(rate: int, workers: int, expected: int) -> None:
    """Small enough for everybody to have one, a page at least, and never so large that it takes long to read."""
    assert Budget(rate, 0.0).slice(workers) == expected


def test_an_allowance_covers_whole_pieces() -> None:
    """A worker reads no piece that was not granted in full, and asks for none beyond the end."""
    allowance = Allowance(size=250, piece=100, granted=150)
    allowance.spend(100)
    assert (allowance.covers_next, allowance.left) == (False, 50)
    allowance.grant(150)
    allowance.spend(100)
    assert allowance.covers_next
    allowance.spend(50)
    assert (allowance.covers_next, allowance.left) == (True, 0)


def test_an_allowance_knows_when_a_first_piece_was_larger() -> None:
    """A file that has grown since it was asked for is paid for with the next grant."""
    allowance = Allowance(size=1000, piece=100, granted=10)
    allowance.spend(100)
    assert (allowance.covers_next, allowance.left) == (False, -90)


def test_a_large_file_does_not_keep_small_ones_from_their_turn() -> None:
    """While one worker reads a giant, the other gets on with the rest."""
    floor = Floor(limits(bytes_per_second=4 * MIB))
    giant = floor.ask(file(1, 100 * MIB), Priority.ALERTED)
    floor.run(1)
    small = [floor.ask(file(number, 100_000)) for number in range(2, 22)]
    floor.run(5)
    assert {floor.status(tag) for tag in small} == {HashStatus.HASHED}
    assert giant not in floor.answers
    floor.run(60)
    assert floor.status(giant) is HashStatus.HASHED


def test_a_file_that_has_grown_stays_within_the_budget() -> None:
    """What is read is what counts, not what was asked for."""
    floor = Floor(limits(bytes_per_second=MIB))
    floor.nature(file(1, 100)).opened_as = file(1, 30 * MIB, version=7)
    tag = floor.ask(file(1, 100))
    floor.run(100)
    assert floor.status(tag) is HashStatus.HASHED
    assert floor.most_read(10.0) <= 10 * MIB + 256 * 1024


def test_the_budget_is_used() -> None:
    """Two workers with enough to do read at nearly the rate that is allowed."""
    floor = Floor(limits(bytes_per_second=10 * MIB))
    for number in range(200):
        floor.ask(file(number, 3 * MIB))
    floor.run(20)
    assert 0.95 * 200 * MIB <= sum(amount for _, amount in floor.reads) <= 200 * MIB


def test_a_rate_that_changes_holds_from_then_on() -> None:
    """A job that was begun at a high rate goes on at the low one, and is ended."""
    floor = Floor()
    tag = floor.ask(file(1, 20 * MIB))
    floor.run(0.2)
    floor.tell(SettingsChanged(limits(bytes_per_second=MIB)))
    begun = len(floor.reads)
    floor.run(10)
    assert sum(amount for _, amount in floor.reads[begun:]) < 14 * MIB
    floor.run(20)
    assert floor.status(tag) is HashStatus.HASHED


@pytest.mark.parametrize(
    ("cpu", "io", "expected"),
    [
        (None, None, Level.CALM),
        (0.0, 0.0, Level.CALM),
        (CPU_PRESSED + 1, 0.0, Level.PRESSED),
        (0.0, IO_PRESSED + 1, Level.PRESSED),
        (None, IO_PRESSED + 1, Level.PRESSED),
        (CPU_PRESSED * 0.7, 0.0, Level.BUSY),
        (1.0, IO_PRESSED, Level.BUSY),
    ],
)
def test_the_machine_is_pressed_when_others_wait(cpu: float | None, io: float | None, expected: Level) -> None:
    """Either of the two is enough, and where the kernel does not tell there is nothing to heed."""
    assert level_of(cpu=cpu, io=io) is expected


def test_pressure_halves_the_share_and_calm_restores_it_slowly() -> None:
    """Down to an eighth within half a minute, back within more than a minute, and not faster by asking more often."""
    throttle = Throttle()
    shares = {}
    for second in range(60):
        throttle.feel(Level.PRESSED, float(second))
        shares[second] = throttle.share
    assert [shares[second] for second in (0, 9, 10, 20, 59)] == [0.5, 0.5, 0.25, 0.125, SLOWEST]
    assert not throttle.feel(Level.BUSY, 60.0)
    for second in range(60, 140):
        throttle.feel(Level.CALM, float(second))
        shares[second] = throttle.share
    assert [shares[second] for second in (60, 69, 70, 119, 120)] == [0.25, 0.25, 0.375, 0.875, 1.0]


def test_a_pressed_machine_is_read_half_as_fast() -> None:
    """The budget follows the share."""
    floor = Floor(limits(bytes_per_second=10 * MIB))
    for number in range(200):
        floor.ask(file(number, 3 * MIB))
    floor.tell(Pressure(Level.PRESSED)).tell(Pressure(Level.BUSY))
    floor.run(20)
    assert floor.pool.share == 0.5
    assert sum(amount for _, amount in floor.reads) <= 100 * MIB

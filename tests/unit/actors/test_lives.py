"""The living children as processes: begun, spoken of, ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from thespian.actors import ActorAddress

from daemoneye.actors import lives as module
from daemoneye.actors.lives import Lender, Lives, manner_of
from daemoneye.actors.transport.loans import Loan
from daemoneye.broker.lending import LeaseRefusedError, Outcome
from daemoneye.broker.words import StartRequest
from daemoneye.supervisor.specs import Manner
from tests.fakes.leases import Leased

if TYPE_CHECKING:
    from collections.abc import Callable

LOAN = Loan(role="collector", instance=4, parent="supervisor.7.00000000", logger="logger.6.00000000", admin_pid=5)


@pytest.fixture
def lender() -> Lender:
    return Lender(Path("/run/broker.sock"))


@pytest.fixture
def begun(lender: Lender) -> Callable[..., Any]:
    """Lives, in which Thespian's way of making an actor is to ask the lender."""

    def make(lease: Leased | Exception | None) -> Lives:
        def create(name: str) -> ActorAddress:
            if isinstance(lease, Exception):
                lender.refusal = str(lease)
            elif lease:
                lender.lease = lease  # type: ignore[assignment]
            return ActorAddress(name)

        return Lives(lender, create)

    return make


def test_a_loan_is_asked_for_with_all_that_main_needs(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    """The generation is ours, everything else is what Thespian says of its child."""
    asked: list[tuple[Path, StartRequest, float]] = []
    lease = Leased(8)

    def take(path: Path, request: StartRequest, timeout_s: float) -> Leased:
        asked.append((path, request, timeout_s))
        return lease

    monkeypatch.setattr(module, "take_lease", take)
    lender.expect(3)
    assert id(lender(LOAN)) == id(lender.lease) == id(lease)
    request = StartRequest("collector", 3, 4, "supervisor.7.00000000", "logger.6.00000000", 5)
    assert asked[0][:2] == (Path("/run/broker.sock"), request)


@pytest.mark.parametrize("error", [LeaseRefusedError("EAGAIN"), OSError(2, "No such file")])
def test_a_refusal_is_remembered_because_thespian_forgets_it(
    lender: Lender, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """It still raises, for Thespian; the reason is for the supervisor."""

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(module, "take_lease", refuse)
    with pytest.raises(type(error)):
        lender(LOAN)
    assert (lender.lease, lender.refusal) == (None, str(error))
    lender.expect(2)
    assert lender.refusal == ""


def test_a_life_is_known_by_name_generation_and_pid(begun: Callable[..., Lives]) -> None:
    """And by nothing else: another generation, or another process, is not it."""
    lives = begun(Leased(8))
    life = lives.begin("collector", 3)
    assert not isinstance(life, str)
    assert lives.of("collector") is lives.of("collector", 3) is life
    assert lives.of("collector", 2) is None
    assert lives.of("gateway") is None
    assert lives.speaking("collector", 8) is life
    assert lives.speaking("collector", 9) is None
    assert lives.speaking("gateway", 8) is None
    assert lives.all == (life,)


@pytest.mark.parametrize(("made", "reason"), [(LeaseRefusedError("EAGAIN"), "EAGAIN"), (None, "no process")])
def test_a_life_that_could_not_begin_says_why(begun: Callable[..., Lives], made: Any, reason: str) -> None:
    """And is none."""
    lives = begun(made)
    assert lives.begin("collector", 1) == reason
    assert lives.all == ()


def test_an_end_is_told_with_its_reason(begun: Callable[..., Lives]) -> None:
    """What it said last is kept for the status; nothing else is, and the lease is closed."""
    lease = Leased(8, Outcome(code=70, last_words="ValueError: no luck"))
    lives = begun(lease)
    life = lives.begin("collector", 1)
    assert not isinstance(life, str)
    assert lives.ended((lease.fileno(),)) == [life]
    assert lives.ended((lease.fileno() + 1,)) == []
    assert lives.bury(life) == (Manner.ABNORMAL, "exited with 70: ValueError: no luck")
    assert lives.last_words == {"collector": "ValueError: no luck"}
    assert lives.all == ()
    assert lease.closed


def test_an_end_that_nobody_could_tell_of_is_an_accident(begun: Callable[..., Lives]) -> None:
    """Main may be dying itself; what was said last stays what it was."""
    lives = begun(Leased(8, TimeoutError()))
    lives.last_words["collector"] = "before"
    life = lives.begin("collector", 1)
    assert not isinstance(life, str)
    assert lives.bury(life) == (Manner.ABNORMAL, "ended")
    assert lives.last_words == {"collector": "before"}


@pytest.mark.parametrize(
    ("outcome", "asked", "manner"),
    [
        (Outcome(code=0), True, Manner.SHUTDOWN),
        (Outcome(code=0), False, Manner.NORMAL),
        (Outcome(code=70), True, Manner.ABNORMAL),
        (Outcome(signal=9), True, Manner.ABNORMAL),
        (Outcome(), False, Manner.ABNORMAL),
    ],
)
def test_how_a_life_ended(outcome: Outcome, asked: bool, manner: Manner) -> None:
    """Only who was asked and left in order has stopped; only who left in order has done its work."""
    assert manner_of(outcome, asked=asked) is manner

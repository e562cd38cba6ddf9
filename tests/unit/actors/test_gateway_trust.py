"""The gateway as the way to what is trusted, and how hashing and integrity are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.actors import gateway as gateway_module
from daemoneye.gateway import tellings, trusts
from daemoneye.gateway.trusts import ANSWER_S, ON_THE_WAY
from daemoneye.host.baseline_store import FILE_NAME
from daemoneye.messages.control import AskStatus
from daemoneye.messages.delivery import Taken
from daemoneye.messages.hashing import HashingState
from daemoneye.messages.integrity import Accept, Accepted, IntegrityState
from daemoneye.model import agent
from daemoneye.model.agent import Refusal, RefusalCode, StatusRequest
from daemoneye.model.reports import HashingReport, IntegrityReport
from daemoneye.model.status import HashingStatus, IntegrityStatus, Status
from daemoneye.model.trust import Baselines, BaselinesRequest, Trust, TrustRequest, parts
from tests.fakes.doorstep import Doorstep, report
from tests.fakes.trusting import Integrity, seen
from tests.unit.actors.test_gateway_record import answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = TrustRequest(trusts=(Trust(path="/usr/bin/x"),), last=True)
HASHING = HashingReport(files=(("hashed", 3),), bytes_read=7, waiting=1, share=0.5, quarantined=2, trouble="t")
INTEGRITY = IntegrityReport(
    alerts=(("b", "low", 1), ("a", "high", 2)),
    degraded=(("hashing", "down", 1),),
    packages="dpkg",
    bounded=(("windows", 9, 9, 9), ("baselines", 4, 10, 0)),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Doorstep]:
    with Doorstep(tmp_path / "s", state_dir=str(tmp_path)) as house:
        house.stage.introduce("integrity")
        yield house


def status(house: Doorstep, state: str = "running") -> Status:
    caller = house.call()
    caller.say(StatusRequest(), 1)
    house.stage.deliver(report(house.asked(AskStatus).request, state=state))
    answer = caller.answer()
    assert isinstance(answer, Status)
    return answer


# -- how they are


@pytest.mark.parametrize("told", [HashingState(number=7, report=HASHING), IntegrityState(number=7, report=INTEGRITY)])
def test_what_they_tell_is_acknowledged(house: Doorstep, told: object) -> None:
    """Otherwise they would tell no more."""
    role = "hashing" if isinstance(told, HashingState) else "integrity"
    house.stage.introduce(role)
    house.stage.deliver(told, role)
    assert house.stage.said[-1] == (role, Taken(number=7))


def test_it_is_in_the_status(house: Doorstep) -> None:
    """As soon as it is known, and in an order that stays."""
    assert (status(house).hashing, status(house).integrity) == (None, None)
    house.stage.introduce("hashing")
    house.stage.deliver(HashingState(number=1, report=HASHING), "hashing")
    house.stage.deliver(IntegrityState(number=1, report=INTEGRITY), "integrity")
    told = status(house)
    assert told.hashing == HashingStatus(
        files=(("hashed", 3),), bytes_read=7, waiting=1, share=0.5, quarantined=2, trouble="t"
    )
    assert told.integrity == IntegrityStatus(
        alerts=(("a/high", 2), ("b/low", 1)), degraded=(("hashing/down", 1),), packages="dpkg", baselines=4
    )


@pytest.mark.parametrize("trouble", ["", "no room"])
def test_who_cannot_write_down_what_is_trusted_is_not_well(house: Doorstep, trouble: str) -> None:
    """An agent whose memory is gone at the next start says so now."""
    house.stage.deliver(IntegrityState(number=1, report=IntegrityReport(trouble=trouble)), "integrity")
    assert status(house).state == ("degraded" if trouble else "running")
    assert status(house, "stopping").state == "stopping"


# -- what is trusted


def test_it_is_shown_from_where_it_lies(house: Doorstep, tmp_path: Path) -> None:
    """While it is being written."""
    integrity = Integrity(tmp_path, seen("/a"))
    answer = answered(house, BaselinesRequest())
    assert isinstance(answer, Baselines)
    assert ([each.path for each in answer.baselines], answer.last) == (["/a"], True)
    integrity.know(seen("/b"))
    answer = answered(house, BaselinesRequest(path="/b"))
    assert isinstance(answer, Baselines)
    assert [each.path for each in answer.baselines] == ["/b"]
    integrity.close()


def test_where_nothing_is_kept_the_client_hears_so(house: Doorstep, tmp_path: Path) -> None:
    """And the gateway lives on, whatever lies there."""
    missing = answered(house, BaselinesRequest())
    assert missing == Refusal(
        code=RefusalCode.UNAVAILABLE, text=f"{tmp_path / FILE_NAME}: no such file: what an agent has seen"
    )
    (tmp_path / FILE_NAME).write_bytes(b"\xa5" * 9000)
    damaged = answered(house, BaselinesRequest())
    assert isinstance(damaged, Refusal)
    assert damaged.code is RefusalCode.UNAVAILABLE


def test_what_is_to_be_trusted_goes_to_integrity(house: Doorstep, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its answer to who asked. Who that was is in the log."""
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(gateway_module, "log", lambda _, event, **said: lines.append({"event": event} | said))
    caller = house.call()
    caller.say(ONE, 1)
    asked = house.asked(Accept)
    assert asked.trusts == ONE.trusts
    assert caller.heard() == []
    house.stage.deliver(Accepted(request=asked.request, count=1), "integrity")
    assert caller.answer() == agent.Accepted(text="1 program is trusted")
    (line,) = lines
    assert (line["event"], line["count"], line["first"]) == ("gateway.trust_asked", 1, "/usr/bin/x")
    assert {"peer_pid", "peer_uid"} <= line.keys()


def test_a_refusal_of_integrity_is_passed_on(house: Doorstep) -> None:
    """In its words."""
    caller = house.call()
    caller.say(ONE, 1)
    refusal = Accepted(request=house.asked(Accept).request, count=0, refusal="/usr/bin/x: nothing known")
    house.stage.deliver(refusal, "integrity")
    assert caller.answer() == Refusal(code=RefusalCode.REFUSED, text="/usr/bin/x: nothing known")


def test_a_long_list_goes_as_one(house: Doorstep) -> None:
    """Each part is answered, and nothing is said before the last."""
    caller = house.call()
    *some, last = parts([Trust(path=f"/{number}") for number in range(200)])
    for number, part in enumerate(some, 1):
        caller.say(part, number)
        assert caller.answer() == trusts.COLLECTED
    assert house.stage.heard(Accept) == []
    caller.say(last, 99)
    assert len(house.asked(Accept).trusts) == 200


def test_half_a_list_of_who_went_away_is_forgotten(house: Doorstep) -> None:
    """It is not added to what the next one says."""
    gone = house.call()
    gone.say(TrustRequest(trusts=ONE.trusts), 1)
    gone.close()
    house.turns(3)
    assert house.gateway._trusts._lists == {}


def test_what_can_never_be_trusted_reaches_nobody(house: Doorstep) -> None:
    """Integrity is not asked to keep what its store could not."""
    caller = house.call()
    caller.say(TrustRequest(trusts=(Trust(path="/x", sha256="zz"),), last=True), 1)
    answer = caller.answer()
    assert isinstance(answer, Refusal)
    assert answer.text == "sha256 'zz': expected 64 hex digits in small letters; nothing is changed"
    assert house.stage.heard(Accept) == []


def test_without_integrity_nothing_is_trusted(tmp_path: Path) -> None:
    """And that is said at once."""
    with Doorstep(tmp_path / "s") as house:
        caller = house.call()
        caller.say(ONE, 1)
        assert caller.answer() == tellings.UNTRUSTED
        assert len(house.gateway._trusts) == 0


def test_integrity_that_does_not_answer_is_named(house: Doorstep) -> None:
    """In time, and what it says later is for nobody."""
    caller = house.call()
    caller.say(ONE, 1)
    house.stage.pass_time(ANSWER_S + 1)
    assert caller.answer() == tellings.UNDECIDED
    house.stage.deliver(Accepted(request=house.asked(Accept).request, count=1), "integrity")
    assert caller.heard() == []


def test_an_integrity_that_was_restarted_has_perhaps_done_it(house: Doorstep) -> None:
    """Whoever asked its forerunner is told to look."""
    caller = house.call()
    caller.say(ONE, 1)
    house.stage.introduce("integrity")
    assert caller.answer() == tellings.CUT_OFF


def test_more_than_a_few_have_to_wait(house: Doorstep) -> None:
    """Its inbox is not filled by a crowd."""
    callers = [house.call() for _ in range(ON_THE_WAY + 1)]
    for caller in callers:
        caller.say(ONE, 1)
    assert callers[-1].answer() == trusts.BUSY
    assert len(house.stage.heard(Accept)) == ON_THE_WAY


def test_who_waits_for_integrity_is_taken_leave_of(house: Doorstep) -> None:
    """The gateway may be restarted at any time."""
    caller = house.call()
    caller.say(ONE, 1)
    house.stage.stop()
    (envelope,) = caller.heard_so_far()
    assert isinstance(envelope.body, Refusal)
    assert envelope.body.code is RefusalCode.UNAVAILABLE

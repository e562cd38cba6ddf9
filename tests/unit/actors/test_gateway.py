from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from thespian.actors import WakeupMessage

from daemoneye import __version__
from daemoneye.actors import reception
from daemoneye.gateway.desk import ANSWER_S, ON_THE_WAY
from daemoneye.gateway.lists import LISTS, PART_S
from daemoneye.gateway.session import FRAME_S, GREETING_S, HIGH_WATER, OUTSTANDING
from daemoneye.messages.control import AskReload, AskStatus, ControlChild, Done
from daemoneye.messages.delivery import Taken
from daemoneye.messages.forwarding import SinksState
from daemoneye.messages.observation import (
    PartTaken,
    ScanTaken,
    SnapshotRefusal,
    SnapshotRefused,
    TakeSnapshot,
)
from daemoneye.messages.record import JournalState
from daemoneye.messages.supervision import GatewaySettings, Ready, SettingsApplied
from daemoneye.model.agent import (
    Accepted,
    ChildAction,
    ChildRequest,
    Envelope,
    HealthRequest,
    Hello,
    Processes,
    ProcessesRequest,
    Refusal,
    RefusalCode,
    ReloadRequest,
    StatusRequest,
)
from daemoneye.model.status import AlertFileReport, Health, JournalReport, SinkReport, Status, StreamReport
from daemoneye.wire.codec import encode
from daemoneye.wire.framing import encode_frame
from tests.fakes.doorstep import CHILDREN, COVERAGE, SETTINGS, Caller, Doorstep, part, report, scanned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Doorstep]:
    with Doorstep(tmp_path / "s") as house:
        yield house


def code_of(caller: Caller) -> RefusalCode:
    answer = caller.answer()
    assert isinstance(answer, Refusal)
    return answer.code


def test_it_is_ready_when_the_door_is_open(house: Doorstep) -> None:
    """Nobody is told that the agent is up before it can be asked."""
    assert house.stage.heard(Ready) == [Ready(generation=1)]
    assert not house.call().closed


def test_the_status_is_the_supervisors_report_and_the_collectors_last_news(house: Doorstep) -> None:
    """One question gives the whole picture."""
    house.stage.introduce("collector")
    house.stage.deliver(scanned(), "collector")
    assert house.stage.heard(ScanTaken) == [ScanTaken(scan=1)]
    caller = house.call()
    caller.say(StatusRequest(), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    status = caller.answer()
    assert isinstance(status, Status)
    assert (status.state, status.pid, status.version) == ("degraded", os.getppid(), __version__)
    assert (status.children, status.coverage) == (CHILDREN, COVERAGE)
    assert status.scan
    assert status.scan.shed == (("scanned", 2),)
    assert status.clients
    assert (status.clients.connected, status.clients.admitted) == (1, 1)


def test_before_the_first_scan_the_status_says_nothing_of_processes(house: Doorstep) -> None:
    """What is not known is absent."""
    caller = house.call()
    caller.say(StatusRequest(), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    status = caller.answer()
    assert isinstance(status, Status)
    assert (status.coverage, status.scan) == (None, None)


def test_how_the_receivers_are_stands_in_the_status(house: Doorstep) -> None:
    """And an agent whose records get nowhere is not well, though nothing of it is at fault."""
    house.stage.introduce("forwarder")
    caller, states = house.call(), []
    for number, trouble in enumerate(["", "connection refused"], start=1):
        sinks = (SinkReport(name="relp", state="connected", trouble=trouble, acknowledged=7, set_aside=1),)
        house.stage.deliver(SinksState(number=number, sinks=sinks), "forwarder")
        assert house.stage.heard(Taken)[-1] == Taken(number=number)
        caller.say(StatusRequest(), number)
        house.stage.deliver(report(house.asked(AskStatus).request, state="running"))
        status = caller.answer()
        assert isinstance(status, Status)
        assert status.sinks == sinks
        states.append(status.state)
    assert states == ["running", "degraded"]


def test_how_the_journal_is_stands_in_the_status(house: Doorstep) -> None:
    """And an agent that cannot record, or whose alerts reach no file, is not well, whoever of it runs."""
    house.stage.introduce("journal")
    file = AlertFileReport(path="/log/alerts.jsonl", trouble="read_only")
    journals = [
        JournalReport(chain="c", streams=(StreamReport(name="alerts", last=7, kept=5),)),
        JournalReport(trouble="disk_full", detail="no room", waiting=3),
        JournalReport(alert_file=file),
    ]
    caller = house.call()
    states = []
    for number, journal in enumerate(journals, start=1):
        house.stage.deliver(JournalState(number=number, report=journal), "journal")
        assert house.stage.heard(Taken)[-1] == Taken(number=number)
        caller.say(StatusRequest(), number)
        house.stage.deliver(report(house.asked(AskStatus).request, state="running"))
        status = caller.answer()
        assert isinstance(status, Status)
        assert status.journal == journal
        states.append(status.state)
    assert states == ["running", "degraded", "degraded"]


def test_health_is_of_all_or_of_one(house: Doorstep) -> None:
    """A monitor can watch a single child."""
    caller = house.call()
    caller.say(HealthRequest(), 1)
    caller.say(HealthRequest(child="gateway"), 2)
    caller.say(HealthRequest(child="nobody"), 3)
    house.stage.deliver(report(house.asked(AskStatus).request))
    everybody, one, none = (envelope.body for envelope in caller.heard())
    assert everybody == Health(children=CHILDREN)
    assert one == Health(children=CHILDREN[1:2])
    assert none == Refusal(
        code=RefusalCode.UNKNOWN_CHILD, text="nobody: no such child: one of supervisor, gateway, collector"
    )


@pytest.mark.parametrize("action", [ChildAction.RESTART, ChildAction.PAUSE, ChildAction.RESUME])
def test_an_operators_wish_reaches_the_supervisor_and_its_answer_the_operator(
    house: Doorstep, action: ChildAction
) -> None:
    """What was asked for a child is what the supervisor hears."""
    caller = house.call()
    caller.say(ChildRequest(action=action, child="collector"), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    question = house.asked(ControlChild)
    assert (question.action, question.child) == (action, "collector")
    house.stage.deliver(Done(request=question.request, ok=True, text="will be"))
    assert caller.answer() == Accepted(text="will be")


def test_a_child_that_does_not_exist_is_never_the_supervisors_business(house: Doorstep) -> None:
    """A misspelt name is answered with the right ones."""
    caller = house.call()
    caller.say(ChildRequest(action=ChildAction.RESTART, child="colector"), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    assert house.stage.heard(ControlChild) == []
    answer = caller.answer()
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.UNKNOWN_CHILD
    assert "supervisor, gateway, collector" in answer.text


def test_what_the_supervisor_refuses_is_refused_in_its_words(house: Doorstep) -> None:
    """The reason reaches the operator."""
    caller = house.call()
    caller.say(ChildRequest(action=ChildAction.PAUSE, child="supervisor"), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    house.stage.deliver(Done(request=house.asked(ControlChild).request, ok=False, text="no"))
    assert caller.answer() == Refusal(code=RefusalCode.REFUSED, text="no")


def test_the_gateway_does_not_pause_itself(house: Doorstep) -> None:
    """Nobody locks himself out."""
    caller = house.call()
    caller.say(ChildRequest(action=ChildAction.PAUSE, child="gateway"), 1)
    assert code_of(caller) is RefusalCode.REFUSED
    assert house.stage.heard(AskStatus) == []


def test_an_action_of_a_newer_release_is_refused_as_such(house: Doorstep) -> None:
    """An old agent does not guess."""
    caller = house.call()
    caller.say(ChildRequest(action=ChildAction(9), child="collector"), 1)
    assert code_of(caller) is RefusalCode.UNKNOWN_REQUEST


def test_a_restart_of_the_gateway_is_answered_before_it_goes(house: Doorstep) -> None:
    """The operator is not left wondering whether it was heard."""
    caller, other = house.call(), house.call()
    caller.say(ChildRequest(action=ChildAction.RESTART, child="gateway"), 1)
    other.say(ReloadRequest(), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    assert house.asked(ControlChild).child == "gateway"
    house.stage.stop()
    assert caller.answer() == Accepted(text="gateway: restart")
    assert code_of(other) is RefusalCode.UNAVAILABLE
    assert caller.closed
    assert house.stage.watched == []


def test_a_reload_is_accepted_or_rejected_with_its_mistakes(house: Doorstep) -> None:
    """Each mistake in a settings file is shown to whoever asked for the reload."""
    caller = house.call()
    caller.say(ReloadRequest(), 1)
    house.stage.deliver(Done(request=house.asked(AskReload).request, ok=True, text="generation 2"))
    assert caller.answer() == Accepted(text="generation 2")
    caller.say(ReloadRequest(), 2)
    house.stage.deliver(Done(request=house.asked(AskReload).request, ok=False, text="f:1:1: a: b\nf:2:1: c: d"))
    assert caller.answer() == Refusal(code=RefusalCode.REJECTED, text="f:1:1: a: b\nf:2:1: c: d")


def test_a_supervisor_that_does_not_answer_is_said_to_not_answer(house: Doorstep) -> None:
    """A hanging agent is told from one that is slow."""
    caller = house.call()
    caller.say(StatusRequest(), 1)
    house.stage.pass_time(ANSWER_S - 1)
    assert caller.heard() == []
    house.stage.pass_time(2)
    assert code_of(caller) is RefusalCode.NO_ANSWER
    house.stage.deliver(report(house.asked(AskStatus).request))
    assert caller.heard() == []


def test_a_supervisor_that_hangs_is_not_buried_in_questions(house: Doorstep) -> None:
    """However much clients ask, few messages are on their way."""
    callers = [house.call() for _ in range(10)]
    for caller in callers:
        for number in range(1, 20):
            caller.say(ReloadRequest(), number)
    assert len(house.stage.heard(AskReload)) == ON_THE_WAY


# -- lists of processes


def test_a_list_is_passed_on_part_by_part_with_the_coverage_at_its_end(house: Doorstep) -> None:
    """`ps` shows what `scan` would."""
    house.stage.introduce("collector")
    house.stage.deliver(scanned(), "collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    request = house.asked(TakeSnapshot).request
    for number in range(3):
        house.stage.deliver(part(request, number, last=number == 2), "collector")
        assert house.asked(PartTaken) == PartTaken(request=request, part=number)
    parts = [envelope.body for envelope in caller.heard()]
    assert all(isinstance(each, Processes) for each in parts)
    assert [each.records[0].pid for each in parts if isinstance(each, Processes)] == [1, 1001, 2001]
    assert parts[-1] == Processes(records=part(request, 2, last=True).records, part=2, last=True, coverage=COVERAGE)


def test_a_client_that_does_not_read_is_not_sent_more_than_it_has_room_for(house: Doorstep) -> None:
    """A pager that waits for its user costs a part or two of memory."""
    house.stage.introduce("collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    request, number = house.asked(TakeSnapshot).request, 0
    while len(house.stage.heard(PartTaken)) == number:
        house.stage.deliver(part(request, number, last=False, count=50, size=1000), "collector")
        number += 1
        assert number < 100
    (client,) = house.gateway._reception._clients.values()
    assert HIGH_WATER <= client.session.outbox.size < HIGH_WATER + 2 * 52_000
    assert len(caller.heard()) == number
    assert house.asked(PartTaken).part == number - 1


def test_a_client_that_never_reads_is_dropped_and_its_list_ends(house: Doorstep) -> None:
    """One that hangs does not hold a place for ever."""
    house.stage.introduce("collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    request, number = house.asked(TakeSnapshot).request, 0
    while len(house.stage.heard(PartTaken)) == number:
        house.stage.deliver(part(request, number, last=False, count=50, size=1000), "collector")
        number += 1
    house.stage.pass_time(FRAME_S + 2)
    assert house.gateway._reception.dropped == {"stalled": 1}
    assert house.asked(PartTaken).part == number - 1  # so that the collector is rid of it
    caller.heard()
    assert caller.closed


def test_a_client_that_goes_away_ends_its_list(house: Doorstep) -> None:
    """The collector's place for a list is given back."""
    house.stage.introduce("collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    caller.close()
    house.turns(2)
    request = house.asked(TakeSnapshot).request
    house.stage.deliver(part(request, 0, last=False), "collector")
    house.stage.deliver(part(request, 1, last=True), "collector")
    assert [taken.part for taken in house.stage.heard(PartTaken)] == [0, 1]
    assert len(house.gateway._lists) == 0


def test_without_a_collector_there_is_no_list(house: Doorstep) -> None:
    """A paused collector is said to be away."""
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    assert code_of(caller) is RefusalCode.UNAVAILABLE


def test_a_collector_that_is_restarted_ends_its_lists(house: Doorstep) -> None:
    """Half a list is never shown as a whole one."""
    house.stage.introduce("collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    house.stage.introduce("collector")
    assert code_of(caller) is RefusalCode.UNAVAILABLE


def test_a_collector_that_refuses_is_quoted(house: Doorstep) -> None:
    """The reason reaches the operator."""
    house.stage.introduce("collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    request = house.asked(TakeSnapshot).request
    house.stage.deliver(SnapshotRefused(request=request, reason=SnapshotRefusal.BUSY), "collector")
    house.stage.deliver(SnapshotRefused(request=request, reason=SnapshotRefusal.BUSY), "collector")
    assert caller.answer() == Refusal(code=RefusalCode.UNAVAILABLE, text="the collector refuses: busy")


def test_a_collector_that_does_not_go_on_is_said_to_not_answer(house: Doorstep) -> None:
    """A list that stops in the middle is told from one that is whole."""
    house.stage.introduce("collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    house.stage.pass_time(PART_S + 2)
    assert code_of(caller) is RefusalCode.NO_ANSWER


def test_lists_are_one_a_client_and_few_in_all(house: Doorstep) -> None:
    """A client cannot keep the collector busy with lists."""
    house.stage.introduce("collector")
    callers = [house.call() for _ in range(LISTS + 1)]
    callers[0].say(ProcessesRequest(), 1)
    callers[0].say(ProcessesRequest(), 2)
    assert code_of(callers[0]) is RefusalCode.REFUSED
    for caller in callers[1:]:
        caller.say(ProcessesRequest(), 1)
    assert code_of(callers[-1]) is RefusalCode.UNAVAILABLE
    assert len(house.stage.heard(TakeSnapshot)) == LISTS


def test_lists_in_progress_are_taken_leave_of(house: Doorstep) -> None:
    """Whoever waits for a list hears that the gateway stops."""
    house.stage.introduce("collector")
    caller = house.call()
    caller.say(ProcessesRequest(), 1)
    house.stage.stop()
    assert code_of(caller) is RefusalCode.UNAVAILABLE


# -- who is let in, and how much of anybody


def test_above_max_clients_a_connection_is_accepted_and_closed(tmp_path: Path) -> None:
    """One too many is told so at once, and those inside are not disturbed."""
    with Doorstep(tmp_path / "s", max_clients=2) as house:
        first, _ = house.call(), house.call()
        late = house.call(greet=False)
        late.heard()
        assert late.closed
        assert house.gateway._reception.dropped == {"crowd": 1}
        first.close()
        house.turns(2)
        assert not house.call().closed


def test_new_limits_hold_for_those_who_come_later(house: Doorstep) -> None:
    """A reload throws nobody out."""
    inside = house.call()
    house.stage.apply(GatewaySettings(**(SETTINGS | {"max_clients": 1})))
    assert house.stage.heard(SettingsApplied) == [SettingsApplied(config=1)]
    late = house.call(greet=False)
    late.heard()
    assert (inside.closed, late.closed) == (False, True)


def test_accounts_are_named_or_numbered_and_missing_ones_are_nobody(tmp_path: Path) -> None:
    """A name in ipc.allow_users that this host does not have lets nobody in and stops nothing."""
    with Doorstep(tmp_path / "s", allow_users=("root", "no-such-user", "77"), allow_groups=("88", "no-such")) as house:
        admission = house.gateway._reception.admission
        assert admission.uids == {0, 77, SETTINGS["user_uid"]}
        assert admission.gids == {88}


def test_when_descriptors_run_out_those_at_the_door_wait_until_there_are_some(
    house: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exhaustion neither ends the gateway nor keeps it busy."""
    monkeypatch.setattr(house.gateway._reception, "_doors", {house.door.fileno(): Exhausted(house)})
    caller = house.call(greet=False)
    house.turns(3)
    assert Exhausted.asked == 1  # and not once in every turn
    monkeypatch.undo()
    house.stage.pass_time(2)
    caller.say(Hello(versions=(1,)))
    assert len(caller.heard()) == 1


class Exhausted:
    asked = 0

    def __init__(self, house: Doorstep) -> None:
        self._house = house
        Exhausted.asked = 0

    def fileno(self) -> int:
        return self._house.door.fileno()

    def accept(self) -> None:
        Exhausted.asked += 1
        raise OSError(24, "Too many open files")


def test_a_turn_takes_a_bounded_number_of_frames_and_comes_back_for_the_rest(house: Doorstep) -> None:
    """A heartbeat is answered in the middle of a flood."""
    callers = [house.call() for _ in range(reception._FRAMES // reception._FRAMES_OF_ONE + 1)]
    for caller in callers:
        caller.socket.send(encode_frame(b"\xff") * 100)
    house.stage.read()
    done = [sum(len(caller.heard_so_far()) for caller in callers)]
    work = [house.stage.heartbeat().work_done]
    for _ in range(3):
        assert not house.stage.heartbeat().idle
        (turn,) = (timer for timer in house.stage.timers if timer.purpose == "turn")
        house.stage.timers.remove(turn)
        house.stage.deliver(WakeupMessage(timedelta(), turn.purpose))
        done.append(sum(len(caller.heard_so_far()) for caller in callers))
        work.append(house.stage.heartbeat().work_done)
    assert work == sorted(set(work))  # or it would be killed for claiming work and doing none
    assert done == [reception._FRAMES] * 4


def test_work_is_progress_and_waiting_is_idle(house: Doorstep) -> None:
    """A gateway that waits for the supervisor is not taken for one that hangs."""
    caller = house.call()
    before = house.stage.heartbeat()
    assert before.idle
    caller.say(StatusRequest(), 1)
    after = house.stage.heartbeat()
    assert after.work_done > before.work_done
    assert after.idle


def test_a_client_that_says_nothing_is_dropped_and_one_that_greeted_stays(house: Doorstep) -> None:
    """Places are for those who have something to ask."""
    silent, idle = house.call(greet=False), house.call()
    house.stage.pass_time(GREETING_S + 2)
    silent.heard()
    idle.heard()
    assert (silent.closed, idle.closed) == (True, False)
    assert house.gateway._reception.dropped == {"greeting": 1}


def test_when_nobody_is_there_no_timer_runs(house: Doorstep) -> None:
    """An idle agent costs nothing."""
    house.call().close()
    house.turns(2)
    house.stage.pass_time(5)
    assert house.stage.timers == []
    house.call()
    house.stage.pass_time(5)
    assert house.stage.timers == []


def test_questions_beyond_what_is_at_work_wait_in_the_kernel(house: Doorstep) -> None:
    """A client that pipelines gets every answer, in time."""
    caller = house.call()
    caller.send(b"".join(encode_frame(encode(Envelope.around(StatusRequest(), n))) for n in range(1, 31)))
    answers: list[int] = []
    for _ in range(10):
        for question in house.stage.heard(AskStatus)[-1:]:
            house.stage.deliver(report(question.request))
        house.turns(2)
        answers += [envelope.id for envelope in caller.heard()]
    assert answers == list(range(1, 31))
    assert len(house.stage.heard(AskStatus)) <= 30 // OUTSTANDING + 2

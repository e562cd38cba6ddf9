"""Integrity on a stage: what it asks, what it writes before it speaks, and what it says after every kind of death."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.actors.inquiries import PARTING_MS
from daemoneye.actors.integrity import IntegrityActor
from daemoneye.host.baseline_store import BaselineStore
from daemoneye.integrity.verdicts import PATIENCE_MS
from daemoneye.messages.integrity import Accept, Accepted, ChildrenInTrouble
from daemoneye.messages.supervision import Ready, SettingsApplied
from daemoneye.model.process import HashStatus
from daemoneye.model.trust import Trust
from daemoneye.tree import BY_NAME, INTEGRITY
from tests.fakes.executables import content
from tests.fakes.guarded_host import GATEWAY, SETTINGS, Host, Killed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.model.record import Entry

PROG = "/opt/prog"
PATIENCE_S, PARTING_S = PATIENCE_MS / 1000, PARTING_MS / 1000


@pytest.fixture
def host() -> Iterator[Host]:
    """A machine on which one program runs, and integrity has seen it."""
    host = Host()
    host.machine.put(PROG, "good")
    host.machine.start(PROG)
    host.settle()
    assert host.alerts == []
    yield host
    host.close()


def body(entry: Entry) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(entry.body)
    return said


def found(host: Host) -> None:
    """All is seen, hashed and judged; only the journal has not come to it."""
    host.look()
    host.hash()
    host.run(0)


def test_it_begins(host: Host) -> None:
    """And says so, and that all is well."""
    assert host.stage.heard(Ready)
    host.run(1)
    assert (host.report.packages, host.report.waiting, host.report.trouble) == ("dpkg", 0, "")
    assert ("baselines", 1) in [each[:2] for each in host.report.bounded]
    assert host.stage.heartbeat().work_done > 0


def test_an_unlinked_program_is_told_of_once(host: Host) -> None:
    """With its digests, in the journal, and crossed out in the store."""
    host.machine.unlink(PROG)
    host.settle()
    (alert,) = host.alerts
    assert alert.kind == "integrity.disk_mismatch"
    assert alert.sha256 == content("good").sha256
    assert host.disk.alerts == {}
    host.wait(200)
    assert len(host.alerts) == 1


def test_an_alert_is_written_before_it_is_said(host: Host) -> None:
    """Whoever is killed in between finds it in the store."""
    host.machine.unlink(PROG)
    host.disk.kill = "after"
    with pytest.raises(Killed):
        found(host)
    assert not host.keeps
    assert len(host.disk.alerts) == 1
    host.start()
    host.settle()
    assert host.rules == ["disk_mismatch"]
    assert host.disk.alerts == {}


def test_a_kill_before_it_is_written_loses_nothing(host: Host) -> None:
    """It is found again, for it was not said either."""
    host.machine.unlink(PROG)
    host.disk.kill = "before"
    with pytest.raises(Killed):
        found(host)
    host.start()
    host.settle()
    assert host.rules == ["disk_mismatch"]


def test_an_alert_that_was_recorded_unheard_keeps_its_id(host: Host) -> None:
    """The journal has it, nobody heard, everybody dies: it is said again, and is the same."""
    host.machine.unlink(PROG)
    found(host)
    host.record(tell=False)
    assert len(host.alerts) == len(host.disk.alerts) == 1
    host.journal_dies()
    host.start()
    host.settle()
    assert len(host.alerts) == 1
    assert host.disk.alerts == {}


def test_a_restart_of_the_journal(host: Host) -> None:
    """What was on its way is said again."""
    host.machine.unlink(PROG)
    found(host)
    host.journal_dies()
    host.settle()
    assert host.rules == ["disk_mismatch"]


def test_a_restart_of_hashing(host: Host) -> None:
    """All that has no answer is asked again, and not only once."""
    host.machine.unlink(PROG)
    host.look()
    for _ in range(3):
        assert len(host.in_hand) == 1
        host.hashing_dies()
    host.settle()
    assert host.rules == ["disk_mismatch"]


def test_a_restart_of_the_collector(host: Host) -> None:
    """It tells everything afresh; whoever is not on its list has ended, and what is known is asked of hashing only."""
    host.machine.put("/opt/other", "other")
    pid = host.machine.start("/opt/other")
    host.settle()
    host.machine.unlink(PROG)
    host.look()
    host.machine.stop(pid)
    host.collector_dies()
    host.settle()
    assert host.rules == ["disk_mismatch"]
    assert host.stage.actor._living.keys() == {f"e{pid}" for pid in host.machine.processes}


@pytest.mark.parametrize("restart", [False, True], ids=["stays", "restarts"])
def test_stop_swap_start(host: Host, restart: bool) -> None:
    """Across a restart of integrity as well."""
    host.machine.stop(*host.machine.processes)
    host.settle()
    if restart:
        host.start()
    host.machine.put(PROG, "evil")
    host.machine.start(PROG)
    host.settle()
    assert sorted(host.rules) == ["binary_change", "content_changed"]
    assert {alert.sha256 for alert in host.alerts} == {content("evil").sha256}


def test_a_package_update(host: Host) -> None:
    """It waits for the package manager, asks it once a second, and names the package."""
    host.machine.busy = True
    host.machine.put(PROG, "better")
    host.settle()
    assert host.alerts == []
    host.packages.asked.clear()
    host.wait(5)
    assert 5 <= len(host.packages.asked) <= 6
    host.machine.busy = False
    host.machine.package(PROG, "better", "1.1")
    host.wait(2)
    (alert,) = host.alerts
    assert alert.kind == "integrity.restart_required"
    assert "pack 1.1" in body(alert)["message"]


def test_twenty_processes_are_one_question_to_the_package_database(host: Host) -> None:
    """What was said holds until the database changes."""
    for _ in range(19):
        host.machine.start(PROG)
    host.settle()
    host.packages.asked.clear()
    host.machine.put(PROG, "evil")
    host.settle()
    assert host.packages.asked == [PROG]
    assert host.rules == ["disk_mismatch"]
    host.machine.package("/opt/else", "x")
    host.machine.put(PROG, "worse")
    host.settle()
    assert host.packages.asked == [PROG] * 2


def test_without_package_verdicts_nobody_is_asked(host: Host) -> None:
    """From the moment the settings say so, also about what is being waited for."""
    host.machine.busy = True
    host.machine.package(PROG, "better", "1.1")
    host.machine.put(PROG, "better")
    host.settle()
    assert host.alerts == []
    host.stage.apply(replace(SETTINGS, package_verdicts=False))
    assert host.stage.heard(SettingsApplied)
    host.settle()
    assert host.rules == ["disk_mismatch"]
    host.packages.asked.clear()
    host.machine.put(PROG, "good~3")
    host.wait(2)
    assert host.packages.asked == []
    assert "switched off" in host.report.packages
    host.stage.apply(SETTINGS)
    host.run(1)
    assert host.report.packages == "dpkg"


def test_patience_with_hashing_ends(host: Host) -> None:
    """Hashers that do not answer silence nothing; and what they say afterwards is not another alert."""
    host.machine.unlink(PROG)
    host.look()
    host.run(PATIENCE_S - 2)
    host.record()
    assert host.alerts == []
    host.run(3)
    host.record()
    (alert,) = host.alerts
    assert alert.sha256 is None
    host.settle()
    host.start()
    host.settle()
    host.wait(PATIENCE_S * 2)
    assert len(host.alerts) == 1


def test_a_baseline_is_seeded_however_late_its_digests_come(host: Host) -> None:
    """A first look at many programs takes hashing longer than anybody's patience."""
    host.machine.put("/opt/slow", "slow")
    pid = host.machine.start("/opt/slow")
    host.look()
    host.run(PATIENCE_S * 3)
    host.settle()
    host.machine.stop(pid)
    host.machine.put("/opt/slow", "evil")
    host.machine.start("/opt/slow")
    host.settle()
    assert sorted(host.rules) == ["binary_change", "content_changed"]


def test_a_process_that_ends_before_its_file_was_read(host: Host) -> None:
    """An alert is better than silence: it is given without digests, soon."""
    host.machine.unlink(PROG)
    host.look()
    host.machine.stop(*host.machine.processes)
    host.look()
    host.record()
    assert host.alerts == []
    host.run(PARTING_S + 1)
    host.record()
    (alert,) = host.alerts
    assert alert.kind == "integrity.disk_mismatch"
    assert host.disk.memory.kept.occasions == ()
    host.run(1)
    assert host.report.waiting == 0


def test_what_was_told_is_not_told_again_when_its_process_ends_after_a_restart(host: Host) -> None:
    """The next of us asks for its digests once more, and has not got them when it ends."""
    host.machine.unlink(PROG)
    host.settle()
    assert host.rules == ["disk_mismatch"]
    host.start()
    host.look()
    host.machine.stop(*host.machine.processes)
    host.look()
    host.hash(status=HashStatus.GONE)
    host.run(PARTING_S + 1)
    host.record()
    assert host.rules == ["disk_mismatch"]
    assert host.disk.memory.kept.occasions == ()


def test_a_process_that_ends_while_its_file_is_read(host: Host) -> None:
    """A file that was open already is read to its end, and the alert has its digests."""
    host.machine.unlink(PROG)
    host.look()
    ((number, question),) = host.in_hand.items()
    answer = host._answer(question, HashStatus.HASHED, {})
    host.machine.stop(*host.machine.processes)
    host.look()
    del host.in_hand[number]
    host.answers.append(answer)
    host._speak()
    host.settle()
    (alert,) = host.alerts
    assert alert.sha256 == content("good").sha256


def test_a_process_that_ended_and_cannot_be_opened(host: Host) -> None:
    """Hashing says at once that it is gone, and nobody waits for more."""
    host.machine.unlink(PROG)
    host.look()
    host.machine.stop(*host.machine.processes)
    host.settle()
    assert host.rules == ["disk_mismatch"]


def test_a_program_of_a_package_that_is_just_being_installed_and_ends(host: Host) -> None:
    """Its new content is the package's, which is known only when the package manager is done."""
    host.machine.stop(*host.machine.processes)
    host.machine.busy = True
    host.machine.put(PROG, "better")
    pid = host.machine.start(PROG)
    host.settle()
    host.machine.stop(pid)
    host.wait(30)
    host.machine.package(PROG, "better", "1.1")
    host.machine.busy = False
    host.wait(2)
    assert host.alerts == []
    assert host.reference(PROG) == content("better")


def test_swaps_without_end_do_not_put_off_the_alert(host: Host) -> None:
    """Whoever exchanges the file every second while nothing is hashed is told of all the same."""
    for number in range(round(PATIENCE_S) + 5):
        host.machine.put(PROG, f"evil~{number}")
        host.look()
        host.run(1)
        host.record()
    assert host.rules[:1] == ["disk_mismatch"]


def test_a_file_that_is_being_written(host: Host) -> None:
    """Half a copy has no digest worth telling: it is read again until it holds still."""
    host.machine.put(PROG, "evil")
    host.look()
    host.hash(1)
    host.hash(1, HashStatus.CHANGED_WHILE_READ)
    host.record()
    assert host.alerts == []
    assert not host.in_hand
    host.run(3)
    host.settle()
    (alert,) = host.alerts
    assert body(alert)["evidence"]["new"]["sha256"] == content("evil").sha256


def test_a_digest_that_could_not_be_had_is_tried_again(host: Host) -> None:
    """Degraded coverage begins once, and ends by itself when the digest can be had."""
    host.machine.put("/opt/shy", "shy")
    pid = host.machine.start("/opt/shy", status=HashStatus.PERMISSION)
    host.wait(30)
    (began,) = host.alerts
    assert body(began)["shortfall"]["phase"] == "start"
    assert host.report.degraded == (("digests", "permission", 1),)
    host.start()
    host.wait(30)
    assert len(host.alerts) == 1
    host.machine.processes[pid].status = HashStatus.HASHED
    host.wait(90)
    ended = host.alerts[-1]
    assert len(host.alerts) == 2
    assert body(ended)["shortfall"]["phase"] == "end"
    assert host.report.degraded == ()
    assert host.reference("/opt/shy") == content("shy")


def test_degraded_coverage_does_not_end_because_nobody_has_looked_again(host: Host) -> None:
    """After a restart a slow file lacks its digest as it did before."""
    host.machine.put("/opt/shy", "shy")
    host.machine.start("/opt/shy", status=HashStatus.TIMEOUT)
    host.wait(30)
    assert len(host.alerts) == 1
    host.start()
    host.look()
    host.run(60)
    host.settle()
    host.wait(30)
    assert len(host.alerts) == 1


def test_a_program_that_nobody_may_open(host: Host) -> None:
    """Without its identity there is nothing to ask for; that is a digest which could not be had."""
    host.machine.put("/opt/closed", "closed")
    pid = host.machine.start("/opt/closed")
    sighting = host.machine.sighting(host.machine.processes[pid], 0)
    host.machine.sighting = lambda process, at: (  # type: ignore[method-assign,assignment]
        replace(sighting, file=None) if process.pid == pid else type(host.machine).sighting(host.machine, process, at)
    )
    host.wait(15)
    assert host.report.degraded == (("digests", "permission", 1),)


def test_children_that_are_down(host: Host) -> None:
    """Each has a start and an end; those that are not named any more are at work."""
    host.stage.deliver(ChildrenInTrouble(troubles=(("forwarder", "down"),)))
    host.wait(12)
    assert host.rules == ["coverage.degraded"]
    host.stage.deliver(ChildrenInTrouble(troubles=()))
    host.wait(12)
    assert host.rules == ["coverage.degraded"] * 2
    assert host.report.alerts == (("integrity.coverage.degraded", "medium", 2),)


def test_a_full_disk_silences_nothing(host: Host) -> None:
    """The alert goes out; what is to be remembered is written when there is room, and both are told once."""
    host.disk.broken = True
    host.machine.unlink(PROG)
    host.settle()
    assert host.rules == ["disk_mismatch"]
    host.wait(5)
    assert "no space" in host.report.trouble
    host.disk.broken = False
    host.wait(2)
    assert host.report.trouble == ""
    assert [name for _, name, _ in host.lines] == [
        "integrity.alert",
        "integrity.cannot_save",
        "integrity.saves_again",
    ]
    host.start()
    host.settle()
    assert len(host.alerts) == 1
    assert host.disk.alerts == {}


def test_a_lost_store_is_written_anew(host: Host) -> None:
    """With all that is known, and with the alerts that are on their way."""
    host.machine.unlink(PROG)
    host.disk.lost = True
    found(host)
    assert len(host.disk.alerts) == 1
    assert [each.key.path for each in host.disk.memory.kept.baselines] == [PROG]
    assert ("error", "integrity.began_anew") in [line[:2] for line in host.lines]
    host.start()
    host.settle()
    assert host.rules == ["disk_mismatch"]


def test_an_entry_that_cannot_be_read(host: Host) -> None:
    """Of another release: it is dropped with a line, and the finding is said again."""
    host.machine.unlink(PROG)
    found(host)
    ((alert_id, _),) = host.disk.alerts.items()
    host.disk.alerts[alert_id] = b"something else"
    host.start()
    assert ("error", "integrity.unreadable", {"id": alert_id}) in host.lines
    host.run(1)
    assert host.disk.alerts == {}
    assert host.disk.memory.kept.windows == ()
    host.settle()
    assert host.alerts == []  # from this process it was taken
    host.machine.put(PROG, "good")
    host.machine.start(PROG)
    host.settle()
    host.machine.unlink(PROG)
    host.settle()
    assert host.rules == ["disk_mismatch"]


def test_an_entry_that_the_journal_refuses(host: Host) -> None:
    """It is crossed out, and does not silence the next like it."""
    host.refuses = True
    host.machine.unlink(PROG)
    host.settle()
    assert host.alerts == []
    assert host.disk.alerts == {}
    assert host.disk.memory.kept.windows == ()
    assert "integrity.refused" in [name for _, name, _ in host.lines]


def test_what_is_logged_of_an_alert(host: Host) -> None:
    """One line, of a level that fits, once."""
    host.machine.unlink(PROG)
    host.settle()
    host.start()
    host.settle()
    (line,) = host.lines
    assert line[:2] == ("warning", "integrity.alert")
    assert line[2]["path"] == PROG


def test_nothing_new_is_nothing_written(host: Host) -> None:
    """A quiet machine costs no write."""
    before = host.disk.writes
    host.wait(30)
    host.collector_dies()
    host.wait(5)
    assert host.disk.writes == before


def test_a_first_look_at_many(host: Host) -> None:
    """They are asked in batches, and written in batches."""
    for number in range(600):
        host.machine.put(f"/opt/{number}", f"text {number}")
        host.machine.start(f"/opt/{number}")
    host.disk.writes = 0
    host.look()
    assert len(host.in_hand) == 600
    for question in list(host.in_hand.values()):
        host.answers.append(host._answer(question, HashStatus.HASHED, {}))
    host.in_hand.clear()
    host._speak()
    host.settle()
    assert len(host.disk.memory.kept.baselines) == 601
    assert all(each.package for each in host.disk.memory.kept.baselines)
    assert host.disk.writes < 20


def accepted(host: Host, *trusts: Trust) -> Accepted:
    host.deliver(Accept(request=7, trusts=trusts), GATEWAY)
    return host.stage.heard(Accepted)[-1]


def test_what_an_operator_accepts_is_written_before_it_is_said(host: Host) -> None:
    """It is trusted from then on, whoever is killed."""
    assert accepted(host, Trust(path=PROG, sha256=content("evil").sha256)) == Accepted(request=7, count=1)
    host.start()
    host.machine.stop(*host.machine.processes)
    host.machine.put(PROG, "evil")
    host.machine.start(PROG)
    host.settle()
    assert host.alerts == []


def test_what_was_last_seen_can_be_accepted(host: Host) -> None:
    """Without digests it is that."""
    host.machine.stop(*host.machine.processes)
    host.machine.put(PROG, "evil")
    host.machine.start(PROG)
    host.settle()
    assert accepted(host, Trust(path=PROG)).count == 1
    assert host.reference(PROG) == content("evil")


@pytest.mark.parametrize(
    "wrong",
    [
        Trust(path="/never"),
        Trust(path="relative", sha256="0" * 64),
        Trust(path=PROG, sha256="nonsense"),
        Trust(path=PROG, namespace="mnt:1", sha256="0" * 64),
    ],
)
def test_all_is_accepted_or_nothing(host: Host, wrong: Trust) -> None:
    """One that cannot be trusted keeps the others from being trusted."""
    before = host.disk.memory.kept
    answer = accepted(host, Trust(path=PROG, sha256=content("evil").sha256), wrong)
    assert answer.count == 0
    assert "nothing is changed" in answer.refusal
    host.run(1)
    assert host.disk.memory.kept == before


def test_nothing_is_accepted_that_cannot_be_written(host: Host) -> None:
    """Then nothing is changed in memory either."""
    host.disk.broken = True
    trusts = (Trust(path=PROG, sha256=content("evil").sha256), Trust(path="/new", sha256="0" * 64))
    assert "no space" in accepted(host, *trusts).refusal
    baselines = host.stage.actor._tracker.baselines
    assert [each.reference for each in baselines] == [content("good")]
    host.disk.broken = False
    assert accepted(host, *trusts).count == 2
    assert len(baselines) == 2


def test_a_report_waits_until_the_one_before_was_taken(host: Host) -> None:
    """A gateway that does not read is not filled up."""
    host.run(5)
    host.taken_by_gateway = False
    host.machine.unlink(PROG)
    host.settle()
    host.run(5)
    count = len(host.states)
    host.machine.put(PROG, "good~2")
    host.settle()
    host.run(5)
    assert len(host.states) == count
    host.taken_by_gateway = True
    host.stage.introduce(GATEWAY)
    host.run(2)
    assert len(host.states) > count


def test_those_who_run_on_are_not_those_seen_longest_ago(host: Host) -> None:
    """Nobody tells of them again, and yet they are not the first to be forgotten."""
    host.machine.put("/opt/brief", "brief")
    pid = host.machine.start("/opt/brief")
    host.settle()
    host.machine.stop(pid)
    host.look()
    host.run(3700)
    last_seen = {each.key.path: each.last_seen_ms for each in host.disk.memory.kept.baselines}
    assert last_seen[PROG] > last_seen["/opt/brief"]
    assert next(iter(host.stage.actor._tracker.baselines)).key.path == "/opt/brief"


@pytest.mark.parametrize("when", ["on its way", "unheard"])
def test_a_store_that_is_lost_with_alerts_in_it(host: Host, when: str) -> None:
    """They are written into the new one, until the journal has them."""
    host.machine.unlink(PROG)
    found(host)
    assert len(host.disk.alerts) == 1
    host.disk.lost = True
    host.machine.put("/opt/other", "other")
    host.machine.start("/opt/other")
    found(host)
    assert len(host.disk.alerts) == 1
    if when == "unheard":
        host.start()
    host.settle()
    assert host.rules == ["disk_mismatch"]
    assert host.disk.alerts == {}


def test_alerts_of_a_store_that_could_not_be_written_at_first() -> None:
    """It could not be told what was on its way; as soon as it can be, that is said again."""
    host = Host()
    host.machine.put(PROG, "good")
    host.machine.start(PROG)
    host.settle()
    host.machine.unlink(PROG)
    found(host)
    host.disk.broken = True
    host.start()
    host.wait(3)
    assert host.alerts == []
    host.disk.broken = False
    host.wait(3)
    assert host.rules == ["disk_mismatch"]
    assert host.disk.alerts == {}
    host.close()


def test_alerts_for_which_there_is_no_room(host: Host) -> None:
    """Of a journal that is away for very long: what goes is crossed out, and the journal hears that it is missing."""
    host.stage.actor._custody._most = 2
    host.stage.actor._custody._present = False
    for number in range(4):
        host.machine.put(PROG, f"evil~{number}")
        found(host)
    host.run(1)
    assert len(host.disk.alerts) == 2
    host.journal_dies()
    host.settle()
    assert [kind for kind in host.rules if kind == "disk_mismatch"] == ["disk_mismatch"] * 2
    assert "record.lost" in host.rules


def test_a_process_that_ended_while_the_collector_was_away(host: Host) -> None:
    """It is not on the new list; what is awaited of it is not awaited for ever."""
    host.machine.unlink(PROG)
    host.look()
    host.machine.stop(*host.machine.processes)
    host.collector_dies()
    host.look()
    host.run(PARTING_S + 1)
    host.run(0)
    host.record()
    assert host.rules == ["disk_mismatch"]


def test_what_a_package_manager_holds_up_is_not_asked_without_end(host: Host) -> None:
    """A hundred programs of one update: each has its turn, and none of them more than one a second."""
    for number in range(100):
        host.machine.put(f"/opt/{number}", f"text {number}")
        host.machine.start(f"/opt/{number}")
    host.settle()
    host.machine.busy = True
    for number in range(100):
        host.machine.put(f"/opt/{number}", f"newer {number}")
    host.settle()
    host.packages.asked.clear()
    host.run(3)
    assert 300 <= len(host.packages.asked) <= 400
    assert host.report.waiting == 100


def test_with_a_file_of_its_own(tmp_path: Path) -> None:
    """The real store: what was found, and that it was told, is there for the next of us."""
    stores: list[BaselineStore] = []

    def opened(_: object) -> BaselineStore:
        stores.append(BaselineStore(tmp_path, lambda: 0))
        return stores[-1]

    host = Host(store=opened)
    host.machine.put(PROG, "good")
    host.machine.start(PROG)
    host.settle()
    host.machine.unlink(PROG)
    found(host)
    host.start()
    host.settle()
    (alert,) = host.alerts
    host.run(1)
    host.start()
    host.wait(5)
    assert host.alerts == [alert]
    host.stage.stop()
    with closing(BaselineStore(tmp_path, lambda: 0)) as store:
        assert [each.key.path for each in store.load().baselines] == [PROG]
        assert store.on_their_way() == []
    host.close()
    for each in stores:  # of those who were not asked to end
        each.close()


def test_it_ends(host: Host) -> None:
    """What could not be written before is written."""
    host.disk.broken = True
    host.machine.put("/opt/other", "other")
    host.machine.start("/opt/other")
    host.settle()
    host.disk.broken = False
    host.stage.stop()
    assert len(host.disk.memory.kept.baselines) == 2


def test_its_role_in_the_tree() -> None:
    """It may write where its baselines are, and has something to record."""
    role = BY_NAME[INTEGRITY]
    assert role.actor == f"{IntegrityActor.__module__}.{IntegrityActor.__qualname__}"
    assert (role.privileged, role.writes, role.records, role.network) == (False, ("state_dir",), True, False)

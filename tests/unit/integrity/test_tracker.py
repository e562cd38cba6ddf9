"""Every way to exchange a program, and what an administrator hears of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.baseline_store import BaselineStore
from daemoneye.integrity.baselines import Key, Source
from daemoneye.integrity.kept import Kept, Saved
from daemoneye.integrity.sighting import Hashed, Need
from daemoneye.integrity.verdicts import PATIENCE_MS
from daemoneye.model.alert import Ownership, Rule, Severity
from daemoneye.model.process import HashStatus, OnDisk
from tests.fakes.executables import SECOND, WINDOW_S, Agent, Machine, content, rules

if TYPE_CHECKING:
    from pathlib import Path

PROG = "/opt/prog"


def watched(*paths: str, agent: dict[str, object] | None = None) -> tuple[Machine, Agent]:
    """A machine on which these run, and an agent that has seen them."""
    machine = Machine()
    for path in paths or (PROG,):
        machine.put(path, "good")
        machine.start(path)
    watching = Agent(machine, **(agent or {}))  # type: ignore[arg-type]
    assert watching.look() == []
    return machine, watching


def test_what_is_seen_first_is_trusted_in_silence() -> None:
    """An agent that is installed on a running system says nothing about what it finds there."""
    _, agent = watched("/a", "/b", "/c")
    assert agent.look(3600) == []
    assert {each.key.path for each in agent.tracker.baselines} == {"/a", "/b", "/c"}


def test_an_unlinked_program() -> None:
    """The file of a running program is deleted: one alert, with the digests of what runs."""
    machine, agent = watched()
    machine.unlink(PROG)
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.DISK_MISMATCH, Severity.HIGH)
    assert alert.hash == content("good")
    assert alert.process
    assert alert.process.executable == PROG
    assert alert.evidence
    assert alert.evidence.on_disk is OnDisk.DELETED
    assert agent.look() == []


def test_a_program_replaced_by_rename() -> None:
    """Another file lies where the running one was: one alert, that says how alike they are."""
    machine, agent = watched()
    machine.put(PROG, "evil")
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.DISK_MISMATCH, Severity.HIGH)
    assert alert.evidence
    assert (alert.evidence.old, alert.evidence.new) == (content("good"), content("evil"))
    assert alert.evidence.similarity == 0
    assert alert.evidence.package.ownership is Ownership.UNOWNED
    assert agent.look() == []


def test_a_program_replaced_by_one_nearly_the_same() -> None:
    """SHA-256 is the fact: a hidden change of few bytes is as good an alert as any."""
    machine, agent = watched()
    machine.put(PROG, "good~2")
    (alert,) = agent.look()
    assert alert.rule is Rule.DISK_MISMATCH
    assert alert.evidence
    assert alert.evidence.similarity is not None
    assert 80 <= alert.evidence.similarity < 100


@pytest.mark.parametrize("restart", [False, True], ids=["agent stays", "agent restarts"])
@pytest.mark.parametrize(
    ("new", "expected"),
    [("evil", ["content_changed", "binary_change"]), ("good~2", ["content_changed"]), ("tiny", ["content_changed"])],
)
def test_stop_swap_start(new: str, expected: list[str], restart: bool) -> None:
    """What a program was is remembered while it does not run, and while we do not."""
    machine, agent = watched()
    machine.stop(*machine.processes)
    agent.look()
    if restart:
        agent.restart()
    machine.put(PROG, new)
    machine.start(PROG)
    found = agent.look()
    assert rules(found) == expected
    assert all(alert.hash == content(new) for alert in found)
    assert [alert.severity for alert in found] == [Severity.HIGH, Severity.MEDIUM][: len(found)]
    assert agent.look() == []


def test_what_cannot_be_compared_is_said_to_be_so() -> None:
    """No similarity is not a similarity of nothing."""
    machine, agent = watched()
    machine.stop(*machine.processes)
    machine.put(PROG, "tiny")
    machine.start(PROG)
    (alert,) = agent.look()
    assert alert.evidence
    assert alert.evidence.similarity is None
    assert alert.evidence.not_comparable
    assert alert.evidence.not_comparable in alert.message


def test_a_slow_boil_is_held_against_the_first_day() -> None:
    """Whoever changes a program a little every day has changed it a lot."""
    machine, agent = watched(agent={"window_s": 0})
    for day in range(5):
        machine.stop(*machine.processes)
        machine.put(PROG, f"good~{day}")
        machine.start(PROG)
        (alert,) = agent.look(86_400)
        assert alert.evidence
        assert alert.evidence.old == content("good")
    baseline = agent.baseline(PROG)
    assert baseline
    assert baseline.reference == content("good")
    assert baseline.last == content("good~4")
    assert baseline.source is Source.SEEDED


def test_memfd() -> None:
    """A program that was never on disk."""
    machine, agent = watched()
    machine.start_memfd("x", "evil")
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.FILELESS, Severity.HIGH)
    assert alert.hash == content("evil")
    assert alert.evidence
    assert alert.evidence.package.reason == "a program without a path is nobody's"
    assert agent.look() == []


def test_twenty_processes_of_a_memfd() -> None:
    """Each has a file of its own; what it holds is one thing, and is said once."""
    machine, agent = watched()
    for _ in range(20):
        machine.start_memfd("x", "evil")
    assert rules(agent.look()) == ["fileless"]


def test_swap_and_swap_back() -> None:
    """Exchanging a program, starting it and putting the old one back leaves a process that is told twice of."""
    machine, agent = watched()
    (first,) = machine.processes
    good = machine.unlink(PROG)
    machine.put(PROG, "evil")
    machine.start(PROG)
    found = agent.look()
    assert sorted(rules(found)) == ["binary_change", "content_changed", "disk_mismatch"]
    assert next(a for a in found if a.rule is Rule.DISK_MISMATCH).process.pid == first  # type: ignore[union-attr]
    machine.put_back(PROG, good)
    (alert,) = agent.look()
    assert alert.rule is Rule.DISK_MISMATCH
    assert alert.process
    assert alert.process.pid != first
    assert alert.evidence
    assert (alert.evidence.old, alert.evidence.new) == (content("evil"), content("good"))
    assert agent.look() == []


def test_putting_a_packaged_file_back_does_not_whitewash_what_runs() -> None:
    """A package explains what lies there; the stranger that still runs it does not."""
    machine, agent = watched()
    machine.package(PROG, "good")
    machine.put(PROG, "evil")
    machine.start(PROG)
    agent.look()
    machine.put(PROG, "good")
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.DISK_MISMATCH, Severity.HIGH)


def test_a_second_swap_within_the_window_is_another_change() -> None:
    """The window is one of a change, not of a file."""
    machine, agent = watched()
    machine.put(PROG, "evil")
    assert rules(agent.look()) == ["disk_mismatch"]
    machine.put(PROG, "worse")
    (alert,) = agent.look()
    assert alert.evidence
    assert alert.evidence.new == content("worse")


def test_two_programs_at_once() -> None:
    """Each alert is about the right one."""
    machine, agent = watched("/a", "/b", "/c")
    machine.unlink("/a")
    machine.put("/b", "evil")
    found = {alert.process.executable: alert for alert in agent.look() if alert.process}
    assert found.keys() == {"/a", "/b"}
    assert found["/a"].evidence
    assert found["/a"].evidence.on_disk is OnDisk.DELETED
    assert found["/b"].evidence
    assert found["/b"].evidence.on_disk is OnDisk.REPLACED


def test_twenty_processes_of_one_program() -> None:
    """One fact, one alert; how many more there were comes with the next one like it."""
    machine, agent = watched()
    for _ in range(19):
        machine.start(PROG)
    agent.look()
    machine.unlink(PROG)
    (alert,) = agent.look()
    assert alert.suppressed == 0
    assert agent.look(WINDOW_S * 2) == []  # the same processes are no news


def test_a_restart_loop_is_said_again_after_the_window() -> None:
    """It is told that it goes on, and how often it happened meanwhile."""
    machine, agent = watched()
    machine.stop(*machine.processes)
    machine.put(PROG, "good~2")
    said = []
    for _ in range(12):
        machine.start(PROG)
        said += agent.look(60)
        machine.stop(*machine.processes)
    assert [alert.suppressed for alert in said] == [0, 4, 4]
    assert len({alert.id for alert in said}) == 3


def test_a_window_of_nothing_repeats_every_one() -> None:
    """Each process is told of; none of them twice."""
    machine, agent = watched(agent={"window_s": 0})
    for _ in range(4):
        machine.start(PROG)
    agent.look()
    machine.unlink(PROG)
    assert rules(agent.look()) == ["disk_mismatch"] * 5
    assert agent.look() == []


def test_no_window_before_the_alert_is_on_record() -> None:
    """An alert that was refused does not silence the next one."""
    machine, agent = watched()
    agent.commits = False
    machine.stop(*machine.processes)
    machine.put(PROG, "good~2")
    machine.start(PROG)
    (lost,) = agent.look()
    machine.start(PROG)
    assert agent.look() == []  # it may still arrive
    agent.tracker.refused(lost.id)
    machine.start(PROG)
    (alert,) = agent.look()
    assert alert.id != lost.id


@pytest.mark.parametrize("seconds", [1, WINDOW_S * 3])
def test_a_restart_of_the_agent_repeats_nothing(seconds: int) -> None:
    """What stands as it stood, and is on record, is no news to an agent that comes back."""
    machine, agent = watched("/a", "/b")
    machine.unlink("/a")
    machine.start_memfd("x", "evil")
    assert len(agent.look()) == 2
    agent.restart()
    assert agent.look(seconds) == []


def test_what_was_lost_with_the_agent_is_found_again() -> None:
    """A change made while nobody watches is seen afterwards."""
    machine, agent = watched()
    agent.restart()
    machine.put(PROG, "evil")
    assert rules(agent.look()) == ["disk_mismatch"]


def test_a_package_update() -> None:
    """A running program was updated: an information that names the package, and nothing when it is restarted."""
    machine, agent = watched()
    machine.package(PROG, "good", "1.0")
    agent.look()
    machine.package(PROG, "better", "1.1")
    machine.put(PROG, "better")
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.RESTART_REQUIRED, Severity.INFO)
    assert "pack 1.1" in alert.message
    machine.stop(*machine.processes)
    machine.start(PROG)
    assert agent.look() == []
    baseline = agent.baseline(PROG)
    assert baseline
    assert baseline.reference == content("better")
    assert baseline.source is Source.PACKAGE


def test_a_process_that_outlives_two_updates() -> None:
    """What was right when it started does not become wrong by growing old, not even to an agent that forgot it."""
    machine, agent = watched()
    machine.package(PROG, "good", "1.0")
    agent.look()
    for version in ("1.1", "1.2"):
        machine.package(PROG, version, version)
        machine.put(PROG, version)
        machine.start(PROG)
        assert set(rules(agent.look())) == {"restart_required"}
    agent.memory.occasions.clear()
    agent.memory.windows.clear()
    agent.look()
    agent.restart()
    assert all(alert.severity is Severity.INFO for alert in agent.look())


def test_an_update_while_nothing_runs() -> None:
    """The new version is the package's, and so is no news."""
    machine, agent = watched()
    machine.stop(*machine.processes)
    machine.package(PROG, "better", "1.1")
    machine.put(PROG, "better")
    machine.start(PROG)
    assert agent.look() == []


def test_a_package_that_is_removed() -> None:
    """Its program still runs: an information, because its file was the package's to take away."""
    machine = Machine()
    machine.put(PROG, "good")
    machine.package(PROG, "good")
    machine.start(PROG)
    agent = Agent(machine)
    agent.look()
    machine.unlink(PROG)
    del machine.packages[PROG]
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.RESTART_REQUIRED, Severity.INFO)


def test_a_deleted_file_that_a_package_still_lists() -> None:
    """Nobody but an intruder takes a file away and leaves it in the database."""
    machine = Machine()
    machine.put(PROG, "good")
    machine.package(PROG, "good")
    machine.start(PROG)
    agent = Agent(machine)
    agent.look()
    machine.unlink(PROG)
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.DISK_MISMATCH, Severity.HIGH)


def test_tampering_with_a_file_of_a_package() -> None:
    """An owned file that is not what its package brought is as bad as it gets."""
    machine, agent = watched()
    machine.package(PROG, "good")
    machine.put(PROG, "good~2")
    found = agent.look()
    assert [(alert.rule, alert.severity) for alert in found] == [
        (Rule.DISK_MISMATCH, Severity.HIGH),
        (Rule.CONTENT_CHANGED, Severity.CRITICAL),
    ]
    machine.stop(*machine.processes)
    machine.start(PROG)
    assert agent.look() == []  # within the window it is the same change


def test_tampering_while_nothing_runs() -> None:
    """The same, found when it is started."""
    machine, agent = watched()
    machine.package(PROG, "good")
    machine.stop(*machine.processes)
    machine.put(PROG, "good~2")
    machine.start(PROG)
    (alert,) = agent.look()
    assert (alert.rule, alert.severity) == (Rule.CONTENT_CHANGED, Severity.CRITICAL)
    assert alert.evidence
    assert alert.evidence.package.name == "pack"


def test_without_package_verdicts_an_update_is_a_mismatch() -> None:
    """Who switches them off hears of every update, and nobody asks the database."""
    machine, agent = watched(agent={"verdicts": False})
    machine.package(PROG, "better", "1.1")
    machine.put(PROG, "better")
    assert rules(agent.look()) == ["disk_mismatch"]
    machine.stop(*machine.processes)
    machine.start(PROG)
    assert rules(agent.look()) == ["content_changed", "binary_change"]


def test_a_package_manager_at_work_is_waited_for() -> None:
    """Files change before the database does: an update under way is no alarm."""
    machine, agent = watched()
    machine.package(PROG, "good", "1.0")
    machine.busy = True
    machine.put(PROG, "better")
    assert agent.look() == []
    machine.busy = False
    machine.package(PROG, "better", "1.1")
    assert rules(agent.look(5)) == ["restart_required"]


def test_patience_ends() -> None:
    """Whoever keeps the package manager, or the hashers, from answering does not keep us from speaking."""
    machine, agent = watched()
    machine.busy, machine.hashing = True, False
    machine.put(PROG, "evil")
    assert agent.look() == []
    (alert,) = agent.look(PATIENCE_MS / SECOND)
    assert (alert.rule, alert.severity) == (Rule.DISK_MISMATCH, Severity.HIGH)
    assert alert.hash is None
    assert "not compared" in alert.message


def test_a_reinstall_is_silent() -> None:
    """The same content in another file is the same program."""
    machine, agent = watched()
    machine.put(PROG, "good")
    assert agent.look() == []


def test_a_file_called_deleted() -> None:
    """A name is a name."""
    machine, agent = watched("/opt/x (deleted)", "/opt/x")
    assert agent.look() == []
    machine.unlink("/opt/x (deleted)")
    (alert,) = agent.look()
    assert alert.evidence
    assert alert.evidence.path == "/opt/x (deleted)"


@pytest.mark.parametrize("namespace", ["container:abc", "mnt:4026532000"])
def test_a_container_is_another_world(namespace: str) -> None:
    """The same path leads to another file there, and nothing is wrong about that."""
    machine, agent = watched()
    machine.package(PROG, "good")
    machine.put(PROG, "other", namespace)
    machine.start(PROG, namespace)
    machine.put(f"/srv/root{PROG}", "third")  # a chroot in our own namespace has a path of its own
    machine.start(f"/srv/root{PROG}")
    assert agent.look() == []
    assert agent.look() == []


def test_a_swap_within_a_container_is_seen() -> None:
    """Another world is watched as well, without the host's packages having a say."""
    machine, agent = watched()
    machine.package(PROG, "evil")
    machine.put(PROG, "other", "container:abc")
    machine.start(PROG, "container:abc")
    agent.look()
    machine.put(PROG, "evil", "container:abc")
    (alert,) = agent.look()
    assert alert.rule is Rule.DISK_MISMATCH
    assert alert.evidence
    assert alert.evidence.package.ownership is Ownership.UNKNOWN


def test_a_namespace_number_that_is_used_again() -> None:
    """The next container gets the number of the last one, but not its past."""
    machine, agent = watched()
    for text in ("one", "two"):
        machine.put("/app", text, "mnt:7")
        pid = machine.start("/app", "mnt:7")
        assert agent.look() == []
        machine.stop(pid)
        assert agent.look() == []
    assert [each.key.path for each in agent.tracker.baselines] == [PROG]


def test_a_namespace_without_a_name_is_watched_while_it_lives() -> None:
    """Stop, swap, start within one that goes on."""
    machine, agent = watched()
    machine.put("/init", "init", "mnt:7")
    machine.start("/init", "mnt:7")
    machine.put("/app", "one", "mnt:7")
    pid = machine.start("/app", "mnt:7")
    agent.look()
    machine.stop(pid)
    machine.put("/app", "one~2", "mnt:7")
    machine.start("/app", "mnt:7")
    assert rules(agent.look()) == ["content_changed"]


def test_hard_links_and_interpreters() -> None:
    """Two names of a file are two paths with one content; what an interpreter runs is not its image."""
    machine, agent = watched("/usr/bin/python3")
    machine.link("/usr/bin/python3.13", "/usr/bin/python3")
    for path in ("/usr/bin/python3", "/usr/bin/python3.13"):
        machine.start(path)
    assert agent.look() == []


def test_a_burst_of_short_lived_processes() -> None:
    """A process that is gone before it can be read is no alarm, and no gap."""
    machine, agent = watched()
    for _ in range(50):
        pids = [machine.start(PROG, status=HashStatus.GONE) for _ in range(20)]
        assert agent.look() == []
        machine.stop(*pids)
    assert agent.look(60) == []


def test_a_digest_that_cannot_be_had() -> None:
    """Degraded coverage begins once and ends once, with counts, however many programs there are."""
    machine, agent = watched()
    pids = [machine.start(PROG, status=HashStatus.PERMISSION) for _ in range(7)]
    pids += [machine.start(PROG, status=HashStatus.TIMEOUT) for _ in range(2)]
    assert agent.look() == []
    (began,) = agent.look(20)
    assert (began.rule, began.severity) == (Rule.COVERAGE_DEGRADED, Severity.MEDIUM)
    assert began.shortfall
    assert began.shortfall.counts == (("permission", 7), ("timeout", 2))
    assert agent.look(20) == []
    pids.append(machine.start(PROG, status=HashStatus.PERMISSION))
    agent.look(20)
    machine.stop(*pids)
    assert agent.look() == []
    (ended,) = agent.look(20)
    assert ended.shortfall
    assert ended.shortfall.phase == "end"
    assert ended.shortfall.counts == (("permission", 8), ("timeout", 2))
    assert agent.look(20) == []


def test_degraded_coverage_is_told_once_across_a_restart() -> None:
    """An agent that comes back knows what it has told."""
    machine, agent = watched()
    pid = machine.start(PROG, status=HashStatus.PERMISSION)
    agent.look()
    assert rules(agent.look(20)) == ["coverage.degraded"]
    agent.restart()
    assert agent.look(20) + agent.look(20) == []
    machine.stop(pid)
    assert agent.look() == []
    (ended,) = agent.look(20)
    assert ended.shortfall
    assert ended.shortfall.phase == "end"


def test_a_child_that_is_down() -> None:
    """A part of the agent that does not work is part of what an administrator has to know."""
    _, agent = watched()
    agent.tracker.child("hasher 1", "quarantined", agent.now)
    (began,) = agent.look(20)
    assert began.shortfall
    assert began.shortfall.cause == "hasher 1"
    assert "quarantined" in began.message
    agent.tracker.child("hasher 1", None, agent.now)
    agent.look()
    (ended,) = agent.look(20)
    assert "at work again" in ended.message


def test_what_an_operator_accepts() -> None:
    """It is what is right from now on, and going back is a change."""
    machine, agent = watched()
    machine.stop(*machine.processes)
    machine.put(PROG, "better")
    machine.start(PROG)
    assert rules(agent.look()) == ["content_changed", "binary_change"]
    accepted = agent.tracker.accept(PROG, None, agent.now_ms)
    assert accepted
    assert accepted.reference == content("better")
    assert accepted.source is Source.OPERATOR
    assert agent.look() == []
    machine.stop(*machine.processes)
    machine.put(PROG, "good")
    machine.start(PROG)
    assert rules(agent.look()) == ["content_changed", "binary_change"]


def test_nothing_can_be_accepted_that_nobody_has_seen() -> None:
    """Trust needs something to be put in."""
    _, agent = watched()
    assert agent.tracker.accept("/never", None, agent.now_ms) is None
    accepted = agent.tracker.accept("/never", content("new"), agent.now_ms)
    assert accepted
    assert accepted.source is Source.OPERATOR


def test_a_threshold_decides_what_is_another_program() -> None:
    """Settings hold from the moment they are applied."""
    machine, agent = watched(agent={"threshold": 99})
    machine.stop(*machine.processes)
    machine.put(PROG, "good~2")
    machine.start(PROG)
    assert rules(agent.look()) == ["content_changed", "binary_change"]


def test_ends_that_nobody_saw() -> None:
    """After a time of blindness the list of who lives is what counts."""
    machine, agent = watched()
    machine.put("/app", "one", "mnt:7")
    machine.start("/app", "mnt:7")
    machine.start(PROG, status=HashStatus.PERMISSION)
    agent.look()
    agent.tracker.keep_only({"e1001"}, agent.now)
    assert [each.key.path for each in agent.tracker.baselines] == [PROG]
    assert agent.tracker.tick(agent.now) == ()


def test_settings_hold_from_the_moment_they_are_applied() -> None:
    """The next look is under the new ones."""
    machine, agent = watched(agent={"window_s": 1e6})
    machine.package(PROG, "better")
    agent.tracker.apply(replace(agent.policy, package_verdicts=False), 0)
    machine.put(PROG, "better")
    assert rules(agent.look()) == ["disk_mismatch"]
    machine.stop(*machine.processes)
    for _ in range(3):
        machine.start(PROG)
    assert rules(agent.look()) == ["content_changed", "binary_change"] * 3


def test_digests_without_ssdeep_are_completed() -> None:
    """Who switches ssdeep on later can compare from then on; the content is the same, so nothing is trusted anew."""
    machine, agent = watched()
    process = next(iter(machine.processes.values()))
    full, process.file.content = process.file.content, replace(process.file.content, ssdeep=None)
    agent.memory = type(agent.memory)()
    agent.restart()
    agent.look()
    process.file.content = full
    assert agent.look() == []
    baseline = agent.baseline(PROG)
    assert baseline
    assert baseline.reference == full


def test_a_program_without_a_path_is_left_alone() -> None:
    """Where nothing is known, nothing is claimed."""
    machine, agent = watched()
    seen = machine.sighting(next(iter(machine.processes.values())), agent.now_ms)
    unknown = replace(seen, path=None, on_disk=OnDisk.UNKNOWN, running=Hashed(HashStatus.HASHED, content("evil")))
    outcome = agent.tracker.observe([unknown], agent.now)
    assert (outcome.alerts, outcome.wanted) == ((), ())
    assert len(agent.tracker.baselines) == 1


def test_a_path_that_cannot_be_looked_up_still_has_a_past() -> None:
    """Whether it was moved or mounted over: what runs is not what ran."""
    machine, agent = watched()
    seen = machine.sighting(next(iter(machine.processes.values())), agent.now_ms)
    evil = replace(seen, on_disk=OnDisk.UNKNOWN, running=Hashed(HashStatus.HASHED, content("evil")))
    assert rules(agent.tracker.observe([evil], agent.now).alerts) == ["content_changed", "binary_change"]


@pytest.mark.parametrize("started_over", [False, True])
def test_a_store_of_its_own(tmp_path: Path, started_over: bool) -> None:
    """With the real file: what was found, and that it was told, survives a kill; so it does a store that was lost."""
    machine, agent = watched("/a", "/b")
    machine.unlink("/a")
    (alert,) = agent.look()
    store = BaselineStore(tmp_path, lambda: agent.now_ms)
    assert store.load() == Kept()
    if started_over:
        (tmp_path / "baselines.db").write_bytes(b"x" * 4096)
        assert store.save(agent.tracker.pending()) is Saved.STARTED_OVER
    assert store.save(agent.tracker.everything(), sent=[(alert.id, b"body")]) is Saved.WRITTEN
    store.close()
    again = BaselineStore(tmp_path, lambda: agent.now_ms)
    agent.memory.kept = again.load()
    assert again.on_their_way() == [(alert.id, b"body")]
    again.close()
    agent.restart()
    assert [each.entries for each in agent.tracker.occupancies] == [2, 1, 1]
    assert agent.look() == []
    machine.stop(*machine.processes)
    machine.put("/b", "good~2")
    machine.start("/b")
    assert rules(agent.look()) == ["content_changed"]


def test_a_program_that_was_exchanged_before_we_came() -> None:
    """What lies at the path now is what will be trusted there: of the exchange itself we have told."""
    machine = Machine()
    machine.put(PROG, "good")
    machine.start(PROG)
    machine.put(PROG, "other")
    agent = Agent(machine)
    assert rules(agent.look()) == ["disk_mismatch"]
    machine.stop(*machine.processes)
    machine.start(PROG)
    assert agent.look() == []
    baseline = agent.baseline(PROG)
    assert baseline
    assert baseline.reference == content("other")


def test_the_same_exchange_once_more() -> None:
    """Between the two everything was in order: the second is told of again, for every process that it concerns."""
    machine, agent = watched(agent={"window_s": 0})
    machine.cached = True
    machine.start(PROG)
    agent.look()
    for _ in range(3):
        good = machine.unlink(PROG)
        machine.put(PROG, "evil")
        assert rules(agent.look()) == ["disk_mismatch"] * 2
        baseline = agent.baseline(PROG)
        assert baseline
        assert baseline.open
        machine.put_back(PROG, good)
        assert agent.look() == agent.look() == []
        baseline = agent.baseline(PROG)
        assert baseline
        assert not baseline.open


def test_a_finding_is_closed_by_whoever_is_right() -> None:
    """Not only by the process that it was about: that one may have ended."""
    machine, agent = watched()
    machine.cached = True
    good = machine.unlink(PROG)
    agent.look()
    machine.stop(*machine.processes)
    machine.put_back(PROG, good)
    machine.start(PROG)
    assert agent.look() == []
    baseline = agent.baseline(PROG)
    assert baseline
    assert not baseline.open


def test_a_namespace_lives_while_anybody_lives_in_it() -> None:
    """Also if it is somebody whose program was known before."""
    machine, agent = watched()
    machine.cached = True
    machine.put("/app", "one", "mnt:7")
    first = machine.start("/app", "mnt:7")
    agent.look()
    machine.start("/app", "mnt:7")
    agent.look()
    before = agent.baseline("/app")
    machine.stop(first)
    agent.look()
    assert agent.baseline("/app") is before


def test_a_file_that_was_never_the_package_s_own() -> None:
    """Putting back what was trusted is no change of content, even if the package disagrees with it."""
    machine = Machine()
    machine.package(PROG, "official")
    machine.put(PROG, "good")
    machine.start(PROG)
    agent = Agent(machine)
    assert agent.look() == []
    machine.stop(*machine.processes)
    machine.put(PROG, "good~2")
    machine.start(PROG)
    assert rules(agent.look()) == ["content_changed"]
    machine.put(PROG, "good")
    assert rules(agent.look()) == ["disk_mismatch"]


def test_those_who_run_on_are_remembered() -> None:
    """A program that is only told of once is not forgotten before those that came and went since."""
    machine, agent = watched("/a", "/b")
    agent.memory.save(agent.tracker.pending())
    before = agent.baseline("/b")
    agent.tracker.still_there([Key("", "/a"), Key("", "/never")], agent.now_ms)
    assert [each.key.path for each in agent.tracker.baselines] == ["/b", "/a"]
    assert agent.tracker.pending().count == 0, "an order is not worth writing"
    agent.tracker.still_there([Key("", "/a")], agent.now_ms + 3600 * SECOND)
    assert [each.path for each in agent.tracker.pending().baselines] == ["/a"]
    assert agent.baseline("/b") is before
    assert machine.processes


def test_what_runs_is_still_wanted_after_patience() -> None:
    """A program whose digests take longer than anybody waits for is trusted when they come."""
    machine, agent = watched()
    machine.hashing = False
    machine.put("/slow", "slow")
    machine.start("/slow")
    seen = machine.sighting(machine.processes[max(machine.processes)], agent.now_ms - PATIENCE_MS)
    outcome = agent.tracker.observe([seen], agent.now)
    assert outcome.wanted == ((seen, frozenset({Need.RUNNING})),)
    late = replace(seen, running=Hashed(HashStatus.HASHED, content("slow")))
    agent.tracker.observe([late], agent.now)
    assert agent.baseline("/slow")


def test_what_is_told_of_coverage_and_of_what_was_not_told() -> None:
    """For whoever asks how it is."""
    machine, agent = watched()
    for _ in range(3):
        machine.start(PROG, status=HashStatus.PERMISSION)
    machine.unlink(PROG)
    agent.look()
    agent.look(20)
    assert [(each.cause, each.counts) for each in agent.tracker.degraded] == [("digests", (("permission", 3),))]
    assert agent.tracker.suppressed == 2

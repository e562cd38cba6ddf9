"""Whatever is done to the programs of a machine, in whatever order, and however often the agent is restarted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.model.alert import Rule, Severity
from daemoneye.model.process import OnDisk
from tests.fakes.executables import Agent, Machine

if TYPE_CHECKING:
    from daemoneye.model.alert import Alert

PATHS = ("/a", "/b")
CONTENTS = ("good", "good~2", "evil", "tiny")
FOR_EVER_S = 1e9

Step = tuple[str, str, str]
harmless = st.sampled_from(
    [(what, path, "") for what in ("start", "stop", "reinstall", "look", "restart") for path in PATHS]
)
harmful = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(PATHS), st.sampled_from(CONTENTS)),
    st.tuples(st.just("unlink"), st.sampled_from(PATHS), st.just("")),
)


def begin(*, cached: bool) -> tuple[Machine, Agent]:
    machine = Machine(cached=cached)
    for path in PATHS:
        machine.put(path, "good")
        machine.start(path)
    agent = Agent(machine, window_s=FOR_EVER_S)
    agent.look()
    return machine, agent


def take(step: Step, machine: Machine, agent: Agent) -> list[Alert]:
    what, path, text = step
    there = machine.files.get(("", path))
    match what:
        case "start" if there:
            machine.start(path)
        case "stop":
            machine.stop(*[pid for pid, process in machine.processes.items() if process.path == path][:1])
        case "reinstall" if there:
            there = machine.put(path, "good")
        case "put":
            machine.put(path, text)
        case "unlink" if there:
            machine.unlink(path)
        case "look":
            return agent.look()
        case "restart":
            agent.restart()
        case _:
            pass
    return []


@given(st.lists(harmless, max_size=40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_harmless_is_silent(steps: list[Step], cached: bool) -> None:
    """Starting, stopping, installing again and looking make no alert above information."""
    machine, agent = begin(cached=cached)
    for step in [*steps, ("look", "", "")]:
        assert all(alert.severity is Severity.INFO for alert in take(step, machine, agent))


@given(st.lists(harmless | harmful, max_size=40), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_change_is_told_once_and_truly(steps: list[Step], cached: bool) -> None:
    """Each thing that is wrong when we look was told, no thing was told twice, and the reference never moved."""
    machine, agent = begin(cached=cached)
    for step in [*steps, ("look", "", "")]:
        for alert in take(step, machine, agent):
            _is_true(alert, machine)
        if step[0] == "look":
            assert _wrong(machine, agent) <= _told(agent).keys()
    assert set(_told(agent).values()) <= {1}
    baselines = {each.key.path: each.reference.sha256 for each in agent.tracker.baselines}
    assert len(set(baselines.values())) == 1, "all were good when they were seen first"


def _is_true(alert: Alert, machine: Machine) -> None:
    assert alert.process
    assert alert.evidence
    process = machine.processes[alert.process.pid]
    assert alert.hash == process.file.content
    if alert.rule is Rule.DISK_MISMATCH:
        there = machine.files.get(("", process.path))
        assert (alert.evidence.on_disk is OnDisk.DELETED) == (there is None)
        assert alert.evidence.new == (there.content if there else None)
        assert alert.evidence.old != alert.evidence.new
    else:
        assert alert.evidence.new == process.file.content


def _wrong(machine: Machine, agent: Agent) -> set[tuple[str, ...]]:
    references = {each.key.path: each.reference.sha256 for each in agent.tracker.baselines}
    wrong: set[tuple[str, ...]] = set()
    for process in machine.processes.values():
        there = machine.files.get(("", process.path))
        runs, lies = process.file.content.sha256, there.content.sha256 if there else ""
        if runs != lies:
            wrong.add((Rule.DISK_MISMATCH, process.path, runs, lies))
        if runs != references[process.path]:
            wrong.add((Rule.CONTENT_CHANGED, process.path, references[process.path], runs))
    return wrong


def _told(agent: Agent) -> Counter[tuple[str, ...]]:
    return Counter(
        (
            alert.rule,
            alert.evidence.path or "",
            alert.evidence.old.sha256 if alert.evidence.old else "",
            alert.evidence.new.sha256 if alert.evidence.new else "",
        )
        for alert in agent.alerts
        if alert.evidence
    )

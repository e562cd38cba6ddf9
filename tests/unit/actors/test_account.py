"""The account of the tree: who is up, and whether each process is what it may be. The processes are real ones."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from thespian.actors import ActorAddress

from daemoneye.actors.account import Account
from daemoneye.actors.lives import Lender, Lives
from daemoneye.actors.reloading import Reloads
from daemoneye.host import landlock
from daemoneye.host.capabilities import Capability, members
from daemoneye.host.identities import Identities, Identity, Mode
from daemoneye.host.sandbox import inspect
from daemoneye.settings.model import Settings
from daemoneye.supervisor import events
from daemoneye.supervisor.machine import Supervisor
from daemoneye.tree import COLLECTOR, GATEWAY, Ground, Read, supervision
from tests.fakes.leases import Leased

if TYPE_CHECKING:
    from daemoneye.messages.control import StatusReport


def ourselves() -> Identity:
    """What the process that runs this test is, as if it had been meant to."""
    seen = inspect("self")
    ids, held = seen.credentials, seen.capabilities
    return Identity(
        uid=ids.ruid,
        gid=ids.rgid,
        groups=tuple(ids.groups),
        capabilities=frozenset(members(held.permitted & held.effective)),
        bounding_emptied=False,
    )


class House:
    def __init__(self, identity: Identity, *, pid: int | None = None) -> None:
        identities = Identities(broker=identity, collector=identity, others=identity, mode=Mode.ONE_UID, warnings=())
        self.ground = Ground(
            first=Read(settings=Settings(), sha256="ab", at_ms=1),
            identities=identities,
            broker=Path("/nowhere"),
            main_pid=os.getpid(),
            began_s=time.monotonic() - 60,
            runner_pid=os.getpid(),
        )
        self.policy = Supervisor(supervision(Settings()), random=lambda: 0.0)
        self.lender = Lender(Path("/nowhere"))
        self.lives = Lives(self.lender, self._create)
        self._pid = pid or os.getpid()
        self.account = Account(self.ground, self.policy, self.lives, Reloads(self.ground.first), os.getpid())

    def _create(self, name: str) -> ActorAddress:
        self.lender.lease = Leased(self._pid)  # type: ignore[assignment]
        return ActorAddress(name)

    def up(self, name: str) -> None:
        now_s = time.monotonic() - 5
        self.policy.handle(events.StartRequested(), now_s)
        self.lives.begin(name, 1)
        self.policy.handle(events.ChildStarted(name, 1), now_s)

    def report(self) -> StatusReport:
        return self.account.status(7, tree=3, began_s=time.monotonic() - 30)


def test_everybody_who_is_as_he_should_be_is_found_to_be_so() -> None:
    """Every process of the tree is looked at, and nothing is said against it."""
    house = House(ourselves())
    house.up(first := house.policy.children[0].name)
    report = house.report()
    if inspect("self").no_new_privs:
        assert report.findings == ()
    assert not any("holds" in each or "uids" in each for each in report.findings)
    assert [each.name for each in report.sandbox] == ["main", "runner", "admin", "logger", "supervisor", first]
    assert {each.pid for each in report.sandbox} <= {os.getpid(), os.getppid()}
    assert report.request == 7


def test_who_holds_too_much_or_is_somebody_else_is_named() -> None:
    """What is wrong, in which process, and what was expected: an operator reads it in `status`."""
    honest = ourselves()
    house = House(replace(honest, uid=honest.uid + 1, capabilities=frozenset({Capability.SYS_PTRACE})))
    found = house.report().findings
    assert any(each.startswith("main: has uids ") for each in found)
    if honest.capabilities - {Capability.SYS_PTRACE}:
        assert any(each.startswith("supervisor: holds ") for each in found)
    if not inspect("self").no_new_privs:
        assert "runner: could gain privileges by exec: expected no_new_privs" in found


def test_who_cannot_be_looked_at_is_named_too() -> None:
    """Not to know is not to be in order."""
    house = House(ourselves(), pid=2**22 + 1)
    house.up(first := house.policy.children[0].name)
    (finding,) = (each for each in house.report().findings if each.startswith(f"{first}: "))
    assert "cannot be inspected" in finding


def test_a_child_is_told_of_as_the_policy_has_it() -> None:
    """State, pid, times and what it last said; of one that is down what is known."""
    house = House(ourselves())
    first = house.policy.children[0].name
    house.up(first)
    house.lives.last_words[first] = "boom"
    report = house.report()
    itself, child, *waiting = report.children
    assert (itself.name, itself.pid, itself.state, itself.restarts) == ("supervisor", os.getpid(), "running", 2)
    assert 29 < (itself.uptime_s or 0) < 40
    assert (child.name, child.pid, child.state, child.generation) == (first, os.getpid(), "running", 1)
    assert (child.restarts, child.last_words) == (0, "boom")
    assert 4 < (child.uptime_s or 0) < 15
    assert 4 < (child.heartbeat_age_s or 0) < 15
    for each in waiting:
        assert (each.pid, each.uptime_s, each.heartbeat_age_s) == (None, None, None)
    assert 59 < report.uptime_s < 70
    assert (report.tree, report.config.sha256, report.reload.result) == (3, "ab", "none")


def test_privilege_and_landlock_are_those_of_the_role() -> None:
    """Main and the collector look at others, which no process in a Landlock domain can."""
    ids = ourselves()
    house = House(ids)
    house.ground = replace(
        house.ground,
        identities=replace(house.ground.identities, others=replace(ids, capabilities=frozenset())),
    )
    account = Account(house.ground, house.policy, house.lives, Reloads(house.ground.first), os.getpid())
    report = account.status(1, tree=1, began_s=0)
    told = {each.name: each.privilege for each in report.children}
    assert told[GATEWAY] == told["supervisor"] == "none"
    assert told[COLLECTOR] == ids.privilege
    confined = {each.name: each.landlock for each in report.sandbox}
    assert confined["main"] == ""
    assert confined["runner"] == (f"version {landlock.version()}" if landlock.version() else "none")


@pytest.mark.parametrize("known", [0, 4])
def test_a_kernel_without_landlock_is_said(monkeypatch: pytest.MonkeyPatch, known: int) -> None:
    """It is no error, and no secret."""
    monkeypatch.setattr("daemoneye.actors.account.version", lambda: known)
    report = House(ourselves()).report()
    assert next(each for each in report.sandbox if each.name == "runner").landlock == ("version 4" if known else "none")

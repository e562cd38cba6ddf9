"""Children that another process forks: ours in every respect but that one."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("thespian")

from thespian.actors import ActorAddress
from thespian.system.addressManager import ActorAddressManager

from daemoneye.actors.transport import for_actors
from daemoneye.actors.transport.addresses import BadAddressError
from daemoneye.actors.transport.agreed import Site
from daemoneye.actors.transport.begin import begin_child
from daemoneye.actors.transport.kin import Kin
from daemoneye.actors.transport.loans import BorrowedProcess, Loan, ProcessEnd
from daemoneye.actors.transport.policy import Policy
from daemoneye.actors.transport.vocabulary import Vocabulary
from tests.actors import cast, living
from tests.actors.landlord import Landlord
from tests.actors.living import elsewhere, within
from tests.actors.test_system import is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.actors.living import System

LOAN = Loan(role="warden", instance=0, parent="echo.1.00000000", logger="logger.1.00000000", admin_pid=1)


@pytest.fixture
def landlord(directory: Path) -> Iterator[Landlord]:
    made = Landlord(directory.parent / "landlord")
    yield made
    made.end()


@pytest.fixture
def system(directory: Path, landlord: Landlord) -> Iterator[System]:
    started = living.System(landlord.serve(living.site_of(directory, landlord=landlord)))
    yield started
    started.end()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[1])


def test_a_borrowed_child_is_the_child_of_two(system: System, landlord: Landlord) -> None:
    """The kernel knows it as the main process's, every actor as its supervisor's."""
    supervisor = system.create()
    born = system.ask(supervisor, cast.Bear(2, privileged=True))
    assert [parent_of(pid) for pid in born.pids] == [landlord.pid] * 2
    assert [address.addressDetails.role for address in born.addresses] == ["warden"] * 2
    assert system.ask(supervisor, cast.PassOn(born.addresses[0], 5)).number == 5
    assert system.ask(born.addresses[0], cast.Ping(number=9)).pid == born.addresses[0].addressDetails.pid
    assert system.refused(supervisor) == {}


def test_a_borrowed_child_that_was_killed_is_missed_at_once(system: System) -> None:
    """And its socket is cleared away, though the kernel still lists it as dead."""
    supervisor = system.create()
    born = system.ask(supervisor, cast.Bear(2, privileged=True))
    dead, alive = born.addresses
    os.kill(dead.addressDetails.pid, signal.SIGKILL)
    assert within(5, lambda: is_gone(dead.addressDetails.pid))
    assert Path(f"/proc/{dead.addressDetails.pid}").exists()
    assert within(5, lambda: system.ask(supervisor, cast.WhoIsGone()) == cast.Gone(1))
    assert within(5, lambda: dead.addressDetails.name not in system.names())
    assert system.ask(supervisor, cast.PassOn(alive, 5)).number == 5


def test_a_lender_that_has_nothing_to_give_costs_that_child_only(system: System) -> None:
    """The supervisor lives, and so do the children that it got."""
    supervisor = system.create()
    born = system.ask(supervisor, cast.Bear(2, privileged=True))
    system.actors.tell(supervisor, cast.Bear(1, privileged=True))
    assert system.alive(supervisor)
    assert system.ask(supervisor, cast.PassOn(born.addresses[1], 5)).number == 5


def test_borrowed_children_go_with_the_main_process(system: System, landlord: Landlord) -> None:
    """Whoever forked them takes them along, whatever happens to the supervisor."""
    supervisor = system.create()
    born = system.ask(supervisor, cast.Bear(2, privileged=True))
    os.kill(landlord.pid, signal.SIGKILL)
    assert within(5, lambda: all(is_gone(pid) for pid in born.pids))
    assert within(5, lambda: system.ask(supervisor, cast.WhoIsGone()) == cast.Gone(2))


def test_a_shutdown_ends_borrowed_children_too(system: System) -> None:
    """In order, with their sockets."""
    born = system.ask(system.create(), cast.Bear(2, privileged=True))
    began = time.monotonic()
    system.actors.shutdown()
    assert time.monotonic() - began < 5
    assert within(5, lambda: all(is_gone(pid) for pid in born.pids))
    assert within(1, lambda: system.names() == [])


def test_who_comes_after_the_main_process_is_gone_does_not_begin(directory: Path) -> None:
    """A fork that was overtaken by the end of its parent ends, too, before it opens anything."""
    site = Site(directory=directory, vocabulary=Vocabulary(), policy=Policy(()))

    def begin() -> None:
        begin_child(
            site,
            "warden",
            actor_class="tests.actors.cast.Warden",
            instance=0,
            parent=LOAN.parent,
            logger=LOAN.logger,
            admin_pid=1,
            runner_pid=1,
            main_pid=1,
        )

    overtaken = multiprocessing.get_context("fork").Process(target=begin)
    overtaken.start()
    overtaken.join()
    assert overtaken.exitcode == 1


class Sleeper:
    """A process of another's, by its descriptor."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["sleep", "60"])
        self.pid = self._process.pid
        self._descriptor = os.pidfd_open(self.pid)

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        os.close(self._descriptor)
        self._process.kill()
        self._process.wait()


def test_multiprocessing_knows_a_borrowed_process_as_one_of_its_own(directory: Path) -> None:
    """Alive, to be waited for, ended; but nobody here sees how it ended. What it left is cleared away."""
    ends: list[ProcessEnd] = []
    lenders = {"warden": lambda _: Sleeper()}
    kin = Kin(Site(directory=directory, vocabulary=Vocabulary(), policy=Policy(()), lenders=lenders))
    directory.mkdir()
    process = BorrowedProcess(kin, LOAN, ends.append)
    process.start()
    assert process.pid is not None
    left, others = (directory / f"warden.{pid}.00000000" for pid in (process.pid, 1))
    for path in (left, others):
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    assert kin.children == {process.pid: "warden"}
    assert process.is_alive()
    assert process.sentinel == ends[0].fileno()
    process.join(0)
    assert process in multiprocessing.active_children()
    process.terminate()
    process.join(5)
    assert not process.is_alive()
    assert process.exitcode == 255
    assert [end.fileno() for end in ends] == [-1]
    assert kin.children == {}
    assert not left.exists()
    assert others.exists()
    assert process not in multiprocessing.active_children()
    process.close()


def test_an_address_travels_as_its_name(system: System) -> None:
    """Introductions are made with text, and a text that is no address is refused."""
    actor = system.create()
    name = for_actors.name_of(actor)
    assert name in system.names()
    assert system.alive(for_actors.address_named(name))
    with pytest.raises(BadAddressError):
        for_actors.address_named("../" + name)


def test_a_child_that_has_not_told_its_address_has_no_name() -> None:
    """Asking too early is our own mistake."""
    addresses = ActorAddressManager(ActorAddress(None), ActorAddress(None))
    with pytest.raises(LookupError, match="has not told it yet"):
        for_actors.name_of(addresses.createLocalAddress())


NOBODY = 65534


def as_nobody_but_for_the_kernel(role: str) -> None:
    """What a collector becomes where there is no account for it: root that reads processes, nobody with files."""
    if role == "warden":
        libc = ctypes.CDLL(None)
        libc.setfsgid(NOBODY)
        libc.setfsuid(NOBODY)


def tree_of_nobody(site: Site, landlord: Landlord) -> tuple[object, ...]:
    """Run as the runner is run: by nobody."""
    landlord.runner_pid = os.getpid()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    system = living.System(site)
    try:
        supervisor = system.create()
        (warden,) = system.ask(supervisor, cast.Bear(1, privileged=True)).addresses
        pong = system.ask(supervisor, cast.PassOn(warden, 5))
        uids = Path(f"/proc/{pong.pid}/status").read_text("ascii").split("Uid:")[1].split()[:4]
        owners = {path.stat().st_uid for path in system.directory.iterdir()}
        return pong.number, uids, owners, system.refused(supervisor), system.refused(warden)
    finally:
        system.end()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs uid 0 to become somebody else")
def test_a_collector_without_an_account_is_root_to_processes_and_nobody_to_files(
    directory: Path, landlord: Landlord
) -> None:
    """It takes part in a tree of another uid, in a directory of that uid, and in both directions."""
    directory.mkdir(mode=0o700)
    for place in (directory, directory.parent):
        os.chown(place, NOBODY, NOBODY)
    site = living.site_of(
        directory, enter=as_nobody_but_for_the_kernel, landlord=landlord, uids={"warden": frozenset((0,))}
    )
    answer = elsewhere(tree_of_nobody, landlord.serve(site), landlord)
    assert answer == (5, ["0", "0", "0", str(NOBODY)], {NOBODY}, {}, {})


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs uid 0 to become somebody else")
def test_only_the_roles_that_may_be_root_are_believed_as_root(directory: Path) -> None:
    """That one role has another uid opens no door for the others."""
    site = living.site_of(directory, uids={"warden": frozenset((0,))})

    def as_seen_by_nobody() -> tuple[bool, ...]:
        os.setresuid(NOBODY, NOBODY, NOBODY)
        kin = Kin(site)
        return kin.may_enter(0), kin.may_bear("warden", 0), kin.may_bear("echo", 0), kin.may_bear("echo", NOBODY)

    assert elsewhere(as_seen_by_nobody) == (True, True, False, True)

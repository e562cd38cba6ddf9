"""The base at work: actors in processes, over sockets in one directory, and nothing left behind."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("thespian")

from thespian.actors import ActorExitRequest

from daemoneye.actors.transport.agreed import Site
from daemoneye.actors.transport.policy import Policy
from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.errors import NoPermissionError, UsageError
from tests.actors import cast, living
from tests.actors.living import reap, within

if TYPE_CHECKING:
    from tests.actors.living import System


def is_gone(pid: int) -> bool:
    reap()
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_an_actor_answers_in_a_process_of_its_own(system: System) -> None:
    """A message goes there and back, and both ends are different processes."""
    answer = system.ask(system.create(), cast.Ping(number=3, mood=cast.Mood.CROSS))
    assert answer.number == 3
    assert answer.pid not in {os.getpid(), 0}


def test_an_actor_has_children_of_its_own(system: System) -> None:
    """The tree grows downwards, each child from its parent."""
    actor = system.create()
    born = system.ask(actor, cast.Bear(3))
    assert len(set(born.pids)) == 3
    parent = system.ask(actor, cast.Ping(number=1)).pid
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in born.pids} == {os.geteuid()}
    assert f"PPid:\t{parent}\n" in Path(f"/proc/{born.pids[0]}/status").read_text("ascii")


def test_the_directory_and_its_sockets_are_closed_to_others(system: System) -> None:
    """Nobody else gets as far as a refusal."""
    system.create()
    assert stat.S_IMODE(system.directory.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in system.directory.iterdir()}
    assert modes == {0o600}


def test_no_process_of_the_system_has_a_network_socket(system: System) -> None:
    """There is no port, on no interface, for nobody."""
    system.create()
    inodes = set()
    for protocol in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        table = Path(f"/proc/net/{protocol}")
        if table.exists():  # there may be no IPv6 here
            inodes |= {line.split()[9] for line in table.read_text("ascii").splitlines()[1:]}
    for pid in system.pids():
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = str(descriptor.readlink())
            assert target.removeprefix("socket:[").removesuffix("]") not in inodes, (pid, target)


def test_a_shutdown_leaves_nothing(system: System) -> None:
    """No process, no socket, no file."""
    actor = system.create()
    system.ask(actor, cast.Bear(2))
    pids = system.pids()
    assert len(pids) == 5
    system.actors.shutdown()
    assert within(5, lambda: all(is_gone(pid) for pid in pids))
    assert within(1, lambda: system.names() == [])


def test_an_actor_that_exits_takes_its_socket_along(system: System) -> None:
    """Restarts do not fill the directory."""
    actor = system.create()
    system.actors.tell(actor, ActorExitRequest())
    assert within(5, lambda: actor.addressDetails.name not in system.names())


def test_the_socket_of_a_killed_actor_is_cleared_away(system: System) -> None:
    """Not even a crash leaves one: its parent tidies up."""
    actor = system.create()
    os.kill(system.ask(actor, cast.Ping(number=1)).pid, signal.SIGKILL)
    assert within(5, lambda: actor.addressDetails.name not in system.names())


def test_children_do_not_outlive_a_killed_parent(system: System) -> None:
    """Nobody is left who watches on behalf of nobody."""
    actor = system.create()
    born = system.ask(actor, cast.Bear(2))
    os.kill(system.ask(actor, cast.Ping(number=1)).pid, signal.SIGKILL)
    assert within(5, lambda: all(is_gone(pid) for pid in born.pids))


def test_a_killed_admin_takes_all_with_it_and_a_new_system_can_start(system: System) -> None:
    """The directory is free again at once."""
    actor = system.create()
    system.ask(actor, cast.Bear(1))
    pids = system.pids()
    os.kill(system.admin(), signal.SIGKILL)
    assert within(5, lambda: all(is_gone(pid) for pid in pids))
    again = living.System(living.site_of(system.directory))
    try:
        assert again.alive(again.create())
    finally:
        again.end()


def test_a_role_with_an_inbox_of_its_own_reads_nothing_else(system: System) -> None:
    """The privileged process decodes its few messages by hand, and never a pickle."""
    warden = system.create(cast.Warden)
    assert system.ask(warden, cast.Ping(number=9)).number == 9
    own = system.actors._systemBase.transport.myAddress.addressDetails.name
    path = str(system.directory / warden.addressDetails.name)
    pickled = cast.VOCABULARY.encode(cast.Ping(number=1))
    assert living.say(path, living.frame(own, pickled)) == b"\x01\x00\x00\x00\x15"
    assert living.say(path, living.frame(own, pickled, mark=b"W")) == b"\x01\x00\x00\x00\x15"
    assert system.refused(warden) == {"type": 2}


def test_an_inbox_of_its_own_works_below_the_top_too(system: System) -> None:
    """A supervisor speaks to its privileged child in the child's language."""
    actor = system.create()
    born = system.ask(actor, cast.Bear(1, privileged=True))
    assert born.addresses[0].addressDetails.role == "warden"
    assert system.ask(actor, cast.PassOn(born.addresses[0], 5)).number == 5


def test_the_hook_of_a_role_runs_in_the_new_process_before_the_actor(directory: Path) -> None:
    """An identity is put on before the first byte is read."""
    entered = directory.parent / "entered"

    def enter(role: str) -> None:
        with entered.open("a", encoding="ascii") as log:
            log.write(f"{role} {os.getpid()}\n")

    system = living.System(living.site_of(directory, enter=enter))
    try:
        actor = system.create()
        pid = system.ask(actor, cast.Ping(number=1)).pid
    finally:
        system.end()
    roles = [line.split()[0] for line in entered.read_text().splitlines()]
    assert roles == ["admin", "logger", "echo"]
    assert f"echo {pid}\n" in entered.read_text()


def test_a_message_larger_than_the_limit_stays_with_its_sender(system: System) -> None:
    """Our own mistake is found where it is made."""
    actor = system.create()
    with pytest.raises(ValueError, match="expected 1 to 4194304"):
        system.actors.tell(actor, "x" * 5_000_000)
    assert system.alive(actor)


def test_a_large_message_arrives(system: System) -> None:
    """Up to the limit there is no limit."""
    actor = system.create()
    assert system.ask(actor, "x" * 4_000_000).number == 4_000_000


def test_a_directory_that_others_reach_into_is_refused(directory: Path) -> None:
    """An operator hears what is wrong with the place before anything starts there."""
    site = Site(directory=directory, vocabulary=Vocabulary(), policy=Policy(()))
    directory.mkdir(mode=0o755)
    with pytest.raises(NoPermissionError, match="closed to others"):
        site.prepare()
    directory.rmdir()
    directory.symlink_to("/tmp")  # noqa: S108 - a trap, not a file
    with pytest.raises(NoPermissionError):
        site.prepare()


def test_a_directory_whose_sockets_cannot_have_names_is_refused() -> None:
    """108 bytes are what the kernel takes."""
    site = Site(directory=Path("/run/" + "x" * 60), vocabulary=Vocabulary(), policy=Policy(()))
    with pytest.raises(UsageError, match="too long for sockets"):
        site.prepare()

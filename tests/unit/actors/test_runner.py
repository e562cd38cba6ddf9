"""The owner of the actor system: it hears main's words, and lives as long as those it cannot do without."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest
from thespian.actors import ActorAddress

from daemoneye.actors import runner
from daemoneye.actors.runner import Runner, reread
from daemoneye.actors.transport.addresses import UnixAddress
from daemoneye.broker import words
from daemoneye.broker.datagrams import hand
from daemoneye.messages.tree import SettingsRead, SettingsUnreadable, StartTree
from daemoneye.settings.parcel import pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


class System:
    """Thespian's, as far as the runner sees it."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.created: list[str] = []
        self.is_shut_down = False
        self.supervisor = ActorAddress(UnixAddress.fresh("supervisor"))

    def createActor(self, name: str) -> ActorAddress:  # noqa: N802 - Thespian's word
        self.created.append(name)
        return self.supervisor

    def tell(self, _address: ActorAddress, message: object) -> None:
        self.told.append(message)

    def shutdown(self) -> None:
        self.is_shut_down = True


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


def settings_file(directory: Path, text: str) -> Path:
    path = directory / "settings.yaml"
    path.write_text(text)
    return path


def test_settings_are_read_again_as_at_the_start(tmp_path: Path) -> None:
    """Whole, with the digest of the file."""
    read = reread(pack(settings_file(tmp_path, "scan: {interval: 7s}\n")))
    assert isinstance(read, SettingsRead)
    assert read.settings.scan.interval == 7.0
    assert len(read.sha256 or "") == 64
    assert read.read_ms > 1_600_000_000_000


def test_mistakes_come_back_as_text(tmp_path: Path) -> None:
    """Each with its place, and not more of them than a person reads."""
    read = reread(pack(settings_file(tmp_path, "scan: {interval: 7}\nuser: ''\n")))
    assert isinstance(read, SettingsUnreadable)
    assert "settings.yaml:1:18: " in read.problems
    assert "settings.yaml:2:7: " in read.problems
    many = "\n".join(f"nonsense{number}: 1" for number in range(2000))
    worse = reread(pack(settings_file(tmp_path, many)))
    assert isinstance(worse, SettingsUnreadable)
    assert len(worse.problems) <= 8192


def test_what_main_could_not_read_comes_back_as_text(tmp_path: Path) -> None:
    """The runner has no more rights than main had."""
    read = reread(pack(tmp_path / "missing.yaml"))
    assert isinstance(read, SettingsUnreadable)
    assert "missing.yaml: no such file or directory" in read.problems
    assert isinstance(reread(b"9:damaged"), SettingsUnreadable)


def test_it_passes_settings_on_and_goes_when_told(pair: tuple[socket.socket, socket.socket], tmp_path: Path) -> None:
    """A reload comes with what was read; a stop ends the system in order."""
    ours, theirs = pair
    system = System()
    hand(ours, words.Reload(), pack(settings_file(tmp_path, "scan: {interval: 7s}\n")))
    hand(ours, words.Reload(), pack(settings_file(tmp_path, "nonsense: 1\n")))
    ours.send(words.format_word(words.Stop()))
    assert Runner(system, system.supervisor, theirs, {}).wait() == 0  # type: ignore[arg-type]
    assert [type(each) for each in system.told] == [SettingsRead, SettingsUnreadable]
    assert system.is_shut_down


def test_it_goes_when_main_is_gone(pair: tuple[socket.socket, socket.socket]) -> None:
    """There is nobody left to run for."""
    ours, theirs = pair
    system = System()
    ours.close()
    assert Runner(system, system.supervisor, theirs, {}).wait() == 0  # type: ignore[arg-type]


def test_it_ends_with_the_first_it_cannot_do_without(pair: tuple[socket.socket, socket.socket]) -> None:
    """Then main makes everything anew."""
    _, theirs = pair
    pid = os.fork()
    if not pid:
        os._exit(0)
    handle = os.pidfd_open(pid)
    try:
        assert Runner(System(), None, theirs, {handle: "logger"}).wait() == 70  # type: ignore[arg-type]
    finally:
        os.close(handle)
        os.waitpid(pid, 0)


def test_it_names_the_supervisor_before_that_begins(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Main lets nobody else in, so it has to know first; admin and logger are found and watched."""
    ours, theirs = pair
    system = System()
    (tmp_path / UnixAddress.fresh("logger").name).touch()
    monkeypatch.setattr(runner, "open_system", lambda _: system)
    monkeypatch.setattr(os, "wait", lambda: (0, 0))
    monkeypatch.setattr(runner, "name_of", lambda address: address.addressDetails.name)
    site = type("Site", (), {"directory": tmp_path})
    ours.send(words.format_word(words.Stop()))
    assert runner.run(site, theirs, 4) == 0  # type: ignore[arg-type]
    assert words.parse(ours.recv(256), words.RUNNER) == words.SupervisorNamed(os.getpid())
    assert system.created == [runner.SUPERVISOR_CLASS]
    assert system.told == [StartTree(number=4)]


def test_a_supervisor_without_a_process_is_none(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot go on as if there were one."""
    monkeypatch.setattr(runner, "open_system", lambda _: System())
    monkeypatch.setattr(os, "wait", lambda: (0, 0))
    monkeypatch.setattr(runner, "name_of", lambda _: "admin")
    with pytest.raises(RuntimeError):
        runner.run(None, pair[1], 1)  # type: ignore[arg-type]

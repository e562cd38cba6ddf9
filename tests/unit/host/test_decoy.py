"""A program that can be exchanged while it runs, and of which nothing stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.errors import CannotCreateError, NoInputError
from daemoneye.host import decoy as module
from daemoneye.host.decoy import decoy

if TYPE_CHECKING:
    from collections.abc import Iterator


def of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/exe").readlink())


def test_it_runs_from_a_file_of_a_recognisable_name(tmp_path: Path) -> None:
    """Whoever finds it in a list knows whose it is."""
    with decoy([tmp_path]) as program:
        assert program.path.name.startswith("daemoneye-selftest-")
        assert program.path.parent.parent == tmp_path
        assert of(program.pid) == str(program.path)
        assert program.exit_code is None
        assert program.path.parent.stat().st_mode & 0o077 == 0


def test_an_exchange_leaves_another_file_in_its_place(tmp_path: Path) -> None:
    """What runs is deleted, and what lies there differs."""
    with decoy([tmp_path]) as program:
        before = program.path.read_bytes()
        program.exchange()
        assert of(program.pid) == f"{program.path} (deleted)"
        assert program.path.read_bytes() != before
        assert program.exit_code is None


def test_nothing_of_it_stays(tmp_path: Path) -> None:
    """Neither process nor file, also when the block ends in an error."""

    def interrupted() -> None:
        with decoy([tmp_path]) as program:
            pids.append(program.pid)
            program.exchange()
            raise KeyboardInterrupt

    pids: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not Path(f"/proc/{pids[0]}").exists()
    assert list(tmp_path.iterdir()) == []


def test_the_next_place_is_taken_where_one_is_unfit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that is not there, a file system from which nothing may be executed, a full disk, a remote one."""
    noexec, far, full, good = (tmp_path / name for name in ("noexec", "far", "full", "good"))
    for each in (noexec, far, full, good):
        each.mkdir()
    start, copy = subprocess.Popen, shutil.copyfile

    def starting(command: list[str], *, executable: Path, **how: object) -> object:
        if noexec in executable.parents:
            raise PermissionError(13, "Permission denied")
        return start(command, executable=executable, **how)  # type: ignore[call-overload]

    def copying(source: Path, to: Path) -> object:
        if full in to.parents:
            raise OSError(28, "No space left on device")
        return copy(source, to)

    monkeypatch.setattr(subprocess, "Popen", starting)
    monkeypatch.setattr(shutil, "copyfile", copying)
    monkeypatch.setattr(module, "_remote", lambda place: "nfs" if far in place.parents else None)
    unfit = [tmp_path / "nowhere", noexec, far, full]
    with decoy([*unfit, good]) as program:
        assert good in program.path.parents
    with pytest.raises(CannotCreateError) as caught, decoy(unfit):
        pass
    assert caught.value.found == (
        f"{tmp_path}/nowhere: no such file or directory; {noexec}: permission denied; "
        f"{far}: on nfs, where nothing is hashed; {full}: no space left on device"
    )
    assert [each for place in (noexec, far, full, good) for each in place.iterdir()] == []


def test_places_are_tried_in_a_fixed_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that the person chose comes first."""
    monkeypatch.setattr(module, "_USUAL", ("/a", "/b"))
    monkeypatch.setenv("TMPDIR", "/mine/../my")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/me")
    assert [str(each) for each in module._places()] == ["/my", "/a", "/b", "/run/me"]
    monkeypatch.delenv("TMPDIR")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert [str(each) for each in module._places()] == ["/a", "/b", f"/run/user/{os.getuid()}"]


def test_a_script_is_no_program_to_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process would be that of the interpreter, which nobody exchanges."""
    script = tmp_path / "cat"
    script.write_text("#!/bin/sh\n", encoding="ascii")
    script.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(script))
    with pytest.raises(NoInputError), decoy([tmp_path]):
        pass


def test_a_signal_to_end_waits_until_everything_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making something and knowing that it has to go, and while it goes, nobody is interrupted."""
    told: list[str] = []

    @contextmanager
    def noticing() -> Iterator[None]:
        before = signal.signal(signal.SIGTERM, lambda *_: told.append("now"))
        yield
        signal.signal(signal.SIGTERM, before)

    copy, remove = shutil.copyfile, shutil.rmtree

    def copying(source: Path, to: Path) -> None:
        signal.raise_signal(signal.SIGTERM)
        copy(source, to)
        told.append("copied")

    def removing(path: Path, *, ignore_errors: bool) -> None:
        signal.raise_signal(signal.SIGTERM)
        remove(path, ignore_errors=ignore_errors)
        told.append("removed")

    monkeypatch.setattr(shutil, "copyfile", copying)
    monkeypatch.setattr(shutil, "rmtree", removing)
    with noticing(), decoy([tmp_path]):
        told.append("running")
    assert told == ["copied", "now", "running", "removed", "now"]

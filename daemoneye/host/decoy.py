"""A harmless program of our own, to be exchanged on disk while it runs: what an alarm can be tried with.

It is a copy of ``cat`` that waits for input which never comes. The pipe closes when we end, however that happens, and
the program ends with it. What is on disk goes when the block is left. Signals to end are held back while something is
made or removed, so that nothing is there that nobody will remove.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.errors import CannotCreateError, NoInputError
from daemoneye.host.filesystems import remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PREFIX: Final = "daemoneye-selftest-"
# A binary of many programs looks at this name to tell which one it is; its own name is that of the copy.
_CALLED: Final = "cat"
_ELF: Final = b"\x7fELF"  # a script would be run by its interpreter, and that is what the process would be
_TRAILER: Final = b"exchanged by daemoneye selftest\n"
_USUAL: Final = ("/var/tmp", "/tmp")  # noqa: S108 - a new directory is made there, for its owner alone
_TOLD_TO_GO: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Decoy:
    """One that runs."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        self.path = path
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """If it did not wait as it should."""
        return self._process.poll()

    def exchange(self) -> None:
        """Put another file in the place of the one that runs: three quarters of it are the same."""
        content = self.path.read_bytes()
        other = self.path.with_name(f"{PREFIX}exchanged")
        other.write_bytes(content[: len(content) * 3 // 4] + _TRAILER)
        other.replace(self.path)


@contextmanager
def decoy(places: Sequence[Path] = ()) -> Iterator[Decoy]:
    """In the first place that takes one: on some hosts nothing may be executed below /tmp."""
    program = _program()
    refusals: list[str] = []
    with ExitStack() as undo:
        for place in places or _places():
            try:
                running = undo.enter_context(_running(program, place))
            except _Unfit as unfit:
                refusals.append(f"{place}: {unfit}")
                continue
            yield running
            return
    raise CannotCreateError("selftest", "; ".join(refusals), "a local directory from which a program can be started")


class _Unfit(Exception):  # noqa: N818 - it is said of a place
    pass


def _program() -> Path:
    found = shutil.which(_CALLED, path=os.defpath) or shutil.which(_CALLED)
    program = Path(found or "/").resolve()
    with suppress(OSError), program.open("rb") as file:
        if file.read(len(_ELF)) == _ELF:
            return program
    raise NoInputError("selftest", f"no executable {_CALLED}", "a program that waits for its input, to copy")


def _places() -> list[Path]:
    of_the_user = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return [Path(each).resolve() for each in dict.fromkeys([os.environ.get("TMPDIR"), *_USUAL, of_the_user]) if each]


@contextmanager
def _running(program: Path, place: Path) -> Iterator[Decoy]:
    with ExitStack() as undo:
        with _undisturbed():
            try:
                started = _start(program, place, undo)
            except OSError as error:
                raise _Unfit((error.strerror or str(error)).lower()) from None
        yield started


def _start(program: Path, place: Path, undo: ExitStack) -> Decoy:
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    undo.callback(_remove, directory)
    if filesystem := _remote(directory):
        raise _Unfit(f"on {filesystem}, where nothing is hashed")
    path = directory / f"{PREFIX}program"
    shutil.copyfile(program, path)
    path.chmod(0o700)
    process = subprocess.Popen(  # noqa: S603 - our own copy
        [_CALLED],
        executable=path,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
    )
    undo.callback(_end, process)
    return Decoy(path, process)


def _remote(directory: Path) -> str | None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return remote(descriptor)
    finally:
        os.close(descriptor)


def _end(process: subprocess.Popen[bytes]) -> None:
    """First of all: the other way round it would be seen running without its file."""
    with _undisturbed(), process:
        process.kill()


def _remove(directory: Path) -> None:
    with _undisturbed():
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _TOLD_TO_GO)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

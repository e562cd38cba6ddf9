"""One experiment in a process of its own, and a look behind it: what it leaves is ended, and told.

The experiment gets a directory for its temporary files, which goes with it. Everything that it starts comes to us when
it has lost its parent, so that nothing can stay behind unseen, not even after a time limit or a Ctrl-C.
"""

from __future__ import annotations

import os
import pickle
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.harness import AbortedError, SkippedError, Verdict
from daemoneye.broker.extinction import become_subreaper, children, extinguish, reap

if TYPE_CHECKING:
    from collections.abc import Callable

# What was killed with its parent is gone in milliseconds.
_GRACE_S: Final = 2.0
_KILL_S: Final = 5.0
_VERDICT: Final = "verdict"


def isolated(run: Callable[[], Verdict], limit_s: float) -> Verdict:
    become_subreaper()
    place = Path(tempfile.mkdtemp(prefix="c-"))  # short: a socket's path has 108 bytes
    place.chmod(0o755)  # other accounts have to reach what is below
    pid = os.fork()
    if not pid:
        _experiment(run, place)
    try:
        verdict = _awaited(pid, place, limit_s)
    finally:
        left = _left_behind()
        extinguish((), _KILL_S)
        shutil.rmtree(place, ignore_errors=True)
    return _blamed(verdict, f"{left} processes were left behind") if left else verdict


def _experiment(run: Callable[[], Verdict], place: Path) -> None:
    try:
        become_subreaper()
        tempfile.tempdir = str(place)
        (place / _VERDICT).write_bytes(pickle.dumps(_verdict(run)))
    finally:
        os._exit(0)


def _verdict(run: Callable[[], Verdict]) -> Verdict:
    try:
        return run()
    except SkippedError as reason:
        return Verdict(held=True, skipped=str(reason))
    except AbortedError as reason:
        return Verdict(held=False, broken=(f"aborted: {reason}",))
    except Exception as error:  # noqa: BLE001 - whatever it is, the hypothesis did not survive it
        traceback.print_exc(file=sys.stderr)
        return Verdict(held=False, broken=(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",))


def _awaited(pid: int, place: Path, limit_s: float) -> Verdict:
    handle = os.pidfd_open(pid)
    try:
        if not select.select([handle], [], [], limit_s)[0]:
            os.kill(pid, signal.SIGKILL)
            return Verdict(held=False, broken=(f"not over after {limit_s:g} s",))
    finally:
        os.close(handle)
    if not (place / _VERDICT).exists():
        return Verdict(held=False, broken=("it ended without a verdict",))
    verdict = pickle.loads((place / _VERDICT).read_bytes())  # noqa: S301 - our own fork wrote it
    assert isinstance(verdict, Verdict)
    return verdict


def _left_behind() -> int:
    deadline = time.monotonic() + _GRACE_S
    while True:
        try:
            list(reap())
        except ChildProcessError:
            return 0
        left = sum(1 for _ in children())
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.01)


def _blamed(verdict: Verdict, why: str) -> Verdict:
    return replace(verdict, held=False, broken=(*verdict.broken, why))

"""The wall clock jumps: an hour and thirty years, in either direction, and right again.

The clock of the machine stays alone: a shim that is preloaded into the agent's processes moves what they read. A time
namespace would not do; it moves the monotonic clock only, and only at the start.
"""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.caller import Caller
from chaos.harness import Experiment, SkippedError, Verdict
from chaos.trial import Trial, on_trial

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHIM: Final = Path(__file__).parent.parent / "clock.c"
_HOUR, _YEAR = 3600, 365 * 86400
_JUMPS: Final = (_HOUR, -_HOUR, 30 * _YEAR, -30 * _YEAR, 0)
_BETWEEN_S: Final = 1.5  # more than the patience: whoever waits for the wall clock would be taken for hung


class Clock:
    def __init__(self, place: Path) -> None:
        self.library = place / "clock.so"
        self.file = place / "offset"
        self.file.write_bytes(bytes(8))
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, _SHIM, "-ldl"], check=True)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.file)}

    def jump(self, offset_s: int) -> None:
        with self.file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
            shared[:] = struct.pack("=q", offset_s)


@contextmanager
def _clock() -> Iterator[Clock]:
    if not shutil.which("cc"):
        raise SkippedError("needs a C compiler: nothing else moves the clock of some processes and not of the machine")
    with tempfile.TemporaryDirectory() as place:
        yield Clock(Path(place))


def _run() -> Verdict:
    with _clock() as clock, on_trial(environment=clock.environment) as trial, Caller(trial.agent) as caller:
        before = trial.pids()
        for offset_s in _JUMPS:
            clock.jump(offset_s)
            _live_through(trial, offset_s)
        trial.claim("nobody was restarted", before == trial.pids() and trial.restarts() == 0)
    caller.tell(trial)
    trial.claim("no call lost", caller.calls.lost == 0)
    return trial.verdict


def _live_through(trial: Trial, offset_s: int) -> None:
    time.sleep(_BETWEEN_S)
    scan = trial.agent.until_running().scan
    seen_s = scan.at_ms / 1000 - time.time() if scan else 0.0
    trial.claim("the jump is seen", abs(seen_s - offset_s) < _BETWEEN_S + 5)
    trial.claim("it goes on looking", scan and trial.agent.until(lambda: _later(trial, scan.scan), "another look"))
    trial.count("jumps", 1)


def _later(trial: Trial, scan: int) -> bool:
    status = trial.agent.status()
    return bool(status and status.scan and status.scan.scan > scan)


EXPERIMENT = Experiment(
    name="clock jump",
    steady_state="a look every 0.2 s, and a caller that is answered all the time",
    hypothesis="no jump of the wall clock, by an hour or 30 years, in either direction, restarts or delays anything",
    blast_radius="what an agent of our own reads from its clock; the machine's clock is not touched",
    abort_when="it does not look again within 20 s of a jump",
    run=_run,
)

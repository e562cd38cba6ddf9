"""A program takes twenty times as long to read as hashing may read in a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from chaos.harness import Experiment, Verdict
from chaos.hashers import bytes_read, must_be_seen, until_calm
from chaos.programs import programs
from chaos.trial import Trial, on_trial
from daemoneye.hashing.budget import WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Iterator

_RATE, _SIZE = 1 << 20, 20 << 20
_SLOW = {"hashing": {"bytes_per_second": "1MiB"}}
_FOR_S, _EVERY_S, _INTERVAL_S = 12.0, 0.05, 0.2
# Of what is due: on a machine that is busy with other things somebody wakes up late now and then.
_LOOKS, _READ = 0.8, 0.7


class Sample(NamedTuple):
    before_s: float
    after_s: float
    size: int  # of what has been read so far
    share: float  # of the rate, as the machine is pressed
    looks: int
    overrun: int


def _run() -> Verdict:
    must_be_seen()
    with programs() as ours, on_trial() as trial:
        until_calm(trial.agent)
        trial.reload(_SLOW)
        until_calm(trial.agent)  # whoever has begun to read something goes on in pieces of the old size
        ours.start(_SIZE)
        samples = list(_samples(trial))
        most, least = max(_windows(samples)), min(each.share for each in samples) * _RATE * _FOR_S
        first, last = samples[0], samples[-1]
        trial.figures |= {
            "KiB in ten seconds, at most": most // 1024,
            "looks": last.looks - first.looks,
            "late looks": last.overrun - first.overrun,
        }
        trial.claim("in any ten seconds no more than ten times the rate is read", most <= _RATE * WINDOW_S)
        trial.claim("no less than the machine allows", last.size - first.size >= _READ * least)
        trial.claim("the looks are kept", last.looks - first.looks >= _LOOKS * _FOR_S / _INTERVAL_S)
    return trial.verdict


def _samples(trial: Trial) -> Iterator[Sample]:
    """Taken while the file is read; who reads it may change."""
    counts: dict[tuple[int, int], int] = {}
    ends_s = time.monotonic() + _FOR_S
    while (before_s := time.monotonic()) < ends_s:
        counts |= bytes_read(trial.agent)
        after_s, status = time.monotonic(), trial.agent.until_running()
        if status.hashing and status.scan:
            share, scan = status.hashing.share, status.scan
            yield Sample(before_s, after_s, sum(counts.values()), share, scan.scan, scan.overrun)
        time.sleep(_EVERY_S)


def _windows(samples: list[Sample]) -> Iterator[int]:
    """What was read from each sample on, in no more than ten seconds."""
    for first in samples:
        until_s = first.before_s + WINDOW_S
        yield max(each.size - first.size for each in samples if each is first or each.after_s <= until_s)


EXPERIMENT = Experiment(
    name="small budget",
    steady_state="a look every 0.2 s, and nothing to read; then a program of 20 MiB starts, at a rate of 1 MiB/s",
    hypothesis="in any ten seconds no more than 10 MiB are read from files, and the looks are as frequent as before",
    blast_radius="an agent of our own, and a copy of sleep below a temporary directory",
    abort_when="the agent does not answer",
    run=_run,
)

"""An agent whose `informer` raises numbered alerts: what is done to it, and whether all of them are accounted for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chaos.agent import PROGRAM
from chaos.informer import NOTES, is_ours, number_of
from daemoneye.journal.query import Query
from daemoneye.journal.reading import Reader
from daemoneye.journal.schema import FILE_NAME
from daemoneye.model.record import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from chaos.agent import Agent

INFORMED: Final = (sys.executable, "-m", "chaos.informed")
# As often as somebody likes; and none of it may take the file of alerts away.
SETTINGS: Final = {"supervisor": {"intensity": 1000}, "outputs": {"jsonl": {"max_size": "1MiB", "max_files": 1000}}}
VICTIMS: Final = ("journal", "informer", "main")
# From the middle of what the one before has left behind, to well at work.
_SOON_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class Accounts:
    acknowledged: list[int]
    recorded: list[int]  # numbers of the informer, in the order of their sequences
    sequences: list[int]
    lines: list[int]  # sequences, in the order of the file
    verified: int  # the exit code of ``journal verify``
    said: str

    @property
    def lost(self) -> int:
        return len(set(self.acknowledged) - set(self.recorded))

    @property
    def in_order(self) -> bool:
        """Each once, in the order in which it was raised."""
        return self.recorded == sorted(set(self.recorded))

    @property
    def without_gaps(self) -> bool:
        return self.sequences == list(range(1, len(self.sequences) + 1))

    @property
    def lines_agree(self) -> bool:
        return self.lines == self.sequences


def kill(agent: Agent, victim: str) -> bool:
    """And start the agent again, if that was all of it."""
    try:
        os.kill(agent.by_role()[victim].pid, signal.SIGKILL)
    except (KeyError, ProcessLookupError):
        return False  # it is being restarted
    if victim == "main":
        agent.wait()
        agent.start()
    return True


def kill_at_random(agent: Agent, times: int, chance: Random, victims: Sequence[str] = VICTIMS) -> int:
    """How many were there to be killed."""
    killed = 0
    for _ in range(times):
        time.sleep(chance.uniform(0, _SOON_S))
        killed += kill(agent, chance.choice(victims))
    return killed


def head(agent: Agent) -> str:
    """An anchor, as an operator would take one."""
    command = [PROGRAM, "journal", "head", "--config", str(agent.config)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def verify(agent: Agent, *anchors: str) -> subprocess.CompletedProcess[str]:
    kept = agent.directory / "anchors"
    kept.write_text("".join(anchors), encoding="utf-8")
    command = [PROGRAM, "journal", "verify", "--config", str(agent.config), *(["--anchor", str(kept)] * bool(anchors))]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def drawn_up(agent: Agent, *anchors: str) -> Accounts:
    """Of an agent that has stopped."""
    notes = (agent.directory / "log" / NOTES).read_text(encoding="ascii").split("\n")[:-1]
    with closing(Reader(agent.directory / "state" / FILE_NAME)) as reader:
        found = list(reader.entries(Query(stream=Stream.ALERTS)))
    verified = verify(agent, *anchors)
    return Accounts(
        acknowledged=[int(each) for each in notes],
        recorded=[number_of(each.entry) for each in found if is_ours(each.entry)],
        sequences=[each.sequence for each in found],
        lines=lines(agent),
        verified=verified.returncode,
        said=verified.stdout + verified.stderr,
    )


def lines(agent: Agent) -> list[int]:
    """Sequences of the file of alerts, in its order."""
    log = agent.directory / "log"
    rotated = sorted(log.glob("alerts.jsonl.*"), key=lambda path: -int(path.suffix[1:]))
    return [
        json.loads(line)["event"]["sequence"]
        for file in (*rotated, log / "alerts.jsonl")
        for line in file.read_bytes().splitlines()
    ]

"""The processes that read files for hashing: who they are, what each has in its hand, and how much they have read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.harness import SkippedError

if TYPE_CHECKING:
    from chaos.agent import Agent, Process

# They are no children of the tree, but come and go with the work.
HASHER: Final = "hasher_"
# Hundreds of programs of which nothing is known, on a slow machine.
CALM_S: Final = 60.0


def must_be_seen() -> None:
    if os.geteuid() != 0:
        raise SkippedError("needs root, to see what hashers read: they show nobody else what they have open")


def hashers(agent: Agent) -> list[Process]:
    return [each for role, each in agent.by_role().items() if role.startswith(HASHER)]


def in_hand(hasher: Process) -> Path | None:
    """The file that it reads; it never has two."""
    with contextlib.suppress(OSError):  # it has just ended
        for entry in os.scandir(f"/proc/{hasher.pid}/fd"):
            with contextlib.suppress(OSError):  # it has just closed it
                path = Path(entry.path).readlink()
                if path.is_absolute() and not path.is_relative_to("/dev"):
                    return path
    return None


def send(hasher: Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.kill(hasher.pid, number)


def reader(agent: Agent, file: Path) -> Process | None:
    return next((each for each in hashers(agent) if in_hand(each) == file), None)


def bytes_read(agent: Agent) -> dict[tuple[int, int], int]:
    """By process: what it has read so far from files, as the kernel counts it."""
    found = {}
    for each in hashers(agent):
        with contextlib.suppress(OSError):
            counts = Path(f"/proc/{each.pid}/io").read_text(encoding="ascii")
            found[each.pid, each.start] = int(counts.split()[1])  # rchar
    return found


def until_calm(agent: Agent) -> None:
    """All that runs on the machine is hashed, and the hashers are there."""

    def calm() -> bool:
        status = agent.status()
        if status is None or status.hashing is None or status.integrity is None:
            return False
        is_begun = bool(status.hashing.files) and bool(hashers(agent))
        is_done = not status.hashing.waiting and not status.integrity.waiting
        return is_begun and is_done and not any(map(in_hand, hashers(agent)))

    agent.until(calm, "an end of the hashing", CALM_S)

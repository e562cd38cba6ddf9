"""Programs of our own, each with a content of its own: started, exchanged on the disk, and looked up with the agent."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chaos.agent import Agent
    from daemoneye.model.lookup import RecordedEntry
    from daemoneye.model.process import ProcessRecord

_SLEEP: Final = Path(shutil.which("sleep") or "/bin/sleep").resolve()


class Program:
    """A copy of ``sleep`` that runs, and so many bytes behind it that nobody executes."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        copy_sleep(path, size)
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.process = subprocess.Popen([path, "1000"])

    @property
    def pid(self) -> int:
        return self.process.pid

    def exchange(self) -> None:
        """As installers do: a new file beside the old one, and then in its place."""
        new = self.path.with_name(f"{self.path.name}.new")
        copy_sleep(new)
        new.rename(self.path)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def copy_sleep(path: Path, size: int = 0) -> None:
    """With its name at the end, so that no two are the same."""
    shutil.copy(_SLEEP, path)
    with path.open("ab") as file:
        file.truncate(max(size, _SLEEP.stat().st_size))
        file.seek(0, 2)
        file.write(path.name.encode())


class Programs:
    def __init__(self, place: Path) -> None:
        self.place = place
        self.all: list[Program] = []

    def start(self, size: int = 0) -> Program:
        program = Program(self.place / f"program-{len(self.all)}", size)
        self.all.append(program)
        return program

    def records(self, agent: Agent) -> dict[Path, ProcessRecord]:
        """As the agent shows them; those that it does."""
        ours = {each.pid: each.path for each in self.all}
        with agent.client() as client:
            return {ours[each.pid]: each for each in client.processes() if each.pid in ours}

    def without_digest(self, agent: Agent) -> list[Path]:
        """Those that the agent does not show with the digest of what they run."""
        seen = {path: record.executable_hash for path, record in self.records(agent).items()}
        return [each.path for each in self.all if seen.get(each.path) != each.sha256]

    def alerts(self, agent: Agent) -> list[RecordedEntry]:
        with agent.client() as client:
            return self.concerned(client.alerts())

    def concerned(self, entries: Iterable[RecordedEntry]) -> list[RecordedEntry]:
        """Those that name a file of ours: the agent sees what others do on the machine, too."""
        return [each for each in entries if f"{self.place}/" in each.body]


@contextmanager
def programs() -> Iterator[Programs]:
    with tempfile.TemporaryDirectory() as place:
        found = Programs(Path(place))
        try:
            yield found
        finally:
            for each in found.all:
                each.end()

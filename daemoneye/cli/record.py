"""The record, wherever it can be read: through the running agent, or from the file when there is none that answers.

Both are asked the same questions and give the same answers, so a reader may change from one to the other in between.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from daemoneye import __version__
from daemoneye.client import Client, NotAllowed, NotRunning, Refused
from daemoneye.errors import NoInputError, OperatorError
from daemoneye.host.naming import host_name, known_host_id
from daemoneye.journal.reading import Reader
from daemoneye.journal.schema import FILE_NAME
from daemoneye.journal.stretch import NEWEST, stretch
from daemoneye.outputs.origin import Origin
from daemoneye.settings.files import load
from daemoneye.tree import AGENT_SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.model.lookup import Entries, EntriesRequest

_POLL_S: Final = 0.5  # nobody reads faster, and an idle agent is not kept busy
_MOST_BYTES: Final = 1 << 20  # as much at once as an agent would say in a frame

file_option = click.option(
    "--file",
    type=click.Path(path_type=Path, readable=False),  # whether it can be read has exit codes of its own
    metavar="FILE",
    help="Read this journal, a copy or one that was set aside, and ask no agent.",
)


class Record:
    def __init__(self, config: Path | None, file: Path | None = None) -> None:
        paths = load(config).settings.paths
        self.path = file or paths.state_dir / FILE_NAME
        self._agent = None if file else Client(paths.runtime_dir / AGENT_SOCKET)
        self._connected = False
        self._why: OperatorError | None = None  # the agent was not asked again
        self.origin = Origin(
            version=__version__,
            host_name="" if file else host_name(),  # of a copy nobody knows where it comes from
            host_id="" if file else known_host_id(paths.state_dir) or "",
        )

    def ask(self, request: EntriesRequest) -> Entries:
        if self._agent and not self._why:
            try:
                return self._ask_agent(self._agent, request)
            except OperatorError as error:
                self._why = error
                self._agent.close()
                self._connected = False
        try:
            return self._ask_file(request)
        except OperatorError as error:
            raise worth_telling(self._why, error) from None

    def ask_agent_again(self) -> None:
        self._why = None

    def _ask_agent(self, agent: Client, request: EntriesRequest) -> Entries:
        if self._connected:
            try:
                return agent.entries(request)
            except OperatorError:  # it may have been restarted meanwhile
                agent.close()
        agent.connect()
        self._connected = True
        return agent.entries(request)

    def _ask_file(self, request: EntriesRequest) -> Entries:
        with closing(Reader(self.path)) as reader:
            return stretch(reader, request, _MOST_BYTES)

    def followed(self, request: EntriesRequest, trouble: Callable[[OperatorError], None]) -> Iterator[Entries]:
        """What there is, and then what comes; while neither agent nor file can be read, it is tried again."""
        known = False
        while True:
            try:
                answer = self.ask(request)
            except OperatorError as error:
                if not known:
                    raise
                trouble(error)
            else:
                known = True
                yield answer
                request = _going_on(request, answer)
                if not answer.last:
                    continue
            time.sleep(_POLL_S)
            self.ask_agent_again()


def _going_on(request: EntriesRequest, answer: Entries) -> EntriesRequest:
    began_anew = request.after not in {None, NEWEST} and answer.reached < (request.after or 0)
    return replace(request, after=0 if began_anew else answer.reached)


def worth_telling(agent: OperatorError | None, file: OperatorError) -> OperatorError:
    """Of two ways that are closed, the one that somebody might have expected to be open."""
    absent = agent is None or isinstance(agent, NotRunning | NotAllowed)
    unwritten = isinstance(agent, Refused) and isinstance(file, NoInputError)
    return file if agent is None or absent or unwritten else agent


def as_json_option(command: Any) -> Any:
    """The two options that decide what is printed."""
    return click.option("--json", "as_json", is_flag=True, help="Print a JSON document per line instead of a table.")(
        click.option(
            "--format",
            "form",
            type=click.Choice(["ecs", "ocsf", "native"]),
            default="ecs",
            show_default=True,
            help="The schema of the documents.",
        )(command)
    )

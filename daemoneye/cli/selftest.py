"""``daemoneye selftest``: does the alarm work? A harmless program of our own is exchanged on disk while it runs."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import click

from daemoneye.cli.documents import native, text_at
from daemoneye.cli.keyboard import orderly_end
from daemoneye.cli.options import Span, config_option, json_option
from daemoneye.cli.rehearsal import RULE, Rehearsal, StepFailed
from daemoneye.client import Client
from daemoneye.errors import Exit, OperatorError
from daemoneye.model.alert import Severity
from daemoneye.sanitize.hostile import printable
from daemoneye.settings.files import load
from daemoneye.tree import AGENT_SOCKET, COLLECTOR, HASHING, INTEGRITY, JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.cli.rehearsal import Step
    from daemoneye.model.lookup import RecordedEntry
    from daemoneye.model.status import Status

_TIMEOUT_S: Final = 30.0
# A look that sees the program, one that sees the exchange, and as many again for one that is late or left out.
_LOOKS: Final = 4
_LINE: Final = 400  # of what was said by somebody else
_CONCERNED: Final = (COLLECTOR, HASHING, INTEGRITY, JOURNAL)


@click.command("selftest")
@click.option(
    "--timeout",
    type=Span("1s", "1h"),
    metavar="TIME",
    help="How long it may take, such as 30s or 2m. Unless given, 30s, or four times scan.interval if that is more.",
)
@json_option
@config_option
def command(timeout: float | None, as_json: bool, config: Path | None) -> int:
    """Show that the alarm works: start a harmless program, replace it on disk, and wait for the alert.

    The program is a copy of cat in a directory of its own; nothing of it stays but the alert, which names that
    directory. Exit codes: 0 the alert came, 1 it did not, 69 the agent cannot be reached, 73 there is no directory
    from which a program can be started.
    """
    settings = load(config).settings
    patience_s = timeout or max(_TIMEOUT_S, _LOOKS * settings.scan.interval)
    socket = settings.paths.runtime_dir / AGENT_SOCKET
    rehearsal = Rehearsal(lambda timeout_s: Client(socket, timeout_s=timeout_s), patience_s)
    teller = _Document(rehearsal) if as_json else _Lines(rehearsal)
    with orderly_end():
        try:
            with closing(rehearsal.steps()) as steps:
                for step in steps:
                    teller.done(step)
        except StepFailed as failure:
            teller.failed(failure, dict(_condition(Client(socket))))
            return Exit.FINDINGS
        teller.worked()
        return Exit.OK


class _Lines:
    """For people, as it goes."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._last_s = 0.0

    def done(self, step: Step) -> None:
        click.echo(f"{step.seconds:6.2f} s  {step.name:<9}  {step.said}")
        self._last_s = step.seconds

    def failed(self, failure: StepFailed, condition: dict[str, str]) -> None:
        click.echo(f"{' ':6}    {failure.step:<9}  failed: {printable(failure.why, _LINE)}")
        for name, said in condition.items():
            click.echo(f"{name}: {said}")
        click.echo("the alarm was not raised")

    def worked(self) -> None:
        if alert := self._rehearsal.alert:
            click.echo(f"{RULE} ({Severity(alert.severity).word}): {_message(alert)}")
        click.echo(f"the alarm works: {self._last_s:.2f} s after the file was exchanged the alert was on record")


class _Document:
    """For programs, at the end."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._steps: list[Step] = []

    def done(self, step: Step) -> None:
        self._steps.append(step)

    def failed(self, failure: StepFailed, condition: dict[str, str]) -> None:
        why = {"step": failure.step, "why": printable(failure.why, _LINE)}
        self._tell(ok=False, failed=why, status=condition, alert=None)

    def worked(self) -> None:
        alert = self._rehearsal.alert
        self._tell(ok=True, failed=None, status=None, alert=native(alert) if alert else None)

    def _tell(self, *, ok: bool, **outcome: Any) -> None:
        program = self._rehearsal.program
        about = {
            "ok": ok,
            "seconds": round(self._rehearsal.seconds, 3),
            "pid": program.pid if program else None,
            "path": str(program.path) if program else None,
            "steps": [
                {"step": each.name, "seconds": round(each.seconds, 3), "said": each.said} for each in self._steps
            ],
        }
        click.echo(json.dumps(about | outcome, ensure_ascii=False))


def _message(alert: RecordedEntry) -> str:
    return printable(text_at(native(alert), "message") or alert.body)


def _condition(client: Client) -> Iterator[tuple[str, str]]:
    """What the agent says of those who take part in an alarm."""
    try:
        with client:
            status = client.status()
    except OperatorError as error:
        yield "agent", printable(str(error), _LINE)
        return
    yield "agent", printable(status.state, _LINE)
    for name in _CONCERNED:
        yield name, printable("; ".join(_of(name, status)), _LINE)


def _of(name: str, status: Status) -> Iterator[str]:
    child = next((each for each in status.children if each.name == name), None)
    yield child.state if child else "not part of this agent"
    if child and child.last_words:
        yield f"last said: {child.last_words}"
    report = {JOURNAL: status.journal, HASHING: status.hashing, INTEGRITY: status.integrity}.get(name)
    if report and report.trouble:
        yield f"trouble: {report.trouble}"
    if name == HASHING and status.hashing and status.hashing.degraded:
        yield "no digests: " + ", ".join(f"{count} {reason}" for reason, count in status.hashing.degraded)
    if name == INTEGRITY and status.integrity and status.integrity.waiting:
        yield f"{status.integrity.waiting} programs wait for an answer"
    if name == COLLECTOR and status.scan and status.scan.failed:
        yield f"{status.scan.failed} looks failed"

"""The command line: one file per command, imported only when it is asked for.

A command is a ``click.Command`` named ``command`` in its module. It writes data to stdout, everything else to stderr,
raises an ``OperatorError`` for what the operator can mend, and leaves exit codes to ``__main__``: a command that has
findings to report returns ``Exit.FINDINGS``.
"""

from __future__ import annotations

import importlib
from typing import Final

import click

from daemoneye import __version__

COMMANDS: Final = {
    "alerts": "what was alarming, from the record",
    "at": "the process tree of a moment in the past",
    "baseline": "show, accept, export and import what is trusted",
    "child": "list, restart, pause and resume the agent's children",
    "compare": "how alike two files or two ssdeep digests are",
    "config": "check, show and describe the settings",
    "events": "what ran, started by whom, when, from the record",
    "hash": "SHA-256 and ssdeep digests of files",
    "health": "is one child of the agent, or are all of them, as they should be?",
    "metrics": "what the running agent counts, for Prometheus",
    "ps": "every process, as the running agent sees them",
    "journal": "verify the record, print what to keep elsewhere, export it",
    "redact": "show what a command line becomes before it leaves the collector",
    "reload": "have the running agent read its settings again",
    "run": "the agent, in the foreground",
    "scan": "look at every process once, without an agent",
    "selftest": "show that the alarm works, with a harmless program",
    "status": "the running agent and every child of it",
    "top": "a live view of the processes (q quits)",
    "tree": "the process tree",
    "watch": "what starts, ends and changes, look by look",
}


class LazyGroup(click.Group):
    """Knows every command by name and help line; imports one when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            raise click.exceptions.NoSuchCommand(cmd_name, possibilities=COMMANDS, ctx=ctx)
        module = importlib.import_module(f"daemoneye.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="daemoneye %(version)s")
def program() -> None:
    """A host agent that asks of every process whether it is still the program that was installed."""

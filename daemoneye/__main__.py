"""From argv to an exit code. What an operator can mend becomes one line here and nowhere else."""

from __future__ import annotations

import os
import sys

import click

from daemoneye.cli import program
from daemoneye.errors import Exit, OperatorError


def main(argv: list[str] | None = None) -> int:
    """Run one command and say how it went; tracebacks are for developers (``DAEMONEYE_TRACEBACK=1``)."""
    try:
        return _run(argv)
    except BrokenPipeError:
        # the reader of our output left, as `head` does: nothing is wrong, and nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes an exit code
        if os.environ.get("DAEMONEYE_TRACEBACK"):
            raise
        _complain(f"internal error: {type(error).__name__}: {error}: expected none: please report this")
        return Exit.INTERNAL


def _run(argv: list[str] | None) -> int:
    try:
        outcome = program.main(args=argv, prog_name="daemoneye", standalone_mode=False)
        sys.stdout.flush()
    except OperatorError as error:
        _complain(str(error))
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    except click.ClickException as error:
        _complain(_one_line(error))
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        return 130  # what a shell reports for Ctrl-C
    return outcome if isinstance(outcome, int) else Exit.OK


def _one_line(error: click.ClickException) -> str:
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "daemoneye"
    return f"{command}: {' '.join(error.format_message().split())}: try '{command} --help'"


def _complain(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

"""From argv to an exit code. What an operator can mend becomes one line here and nowhere else."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import Final

import click

from daemoneye.cli import program
from daemoneye.errors import Exit, IOFailedError, OperatorError

_STDERR: Final = 2
_INTERRUPTED: Final = 130  # what a shell reports for Ctrl-C
# What writing to a terminal, a pipe or a file can end in that is nobody's bug.
_UNWRITABLE: Final = {errno.EBADF, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def main() -> int:  # noqa: PLR0911 - one way out for each kind of trouble
    """Run one command and say how it went; tracebacks are for developers (``python -X dev -m daemoneye``)."""
    _occupy_standard_descriptors()
    _speak_utf8()
    if "_DAEMONEYE_COMPLETE" in os.environ:
        program.main(prog_name="daemoneye")  # a shell asks for completions: click answers and exits
    try:
        return _run(sys.argv[1:])
    except OperatorError as error:
        return _complain(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        return _complain(error.format_message(), Exit.USAGE)
    except click.ClickException as error:
        return _complain(_one_line(error), Exit.USAGE)
    except BrokenPipeError:
        return _silence(Exit.OK)  # the reader of our output left, as `head` does: nothing is wrong
    except (click.Abort, KeyboardInterrupt):
        return _silence(_INTERRUPTED)
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
            return _silence(_complain(str(_unwritable(error)), Exit.IO))
        return _complain(f"internal error: {type(error).__name__}: {error}: please report this", Exit.INTERNAL)


def _occupy_standard_descriptors() -> None:
    """A stream that was closed at the start would give its number to the next file opened, and our output with it."""
    # for reading only: then what is written to a closed standard output fails, and is not taken for written
    while (number := os.open(os.devnull, os.O_RDONLY)) <= _STDERR:
        pass
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 - for as long as we run
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _speak_utf8() -> None:
    """Whatever the locale says: what others read is UTF-8, and a name outside the locale's alphabet is no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    """As click's own ``main`` does, without its opinion about exit codes and broken pipes."""
    try:
        with program.make_context("daemoneye", arguments) as context:
            outcome = program.invoke(context)
    except click.exceptions.Exit as done:  # --help and --version
        outcome = done.exit_code
    sys.stdout.flush()
    return outcome if isinstance(outcome, int) else Exit.OK


def _one_line(error: click.ClickException) -> str:
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "daemoneye"
    return f"{command}: {' '.join(error.format_message().split()).rstrip('.')}: try '{command} --help'"


def _unwritable(error: OSError) -> IOFailedError:
    return IOFailedError("standard output", os.strerror(error.errno or 0), "expected to be able to write")


def _complain(line: str, code: int) -> int:
    print(line, file=sys.stderr)  # noqa: T201
    return code


def _silence(code: int) -> int:
    # what is still in the buffer would raise once more when the interpreter flushes it at exit
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())

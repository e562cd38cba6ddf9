"""Where pleasant output goes: colours at a terminal, plain text in a pipe, none with NO_COLOR."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console


class _Screen(Console):
    def on_broken_pipe(self) -> NoReturn:
        # rich would exit with 1, which says "findings" here; the front door knows what to make of it
        raise BrokenPipeError


def console() -> Console:
    # no markup and no emoji: what we print was chosen by whoever started the process
    return _Screen(markup=False, emoji=False, highlight=False)

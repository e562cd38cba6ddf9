"""The table of what is trusted, at a terminal: times as people think of them, and nothing beyond the edge."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

from rich.console import Console

from daemoneye.cli import trusted
from daemoneye.cli.trusted import Lines
from daemoneye.model.trust import BaselineEntry

if TYPE_CHECKING:
    import pytest

SHA = "ab" * 32


def test_people_see_how_long_ago_and_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In colours, and cut at the edge; the headings once."""
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100, color_system="standard", highlight=False)
    monkeypatch.setattr(trusted, "console", lambda: terminal)
    hour_ago_ms = time.time_ns() // 1_000_000 - 3_600_000
    same = BaselineEntry(path="/a", sha256=SHA, last_sha256=SHA, source="seeded", since_ms=hour_ago_ms)
    other = BaselineEntry(
        path="/" + "x" * 200, sha256=SHA, last_sha256="cd" * 32, source="package", since_ms=hour_ago_ms, package="p"
    )
    table = Lines()
    table.show([])
    table.show([same])
    table.show([other])
    assert isinstance(terminal.file, io.StringIO)
    headings, first, second = terminal.file.getvalue().splitlines()
    assert headings.startswith("\x1b[2mNOW")
    assert "1h 0m ago" in first
    assert "\x1b[1;31mdiffers\x1b[0m" in second
    assert second.rstrip("\x1b[0m").endswith("…")

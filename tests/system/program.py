"""The installed command, started the way a user starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DAEMONEYE = str(Path(sys.executable).parent / "daemoneye")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, without the settings that the person running the tests may have exported."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DAEMONEYE_")} | dict(extra or {})


def daemoneye(
    *arguments: str | bytes, stdin: str | bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    outcome = subprocess.run(
        [DAEMONEYE, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=environment(env),
        check=False,
        timeout=60,
    )
    return subprocess.CompletedProcess(
        outcome.args, outcome.returncode, outcome.stdout.decode("utf-8"), outcome.stderr.decode("utf-8")
    )

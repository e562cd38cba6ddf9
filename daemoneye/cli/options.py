"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import click

from daemoneye.errors import NoInputError
from daemoneye.settings.files import EXPECTED
from daemoneye.settings.nodes import Refusal, Scalar
from daemoneye.settings.quantities import Duration

_LARGEST_PID: Final = 2**22  # the kernel's PID_MAX_LIMIT on 64-bit machines


class SettingsFile(click.Path):
    """A name; whether it leads to a file that can be read is for the settings to say, with exit codes of their own."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":  # to pathlib the same as "."
            raise NoInputError("''", "no file has an empty name", EXPECTED)
        return super().convert(value, param, ctx)


config_option = click.option(
    "--config",
    type=SettingsFile(),
    metavar="FILE",
    help="Settings to read after those of /etc/daemoneye.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
pid_option = click.option(
    "--pid", "pids", type=click.IntRange(0, _LARGEST_PID), multiple=True, metavar="N", help="Only this pid; repeatable."
)
hash_option = click.option("--hash", "with_hash", is_flag=True, help="Take the digests of what runs, each file once.")
kernel_option = click.option("--kernel", is_flag=True, help="Show kernel threads too.")
count_option = click.option("--count", type=click.IntRange(1), help="End after so many looks.")


class Interval(click.FloatRange):
    """Seconds that can be waited."""

    def __init__(self) -> None:
        super().__init__(0.2, 3600)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):  # which is in every range
            self.fail(f"{value!r} is not in the range {self._describe_range()}.", param, ctx)
        return seconds


class Span(click.ParamType[float]):
    """A length of time with its unit, as in the settings; in seconds."""

    name = "time"

    def __init__(self, low: str, high: str) -> None:
        self._duration = Duration(low, high)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return self._duration.read(Scalar(str(value)))
        except Refusal as refusal:
            fault = refusal.faults[0]
            self.fail(f"{fault.found}: expected {fault.expected}", param, ctx)

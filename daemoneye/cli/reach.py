"""How the commands that ask the running agent find it: where the settings say that its socket is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemoneye.client import Client
from daemoneye.settings.files import load
from daemoneye.tree import AGENT_SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable

# Fewer bytes than a name of a child could ever need, and nothing that a terminal would act on.
_LONGEST_NAME = 64


def agent(config: Path | None) -> Client:
    return Client(Path(load(config).settings.paths.runtime_dir) / AGENT_SOCKET)


class ChildName(click.ParamType[str]):
    name = "child"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not text.isprintable() or not 0 < len(text) <= _LONGEST_NAME:
            self.fail(f"{text[:_LONGEST_NAME]!a} is not the name of a child.", param, ctx)
        return text


def child_argument(*, required: bool = True) -> Callable[[Any], Any]:
    return click.argument("child", type=ChildName(), required=required, metavar="NAME" if required else "[CHILD]")

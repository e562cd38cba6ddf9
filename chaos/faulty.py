"""The agent with one more child, `wrongdoer`; everything else is as it is: ``python -m chaos.faulty run``.

The tree is data, so it takes a line more in it, before anybody has read it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chaos.wrongdoer import Wrongdoer
from daemoneye import tree

if TYPE_CHECKING:
    from daemoneye.messages.supervision import RoleSettings
    from daemoneye.settings.model import Settings


def _extend() -> None:
    child = tree.Role(name=Wrongdoer.role, actor=f"{Wrongdoer.__module__}.{Wrongdoer.__name__}")
    tree.ROLES = (*tree.ROLES, child)  # type: ignore[misc, assignment]
    tree.BY_NAME[child.name] = child
    known = tree.settings_of

    def settings_of(role: str, settings: Settings, ground: tree.Ground) -> RoleSettings:
        return known(tree.GATEWAY if role == Wrongdoer.role else role, settings, ground)

    tree.settings_of = settings_of


if __name__ == "__main__":
    _extend()
    from daemoneye.__main__ import main  # reads the tree

    sys.exit(main())

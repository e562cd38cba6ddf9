"""The agent with one more child, `informer`; everything else is as it is: ``python -m chaos.informed run``.

The tree is data, so it takes a line more in it, before anybody has read it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from daemoneye import tree

if TYPE_CHECKING:
    from daemoneye.messages.supervision import RoleSettings
    from daemoneye.settings.model import Settings

_NAME = "informer"


def _extend() -> None:
    child = tree.Role(name=_NAME, actor="chaos.informer.Informer", writes=("log_dir",), records=True)
    tree.ROLES = (*tree.ROLES, child)  # type: ignore[misc, assignment]
    tree.BY_NAME[child.name] = child
    known = tree.settings_of

    def settings_of(role: str, settings: Settings, ground: tree.Ground) -> RoleSettings:
        return known(tree.JOURNAL if role == _NAME else role, settings, ground)

    tree.settings_of = settings_of


if __name__ == "__main__":
    _extend()
    from daemoneye.__main__ import main  # reads the tree

    sys.exit(main())

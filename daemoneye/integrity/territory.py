"""Whose path it is: the same path may lead to different files in different mount namespaces.

Everything that sees the host's files under the host's names is ``HOST``, the one territory that survives a reboot. To
that belong services that only have a mount namespace because they are shut off from part of the host: their programs
are the host's, package and all. A container is named by its id, which belongs to no other. Any other namespace has just
an inode number, which is given to the next one when it ends: what is known of it ends with its last process, and is
never written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.model.process import FileIdentity

HOST: Final = ""
_CONTAINER: Final = "container:"
_NAMELESS: Final = "mnt:"


def territory(
    *,
    mount_namespace: int | None,
    own_namespace: int | None,
    container_id: str | None,
    there: FileIdentity | None,
    here: FileIdentity | None,
) -> str:
    """Name the territory of a program: the file its path leads to for its process is ``there``, for us ``here``.

    The two are one file if device and inode are the same, however it is mounted. If the path leads nowhere for both,
    give what its directory leads to. A namespace that we may not ask for is taken to be ours: on a host where nothing
    can be asked there are no others to tell it from.
    """
    if mount_namespace is None or mount_namespace == own_namespace or _same(there, here):
        return HOST
    return f"{_CONTAINER}{container_id}" if container_id else f"{_NAMELESS}{mount_namespace}"


def _same(one: FileIdentity | None, other: FileIdentity | None) -> bool:
    return one is not None and other is not None and (one.dev, one.ino) == (other.dev, other.ino)


def outlives_us(namespace: str) -> bool:
    """Whether the name still means the same when the agent comes back."""
    return not namespace.startswith(_NAMELESS)


def is_container(namespace: str) -> bool:
    return namespace.startswith(_CONTAINER) and namespace != _CONTAINER


class Residents:
    """Who lives in the nameless ones, to notice when the last has left."""

    def __init__(self) -> None:
        self._home: dict[str, str] = {}
        self._living: dict[str, int] = {}

    def enter(self, entity_id: str, namespace: str) -> str | None:
        """Return the namespace that was deserted by this: a process may move."""
        if outlives_us(namespace):
            return self.leave(entity_id)
        if self._home.get(entity_id) == namespace:
            return None
        deserted = self.leave(entity_id)
        self._home[entity_id] = namespace
        self._living[namespace] = self._living.get(namespace, 0) + 1
        return deserted

    def leave(self, entity_id: str) -> str | None:
        """Return the namespace if this was the last one in it."""
        namespace = self._home.pop(entity_id, None)
        if namespace is None:
            return None
        self._living[namespace] -= 1
        if self._living[namespace]:
            return None
        del self._living[namespace]
        return namespace

    def __iter__(self) -> Iterator[str]:
        return iter(self._home)

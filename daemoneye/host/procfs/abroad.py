"""Whose files a process sees that has another mount namespace than ours, and in which container it runs.

Asked only of those, whatever ``scan.enhanced`` says: a path alone does not tell which program it names there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.host.procfs.cgroup import read_cgroup
from daemoneye.host.procfs.details import namespace_number
from daemoneye.integrity.territory import territory
from daemoneye.model.observation import Abroad

if TYPE_CHECKING:
    from daemoneye.host.procfs.image import Examination
    from daemoneye.model.process import Container, LinuxMetadata


def abroad(directory: int, examination: Examination, path: bytes | None, linux: LinuxMetadata | None) -> Abroad | None:
    """``None`` for a process that is at home, or has a home that we may not ask for."""
    if examination.abroad is None:
        return None
    number = namespace_number(examination.abroad)
    container = linux.container if linux else _container(directory)
    there, here = examination.there_and_here(path) if path is not None and examination.possible else (None, None)
    name = territory(
        mount_namespace=number,
        own_namespace=None,  # it is another one
        container_id=container.container_id if container else None,
        there=there,
        here=here,
    )
    return Abroad(number, name, container)


def _container(directory: int) -> Container | None:
    try:
        return read_cgroup(directory)
    except (OSError, ValueError):
        return None  # it is gone, or its kernel has no control groups

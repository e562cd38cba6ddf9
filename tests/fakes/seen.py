"""What the kernel would show of a process that is exactly who it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.host.capabilities import mask_of
from daemoneye.host.sandbox import ProcessPrivileges
from daemoneye.model.process import Capabilities, Credentials

if TYPE_CHECKING:
    from daemoneye.host.identities import Identity


def becoming(identity: Identity, *, threads: int = 1) -> ProcessPrivileges:
    uid, gid = identity.file_ids
    held = mask_of(identity.capabilities)
    return ProcessPrivileges(
        credentials=Credentials(
            ruid=identity.uid,
            euid=identity.uid,
            suid=identity.uid,
            fsuid=uid,
            rgid=identity.gid,
            egid=identity.gid,
            sgid=identity.gid,
            fsgid=gid,
            groups=identity.groups,
        ),
        capabilities=Capabilities(permitted=held, effective=held),
        no_new_privs=True,
        seccomp_mode=0,
        threads=threads,
    )

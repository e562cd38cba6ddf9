"""From the collector to integrity: which programs run, and whether their files are still there.

Not each look is told, but what differs from what was told before. Whoever forgets what it was told, or never was, is
told everything: a list whose first part is ``afresh`` and whose last is ``complete``, and who is not on it is no more.
One part is on its way at a time, acknowledged with ``Taken``; what changes meanwhile is in the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemoneye.integrity.sighting import Hashed, Sighting
from daemoneye.model.alert import AlertProcess, Content, Ownership, PackageVerdict
from daemoneye.model.event import Ancestor
from daemoneye.model.observation import ProcessKey
from daemoneye.model.process import Container, FileIdentity, HashStatus, OnDisk


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    number: int
    afresh: bool  # forget what you know: this is the first part of all there are
    complete: bool  # no more is to be told at the moment
    sightings: tuple[Sighting, ...]  # without answers
    exited: tuple[str, ...]  # by entity id


# Every type that occurs in these messages, at any depth.
SIGHTING_TYPES: Final[tuple[type, ...]] = (
    Sighted,
    Sighting,
    Hashed,
    AlertProcess,
    Content,
    Ownership,
    PackageVerdict,
    Ancestor,
    ProcessKey,
    Container,
    FileIdentity,
    HashStatus,
    OnDisk,
)

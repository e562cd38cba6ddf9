"""A connection to a receiver, whatever it speaks: what the loop of an output needs of it.

What it tells are the events of ``outputs.relp``: ``Acked``, ``Refused`` and, once, ``Closed``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from daemoneye.errors import DaemoneyeError
from daemoneye.outputs.relp import Acked, Closed, Refused

if TYPE_CHECKING:
    from daemoneye.model.record import Entry, Stream

Told: TypeAlias = Acked | Refused | Closed


class NoConnection(DaemoneyeError):  # noqa: N818 - it says what there is
    """In one sentence, why the receiver cannot be reached."""


class Line(Protocol):
    @property
    def room(self) -> int:
        """How many may be sent now."""

    def send(self, identity: str, stream: Stream, message: bytes) -> None:
        """Put it on its way. That it could not be is told like everything else."""

    def tell(self, identity: str, health: bytes) -> None:
        """The same for what is not recorded, where the receiver has a place for it."""

    def wait(self, seconds: float, wake: int) -> list[Told]:
        """Until something is told, that descriptor is readable, or the time is over."""

    def close(self) -> None: ...


class Receiver(Protocol):
    name: str
    timeout_s: float

    def connect(self) -> Line:
        """May take as long as the timeout, and longer where names are looked up. Raises ``NoConnection``."""

    def render(self, entry: Entry, sequence: int) -> bytes:
        """Raises ``Unfit``."""

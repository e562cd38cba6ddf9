"""What an actor may ask of the transport below it, so that it needs none of its private names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thespian.actors import ActorAddress
from thespian.system.addressManager import CannotPickleAddress

from daemoneye.actors.transport.addresses import UnixAddress
from daemoneye.actors.transport.conversation import details_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thespian.actors import Actor

    from daemoneye.actors.transport.refusals import Refusal


def name_of(address: ActorAddress) -> str:
    """The address as text, for a message. A child of ours has none before it has told it: then ``LookupError``."""
    try:
        return details_of(address).name
    except CannotPickleAddress as error:
        raise LookupError("actor address: the child has not told it yet") from error


def address_named(name: str) -> ActorAddress:
    """The address with that name. Whoever gave us the name may lie: ``BadAddressError``."""
    return ActorAddress(UnixAddress(name))


def refusal_counts(actor: Actor) -> Mapping[Refusal, int]:
    """What this process was sent and did not take."""
    counts: Mapping[Refusal, int] = actor._myRef.transport.refusals.counts  # noqa: SLF001 - this is the place for it
    return counts


def look_at_children(actor: Actor) -> None:
    """Miss the dead now. It happens by itself, from SIGCHLD or the descriptor of a loan; this is for who knows before.

    Each dead child is announced by a ``ChildActorExited`` after the handler that calls this.
    """
    actor._myRef.transport.interrupt_wait(check_children=True)  # noqa: SLF001 - this is the place for it


def logger_of(actor: Actor) -> int:
    """The pid of Thespian's logger."""
    return details_of(actor._myRef.asLogger).pid or 0  # noqa: SLF001 - this is the place for it

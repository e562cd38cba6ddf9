"""What Thespian's own processes say to each other, and who of them may: the least with which a system lives.

Not on the list, though Thespian knows it: changes of capabilities and of logging, sources to load, conventions with
other systems, and creating actors on behalf of somebody else. Each is code execution or denial of service for whoever
may send it, and daemoneye needs none.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from thespian.actors import (
    ActorAddress,
    ActorExitRequest,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
)
from thespian.system.logdirector import LoggerExitRequest
from thespian.system.messages.admin import (
    PendingActor,
    PendingActorResponse,
    QueryAck,
    QueryExists,
    SystemShutdown,
    SystemShutdownCompleted,
)
from thespian.system.messages.multiproc import EndpointConnected, LoggerConnected
from thespian.system.messages.status import Thespian_ActorStatus, Thespian_StatusReq, Thespian_SystemStatus
from thespian.system.timing import ExpirationTimer

from daemoneye.actors.transport.addresses import ADMIN, LOGGER, RUNNER, UnixAddress
from daemoneye.actors.transport.kin import ForeignAddressError
from daemoneye.actors.transport.policy import ANYONE, CHILD, PARENT, Policy, Rule
from daemoneye.actors.transport.vocabulary import Shape, UnknownTypeError, Vocabulary


def shape_by_state(kind: type[object]) -> Shape:
    """How a class that is neither enum nor dataclass travels: by its attributes, set without a call."""

    def build(state: object) -> object:
        if type(state) is not dict or not all(type(name) is str for name in state):
            raise ValueError("attributes: expected a dict of names")
        value: Any = object.__new__(kind)
        value.__dict__.update(state)
        return value

    return Shape(lambda value: (vars(value),), build)


def details_of(address: Any) -> UnixAddress:
    """An actor knows a child of its own by a number until the child has told its address: ``CannotPickleAddress``."""
    details = address.__getstate__()["_aaddr"]  # Thespian's hook; it tries again later
    if not isinstance(details, UnixAddress):
        raise UnknownTypeError(f"actor address: {type(details).__qualname__}: expected one of this system")
    return details


def _address_of(name: object) -> Any:
    if type(name) is not str:
        raise ValueError("actor address: expected a name")
    return ActorAddress(UnixAddress(name))


VOCABULARY = Vocabulary(
    shapes={
        ActorAddress: Shape(lambda address: (details_of(address).name,), _address_of),
        timedelta: Shape(lambda span: (span.days, span.seconds, span.microseconds), timedelta),
        logging.LogRecord: shape_by_state(logging.LogRecord),
        ExpirationTimer: shape_by_state(ExpirationTimer),
    }
    | {
        kind: shape_by_state(kind)
        for kind in (
            ActorExitRequest,
            ChildActorExited,
            DeadEnvelope,
            EndpointConnected,
            LoggerConnected,
            LoggerExitRequest,
            PendingActor,
            PendingActorResponse,
            PoisonMessage,
            QueryAck,
            QueryExists,
            SystemShutdown,
            SystemShutdownCompleted,
            Thespian_ActorStatus,
            Thespian_StatusReq,
            Thespian_SystemStatus,
        )
    }
)

POLICY = Policy(
    (
        # the system comes up
        Rule(RUNNER, QueryExists, ADMIN),
        Rule(ADMIN, QueryAck, RUNNER),
        Rule(ADMIN, EndpointConnected, RUNNER),
        Rule(CHILD, LoggerConnected, ADMIN),  # and see check_subject
        # an actor comes to be; one that another actor creates is forked by that one
        Rule(RUNNER, PendingActor, ADMIN),
        Rule(ADMIN, PendingActorResponse, RUNNER),
        Rule(CHILD, EndpointConnected, ANYONE),
        # an actor goes
        Rule(PARENT, ActorExitRequest, ANYONE),
        Rule(RUNNER, ActorExitRequest, ANYONE),
        Rule(CHILD, ChildActorExited, ANYONE),
        # what could not be delivered or handled
        Rule(ANYONE, DeadEnvelope, ADMIN),
        Rule(ANYONE, PoisonMessage, RUNNER),
        # the runner looks after its system
        Rule(RUNNER, Thespian_StatusReq, ANYONE),
        Rule(ANYONE, Thespian_ActorStatus, RUNNER),
        Rule(ADMIN, Thespian_SystemStatus, RUNNER),
        # logging, which daemoneye leaves unused
        Rule(ANYONE, logging.LogRecord, LOGGER),
        Rule(ADMIN, LoggerExitRequest, LOGGER),
        # the system goes
        Rule(RUNNER, SystemShutdown, ADMIN),
        Rule(ADMIN, SystemShutdownCompleted, RUNNER),
    )
)


def check_subject(sender: UnixAddress, message: object) -> None:
    """Nobody announces the death of anybody else, and nobody but the logger says that it is the logger."""
    if isinstance(message, ChildActorExited) and message.childAddress != ActorAddress(sender):
        raise ForeignAddressError(f"{sender}: announces the exit of another: expected its own")
    if isinstance(message, LoggerConnected) and sender.role != LOGGER:
        raise ForeignAddressError(f"{sender}: says that it is the logger: expected the logger")


__all__ = ["POLICY", "VOCABULARY", "check_subject", "details_of", "shape_by_state"]

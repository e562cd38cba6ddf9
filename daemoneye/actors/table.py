"""Who may say what to whom: all of it. What is not in this table is refused, counted and told.

``<parent>`` of a child is the supervisor, ``<child>`` of the supervisor is any of its children; both are known from the
process, not from what a peer says of itself. Thespian's own conversation stands in ``transport/conversation.py``.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path, PosixPath
from typing import TYPE_CHECKING, Any, Final

from daemoneye.actors.transport.addresses import RUNNER
from daemoneye.actors.transport.fixed import FixedInbox
from daemoneye.actors.transport.policy import CHILD, PARENT, Policy, Rule
from daemoneye.actors.transport.vocabulary import Shape, Vocabulary
from daemoneye.messages import (
    control,
    delivery,
    forwarding,
    hashing,
    integrity,
    observation,
    record,
    sightings,
    supervision,
    tree,
)
from daemoneye.settings.model import Settings
from daemoneye.settings.rules import TriggerRule
from daemoneye.tree import COLLECTOR, FORWARDER, GATEWAY, HASHING, INTEGRITY, JOURNAL, ROLES, SUPERVISOR

if TYPE_CHECKING:
    from collections.abc import Iterator

_TO_CHILDREN: Final = (supervision.Begin, supervision.ApplySettings, supervision.Introduce, supervision.AskHeartbeat)
_FROM_CHILDREN: Final = (
    supervision.Ready,
    supervision.Heartbeat,
    supervision.SettingsApplied,
    supervision.SettingsRefused,
)

_SENDERS: Final = tuple(role.name for role in ROLES if role.records)

RULES: Final = (
    # the runner and the supervisor
    *(Rule(RUNNER, each, SUPERVISOR) for each in (tree.StartTree, tree.SettingsRead, tree.SettingsUnreadable)),
    # the supervisor and its children
    *(Rule(PARENT, each, role.name) for each in _TO_CHILDREN for role in ROLES),
    *(Rule(CHILD, each, SUPERVISOR) for each in _FROM_CHILDREN),
    # what an operator asks over the gateway
    *(Rule(GATEWAY, each, SUPERVISOR) for each in (control.AskStatus, control.ControlChild, control.AskReload)),
    *(Rule(PARENT, each, GATEWAY) for each in (control.StatusReport, control.Done)),
    # what the collector sees
    *(
        Rule(GATEWAY, each, COLLECTOR)
        for each in (observation.TakeSnapshot, observation.PartTaken, observation.ScanTaken)
    ),
    *(
        Rule(COLLECTOR, each, GATEWAY)
        for each in (observation.SnapshotPart, observation.SnapshotRefused, observation.Scanned)
    ),
    # what is recorded
    *(Rule(each, record.Keep, JOURNAL) for each in _SENDERS),
    *(Rule(JOURNAL, record.Kept, each) for each in _SENDERS),
    Rule(JOURNAL, record.JournalState, GATEWAY),
    Rule(PARENT, supervision.Reopen, JOURNAL),
    # which programs run, and their digests
    Rule(COLLECTOR, sightings.Sighted, INTEGRITY),
    Rule(INTEGRITY, hashing.Ask, HASHING),
    Rule(HASHING, hashing.Answers, INTEGRITY),
    *(Rule(HASHING, each, COLLECTOR) for each in (hashing.OpenFile, hashing.Digested)),
    *(
        Rule(one, delivery.Taken, other)
        for one, other in (
            (INTEGRITY, COLLECTOR),
            (HASHING, INTEGRITY),
            (INTEGRITY, HASHING),
            (COLLECTOR, HASHING),
            (GATEWAY, HASHING),
            (GATEWAY, INTEGRITY),
            (GATEWAY, JOURNAL),
            (GATEWAY, FORWARDER),
        )
    ),
    Rule(HASHING, hashing.Workers, SUPERVISOR),
    Rule(PARENT, hashing.ReplaceWorker, HASHING),
    Rule(PARENT, integrity.ChildrenInTrouble, INTEGRITY),
    # what is trusted, and how they are
    Rule(GATEWAY, integrity.Accept, INTEGRITY),
    *(Rule(INTEGRITY, each, GATEWAY) for each in (integrity.Accepted, integrity.IntegrityState)),
    Rule(HASHING, hashing.HashingState, GATEWAY),
    # what leaves the host
    Rule(FORWARDER, forwarding.Pull, JOURNAL),
    *(Rule(JOURNAL, each, FORWARDER) for each in (forwarding.Pulled, forwarding.PullRefused)),
    Rule(FORWARDER, forwarding.SinksState, GATEWAY),
)
POLICY: Final = Policy(RULES)


def peers_of(name: str) -> frozenset[str]:
    """The roles that this one speaks with, beside the supervisor."""
    roles = {role.name for role in ROLES}
    pairs = {(rule.speaker, rule.listener) for rule in RULES} & {(a, b) for a in roles for b in roles}
    return frozenset(other for pair in pairs if name in pair for other in pair if other != name)


def _nested(value: Any) -> Iterator[type]:
    """The types of a value and of what is in it, as far as they are ours."""
    if is_dataclass(value):
        yield type(value)
        for each in fields(value):
            yield from _nested(getattr(value, each.name))


VOCABULARY: Final = Vocabulary(
    {
        *_TO_CHILDREN,
        *_FROM_CHILDREN,
        supervision.CollectorSettings,
        supervision.GatewaySettings,
        supervision.JournalSettings,
        supervision.AlertFileSettings,
        supervision.ForwarderSettings,
        supervision.IntegritySettings,
        supervision.HashingSettings,
        supervision.Reopen,
        *(tree.StartTree, tree.SettingsRead, tree.SettingsUnreadable),
        *_nested(Settings()),
        TriggerRule,
        *control.CONTROL_TYPES,
        *observation.OBSERVATION_TYPES,
        *record.RECORD_TYPES,
        *forwarding.FORWARDING_TYPES,
        *sightings.SIGHTING_TYPES,
        *hashing.HASHING_TYPES,
        *integrity.INTEGRITY_TYPES,
    },
    shapes={PosixPath: Shape(lambda path: (str(path),), Path)},
)

# The collector holds capabilities: its inbox is no pickle, and takes eleven messages of numbers and text.
INBOXES: Final = {
    COLLECTOR: FixedInbox(
        b"C",
        (
            *_TO_CHILDREN,
            observation.TakeSnapshot,
            observation.PartTaken,
            observation.ScanTaken,
            record.Kept,
            hashing.OpenFile,
            hashing.Digested,
            delivery.Taken,
        ),
        concrete={
            supervision.Begin: {"settings": supervision.CollectorSettings},
            supervision.ApplySettings: {"settings": supervision.CollectorSettings},
        },
    )
}

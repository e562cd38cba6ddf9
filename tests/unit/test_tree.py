"""The tree as data: what stands there holds together."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.actors.base import RoleActor
from daemoneye.host.identities import Identities, Identity, Mode
from daemoneye.messages.supervision import CollectorSettings, GatewaySettings
from daemoneye.settings.model import Settings
from daemoneye.tree import (
    BY_NAME,
    COLLECTOR,
    FILES_IN,
    FILES_OUT,
    GATEWAY,
    HASHING,
    ROLES,
    Ground,
    Read,
    Role,
    modules,
    present,
    settings_of,
    supervision,
    writable,
)

if TYPE_CHECKING:
    from daemoneye.messages.supervision import RoleSettings

SETTINGS = Settings()
NOBODY = Identity(uid=65534, gid=65534)
GROUND = Ground(
    first=Read(settings=SETTINGS, sha256=None, at_ms=0),
    identities=Identities(broker=NOBODY, collector=NOBODY, others=NOBODY, mode=Mode.ONE_UID, warnings=()),
    broker=Path("/run/broker.sock"),
    main_pid=1,
    began_s=0.0,
    correlation_key=b"k" * 32,
)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_role_is_an_actor_that_exists(role: Role) -> None:
    """A name that leads nowhere would be found out by the operator."""
    module, _, name = role.actor.rpartition(".")
    actor = getattr(importlib.import_module(module), name)
    assert issubclass(actor, RoleActor)
    assert actor.role == role.name


def test_names_are_unique_and_one_looks_at_processes() -> None:
    """One privileged role, and no more."""
    assert len(BY_NAME) == len(ROLES)
    assert [role.name for role in ROLES if role.privileged] == [COLLECTOR]
    assert not BY_NAME[COLLECTOR].writes
    assert not BY_NAME[COLLECTOR].network


def test_opened_files_have_one_way_with_one_at_each_end() -> None:
    """The collector, who has no other socket, and hashing."""
    assert BY_NAME[COLLECTOR].sockets == (FILES_OUT,)
    assert [role.name for role in ROLES if FILES_IN in role.sockets] == [HASHING]
    assert BY_NAME[HASHING].sockets == (FILES_IN,)


def test_without_outputs_nobody_may_talk_to_other_hosts() -> None:
    """No listening and no speaking network socket by default."""
    assert not any(role.network for role in present(SETTINGS))
    sends = replace(SETTINGS, outputs=replace(SETTINGS.outputs, relp=replace(SETTINGS.outputs.relp, enabled=True)))
    assert any(role.network for role in present(sends))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_role_is_told_what_it_has_to_know(role: Role) -> None:
    """From the settings as they are, nothing left out that a change would need."""
    told: RoleSettings = settings_of(role.name, SETTINGS, GROUND)
    assert told == settings_of(role.name, SETTINGS, GROUND)


def test_the_collector_and_the_gateway_are_told_their_own() -> None:
    """And neither what is the other's."""
    collector, gateway = (settings_of(name, SETTINGS, GROUND) for name in (COLLECTOR, GATEWAY))
    assert isinstance(collector, CollectorSettings)
    assert (collector.interval_s, collector.proc, collector.correlation_key) == (5.0, "/proc", b"k" * 32)
    assert isinstance(gateway, GatewaySettings)
    assert (gateway.user_uid, gateway.max_frame) == (65534, SETTINGS.ipc.max_frame)


def test_nobody_else_is_told_anything() -> None:
    """A name that is no role is a mistake of ours."""
    with pytest.raises(KeyError):
        settings_of("nobody", SETTINGS, GROUND)


def test_the_rules_of_the_supervisor_are_the_operator_s() -> None:
    """Its four numbers come from the settings, its children stand in the order of the tree."""
    changed = replace(SETTINGS, supervisor=replace(SETTINGS.supervisor, intensity=9, heartbeat_interval=0.2))
    spec = supervision(changed)
    assert (spec.intensity, spec.period_s, spec.heartbeat_interval_s, spec.missed_heartbeats) == (9, 60.0, 0.2, 3)
    assert [child.name for child in spec.children] == [role.name for role in present(changed)]
    assert all(child.shutdown_s == BY_NAME[child.name].shutdown_s for child in spec.children)


def test_who_may_write_where_is_said_once() -> None:
    """All other directories are closed to a role where Landlock is."""
    for role in ROLES:
        assert all(path.is_absolute() for path in writable(role, SETTINGS))
    assert writable(BY_NAME[COLLECTOR], SETTINGS) == []
    assert writable(BY_NAME[GATEWAY], SETTINGS) == []


def test_the_file_of_alerts_can_be_switched_on_later() -> None:
    """Its directory is within reach from the start, wherever it is."""
    elsewhere = replace(SETTINGS.outputs.jsonl, enabled=False, path=Path("/srv/alerts/x.jsonl"))
    settings = replace(SETTINGS, outputs=replace(SETTINGS.outputs, jsonl=elsewhere))
    assert Path("/srv/alerts") in writable(BY_NAME["journal"], settings)


def test_what_has_to_be_loaded_is_named() -> None:
    """Every module of whoever is there."""
    assert [role.actor.rpartition(".")[0] for role in present(SETTINGS)] == modules(SETTINGS)[: len(present(SETTINGS))]

"""Between the supervisor and each of its children: how a life begins, what it is asked, what it answers.

A child is told which generation it is and answers with it; what it says of itself is otherwise not believed. Stopping
is Thespian's own ``ActorExitRequest``. Commands may come twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from daemoneye.settings.outputs import NATS, RELP, Syslog  # noqa: TC001 - how they travel is read from annotations


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """What the collector has to know, and no more."""

    interval_s: float
    enhanced: bool
    environment: tuple[str, ...]  # variables that may be shown
    process_timeout_s: float
    proc: str
    mask: bool
    correlation_key: bytes  # empty: equal secrets get no equal tags
    record_max_age_s: float  # how long, and in how many bytes, the journal keeps what is recorded
    record_max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    max_frame: int
    max_clients: int
    allow_users: tuple[str, ...]
    allow_groups: tuple[str, ...]
    user_uid: int  # the agent's own
    state_dir: str  # where the journal lies, to be read only
    metrics_textfile: str  # empty: none


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFileSettings:
    enabled: bool
    path: str
    format: str
    max_size: int
    max_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    state_dir: str
    max_bytes: int
    max_age_s: float
    alert_file: AlertFileSettings
    syslog: Syslog
    version: str  # of this program, and what it runs on: for those who receive from many
    host_name: str
    host_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwarderSettings:
    directory: str  # its own
    relp: RELP
    nats: NATS
    version: str
    host_name: str
    host_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegritySettings:
    state_dir: str
    similarity_threshold: int
    package_verdicts: bool
    dedup_window_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingSettings:
    state_dir: str
    enabled: bool
    workers: int
    bytes_per_second: int
    file_timeout_s: float
    max_file_size: int
    ssdeep: bool
    md5: bool  # somebody compares with what packages brought


RoleSettings: TypeAlias = (
    CollectorSettings | GatewaySettings | JournalSettings | ForwarderSettings | IntegritySettings | HashingSettings
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    generation: int
    config: int  # the generation of the settings
    settings: RoleSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplySettings:
    config: int
    settings: RoleSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduce:
    """From now on this address, and no other, is that role's."""

    role: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """The files that you write to: somebody has moved them away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHeartbeat:
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """It has begun, and works."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    generation: int
    work_done: int  # only grows
    idle: bool  # nothing is pending


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsApplied:
    config: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsRefused:
    """The old ones stay in force."""

    config: int
    reason: str


ToChild: TypeAlias = Begin | ApplySettings | Introduce | AskHeartbeat | Reopen
FromChild: TypeAlias = Ready | Heartbeat | SettingsApplied | SettingsRefused

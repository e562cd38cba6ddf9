"""The tree of the agent, as data: read this first.

    main          the broker: starts every process of the tree, keeps what that takes, parses a dozen fixed words
    ├─ runner     owns the actor system, reads the settings again when asked to
    ├─ admin      Thespian's ─ logger, Thespian's, with nothing to do
    │  └─ supervisor   starts the children below through the broker, health-checks and restarts them
    ├─ journal    records what is to be kept, and writes the file of alerts
    ├─ integrity  remembers what programs were, judges what they are, and raises the alerts
    ├─ hashing    decides what is hashed when, within a budget; starts and ends the processes that read
    │  └─ hasher_1, …    read files that were opened for them; no actors, only digests leave them
    ├─ forwarder  sends what is recorded to other hosts; only there where an output of that kind is switched on
    ├─ gateway    answers on agent.sock
    └─ collector  looks at every process: the only one of these with a capability

The children stand in the order in which they are started; they are stopped in the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye import __version__
from daemoneye.messages.supervision import (
    AlertFileSettings,
    CollectorSettings,
    ForwarderSettings,
    GatewaySettings,
    HashingSettings,
    IntegritySettings,
    JournalSettings,
    RoleSettings,
)
from daemoneye.supervisor.specs import ChildSpec, Strategy, SupervisorSpec

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.host.identities import Identities
    from daemoneye.settings.model import Settings

MAIN: Final = "main"
SUPERVISOR: Final = "supervisor"
COLLECTOR: Final = "collector"
GATEWAY: Final = "gateway"
JOURNAL: Final = "journal"
FORWARDER: Final = "forwarder"
INTEGRITY: Final = "integrity"
HASHING: Final = "hashing"

AGENT_SOCKET: Final = "agent.sock"
# The two ends of the way that opened files take.
FILES_OUT: Final = "files.out"
FILES_IN: Final = "files.in"
CHANNELS: Final = ((FILES_OUT, FILES_IN),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one child of the supervisor is, and the only place that says what it may."""

    name: str
    actor: str  # "module.Class"
    privileged: bool = False  # holds SYS_PTRACE and DAC_READ_SEARCH
    sockets: tuple[str, ...] = ()  # that main opened for it: listening ones, and ends of channels
    writes: tuple[str, ...] = ()  # directories of paths.* that it may write; all others are closed where Landlock is
    own_directory: bool = False  # below paths.state_dir, which it may write too
    network: bool = False  # may connect to other hosts
    records: bool = False  # has something to say to the journal
    shutdown_s: float = 5.0

    @property
    def spec(self) -> ChildSpec:
        return ChildSpec(name=self.name, shutdown_s=self.shutdown_s)


ROLES: Final = (
    Role(
        name=JOURNAL,
        actor="daemoneye.actors.journal.JournalActor",
        writes=("state_dir", "log_dir"),
        shutdown_s=10.0,  # two jobs that had begun, and emptying the log of the database on a slow disk
    ),
    Role(
        name=INTEGRITY,
        actor="daemoneye.actors.integrity.IntegrityActor",
        writes=("state_dir",),
        records=True,
    ),
    Role(
        name=HASHING,
        actor="daemoneye.actors.hashing.HashingActor",
        writes=("state_dir",),
        sockets=(FILES_IN,),
    ),
    Role(name=FORWARDER, actor="daemoneye.actors.forwarder.Forwarder", own_directory=True, network=True),
    Role(name=GATEWAY, actor="daemoneye.actors.gateway.Gateway", sockets=(AGENT_SOCKET,)),
    Role(
        name=COLLECTOR,
        actor="daemoneye.actors.collector.Collector",
        privileged=True,
        records=True,
        sockets=(FILES_OUT,),
    ),
)
BY_NAME: Final = {role.name: role for role in ROLES}


def present(settings: Settings) -> tuple[Role, ...]:
    """Who is there with these settings: where nothing is sent to other hosts, nobody can."""
    sends = settings.outputs.relp.enabled or settings.outputs.nats.enabled
    return tuple(role for role in ROLES if sends or not role.network)


def modules(settings: Settings) -> list[str]:
    """What those who are there are made of, and has to be loaded while it can be read."""
    given = settings.outputs
    outputs = {"daemoneye.forwarding.relp": given.relp.enabled, "daemoneye.forwarding.jetstream": given.nats.enabled}
    return [
        *(role.actor.rpartition(".")[0] for role in present(settings)),
        *(module for module, enabled in outputs.items() if enabled),
    ]


def own_directory(role: Role, settings: Settings) -> Path:
    return settings.paths.state_dir / role.name


def writable(role: Role, settings: Settings) -> list[Path]:
    """The directories in which that role may write, and in no other where Landlock is."""
    file = settings.outputs.metrics_textfile
    others = [file.parent] if role.name == GATEWAY and file else []
    if role.name == JOURNAL:  # it may be switched on later
        others.append(alert_file(settings).parent)
    if role.own_directory:
        others.append(own_directory(role, settings))
    return [*(getattr(settings.paths, name) for name in role.writes), *others]


def supervision(settings: Settings) -> SupervisorSpec:
    given = settings.supervisor
    return SupervisorSpec(
        name=SUPERVISOR,
        children=tuple(role.spec for role in present(settings)),
        strategy=Strategy.ONE_FOR_ONE,
        intensity=given.intensity,
        period_s=given.period,
        heartbeat_interval_s=given.heartbeat_interval,
        missed_heartbeats=given.missed_heartbeats,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Settings as they were read: valid as a whole."""

    settings: Settings
    sha256: str | None  # of the files; None if there were none
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the main process found and made before it dropped its privileges; every process of the tree inherits it."""

    first: Read
    identities: Identities
    broker: Path  # where the supervisor finds the main process
    main_pid: int
    began_s: float
    runner_pid: int = 0  # known to those below it
    correlation_key: bytes = b""
    host_name: str = ""
    host_id: str = ""


def settings_of(role: str, settings: Settings, ground: Ground) -> RoleSettings:
    """What a role has to know of the settings, and no more."""
    match role:
        case "collector":
            return CollectorSettings(
                interval_s=settings.scan.interval,
                enhanced=settings.scan.enhanced,
                environment=settings.scan.environment,
                process_timeout_s=settings.scan.process_timeout,
                proc=str(settings.scan.proc),
                mask=settings.sanitize.mask,
                correlation_key=ground.correlation_key,
                record_max_age_s=settings.journal.max_age,
                record_max_bytes=settings.journal.max_size,
            )
        case "gateway":
            return GatewaySettings(
                max_frame=settings.ipc.max_frame,
                max_clients=settings.ipc.max_clients,
                allow_users=settings.ipc.allow_users,
                allow_groups=settings.ipc.allow_groups,
                user_uid=ground.identities.others.uid,
                state_dir=str(settings.paths.state_dir),
                metrics_textfile=str(settings.outputs.metrics_textfile or ""),
            )
        case "journal":
            return JournalSettings(
                state_dir=str(settings.paths.state_dir),
                max_bytes=settings.journal.max_size,
                max_age_s=settings.journal.max_age,
                alert_file=AlertFileSettings(
                    enabled=settings.outputs.jsonl.enabled,
                    path=str(alert_file(settings)),
                    format=settings.outputs.jsonl.format,
                    max_size=settings.outputs.jsonl.max_size,
                    max_files=settings.outputs.jsonl.max_files,
                ),
                syslog=settings.outputs.syslog,
                version=__version__,
                host_name=ground.host_name,
                host_id=ground.host_id,
            )
        case "integrity":
            return IntegritySettings(
                state_dir=str(settings.paths.state_dir),
                similarity_threshold=settings.integrity.similarity_threshold,
                package_verdicts=settings.integrity.package_verdicts,
                dedup_window_s=settings.integrity.dedup_window,
            )
        case "hashing":
            return HashingSettings(
                state_dir=str(settings.paths.state_dir),
                enabled=settings.hashing.enabled,
                workers=settings.hashing.workers,
                bytes_per_second=settings.hashing.bytes_per_second,
                file_timeout_s=settings.hashing.file_timeout,
                max_file_size=settings.hashing.max_file_size,
                ssdeep=settings.hashing.ssdeep,
                md5=settings.integrity.package_verdicts,
            )
        case "forwarder":
            return ForwarderSettings(
                directory=str(own_directory(BY_NAME[FORWARDER], settings)),
                relp=settings.outputs.relp,
                nats=settings.outputs.nats,
                version=__version__,
                host_name=ground.host_name,
                host_id=ground.host_id,
            )
    raise KeyError(role)


def alert_file(settings: Settings) -> Path:
    return settings.paths.log_dir / settings.outputs.jsonl.path

"""Every setting. Durations are seconds, sizes are bytes, paths are paths; an attribute has the name of its key.

Each range says what lies beyond it: below, something stops working; above, the limit would no longer limit.
"""

# ruff: noqa: RUF009 - key() and section() return dataclasses.field(), which is what a default has to be

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.settings.accounts import NAME, NameOrNumber
from daemoneye.settings.keys import Key, keys, section, table
from daemoneye.settings.keys import key as setting
from daemoneye.settings.kinds import Boolean, FilePath, Integer, ListOf, Text
from daemoneye.settings.outputs import Outputs
from daemoneye.settings.quantities import Duration, Size
from daemoneye.settings.triggers import Triggers

if TYPE_CHECKING:
    from pathlib import Path

_ACCOUNTS: Final = ListOf(NameOrNumber(), 256)
_VARIABLE: Final = Text("the name of an environment variable", r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_LOADER_VARIABLES: Final = [
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "LD_DEBUG",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PERL5LIB",
    "PERL5OPT",
    "RUBYLIB",
    "RUBYOPT",
    "NODE_OPTIONS",
    "BASH_ENV",
    "ENV",
    "GCONV_PATH",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    state_dir: Path = setting(
        FilePath(),
        "/var/lib/daemoneye",
        "Baselines, journal and spool.",
        "The place the file system standard has for state.",
    )
    runtime_dir: Path = setting(
        FilePath(),
        "/run/daemoneye",
        "Sockets.",
        "Gone after a boot, as they should be; with a socket's name it must fit 107 bytes.",
    )
    log_dir: Path = setting(FilePath(), "/var/log/daemoneye", "Alerts as files.", "Where log shippers look.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    interval: float = setting(
        Duration("200ms", "1d"),
        "5s",
        "How often every process is looked at.",
        "What lives shorter may go unseen; below 200ms a large host would do nothing else.",
    )
    enhanced: bool = setting(
        Boolean(),
        False,
        "Also read namespaces, capabilities, containers, sockets and the variables named below.",
        "It costs several more reads for each new process.",
    )
    environment: tuple[str, ...] = setting(
        ListOf(_VARIABLE, 256),
        _LOADER_VARIABLES,
        "Environment variables that may be shown; all others stay unread.",
        "These make a program load code of someone else's choice, and hold paths rather than secrets.",
    )
    process_timeout: float = setting(
        Duration("10ms", "30s"),
        "250ms",
        "How long one process may take to read.",
        "A process stuck in the kernel can block its reader; below 10ms a busy host misses healthy ones.",
    )
    proc: Path = setting(
        FilePath(),
        "/proc",
        "Where the kernel's process files are.",
        "A container that watches its host mounts them elsewhere.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashing:
    enabled: bool = setting(
        Boolean(), True, "Take digests of executables.", "Without them a changed program is not noticed."
    )
    workers: int = setting(
        Integer(1, 64), 2, "Processes that hash.", "One may be stuck on a slow disk; more than 64 no budget needs."
    )
    bytes_per_second: int = setting(
        Size("4KiB", "1024GiB"),
        "50MiB",
        "What all workers together may read in a second.",
        "Auditbeat's rate: a disk hardly notices; 4KiB is one page, less would never finish.",
    )
    file_timeout: float = setting(
        Duration("100ms", "1h"),
        "30s",
        "How long one file may take.",
        "The largest allowed file at the allowed rate takes 11 seconds; the rest is a slow disk.",
    )
    max_file_size: int = setting(
        Size("1KiB", "1024GiB"),
        "512MiB",
        "Larger files are not hashed, and reported so.",
        "Executables beyond it are rare, and one would use up the budget of many.",
    )
    ssdeep: bool = setting(
        Boolean(),
        True,
        "Also take fuzzy digests.",
        "They say how much of a program changed; SHA-256 only says that it did.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    similarity_threshold: int = setting(
        Integer(1, 99),
        80,
        "A change that leaves less similarity than this is reported as integrity.binary_change.",
        "At 0 nothing would ever be below, at 100 everything that differs would be.",
    )
    package_verdicts: bool = setting(
        Boolean(),
        True,
        "Ask the package database whether an update explains a change.",
        "Updates would be alerts otherwise.",
    )
    dedup_window: float = setting(
        Duration("0s", "7d"),
        "5m",
        "How long the same finding is not repeated; 0s repeats every one.",
        "Long enough for a restart loop, short enough to notice that it goes on; a week later it is news.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanitize:
    mask: bool = setting(
        Boolean(),
        True,
        "Mask secrets on command lines before anything leaves the collector.",
        "Receivers have other readers.",
    )
    correlate: bool = setting(
        Boolean(),
        False,
        "Give equal secrets equal tags, under a key of this host kept in paths.state_dir.",
        "A reused secret is found without showing it; without the key a mask says nothing at all.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IPC:
    max_frame: int = setting(
        Size("64KiB", "64MiB"),
        "1MiB",
        "The longest frame on a socket.",
        "It bounds what a peer can make us keep; below 64KiB a process with long arguments has no place.",
    )
    max_clients: int = setting(
        Integer(1, 1024),
        16,
        "Connections at a time.",
        "Tools are few; each may cost a frame, and file descriptors end at 1024.",
    )
    allow_users: tuple[str, ...] = setting(
        _ACCOUNTS,
        [],
        "Who may connect besides root and the agent's own account.",
        "Process lists are nobody else's business.",
    )
    allow_groups: tuple[str, ...] = setting(
        _ACCOUNTS, [], "Whose members may connect; the sockets belong to the first.", "The same."
    )
    hash_roots: tuple[Path, ...] = setting(
        ListOf(FilePath(), 256),
        ["/usr", "/bin", "/sbin", "/lib", "/opt"],
        "Under these a client may have any file hashed; elsewhere only running programs.",
        "Programs live here; a digest of somebody's file would tell whether one guessed its content.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    intensity: int = setting(
        Integer(0, 1000),
        5,
        "Unplanned restarts within the period before giving up.",
        "systemd's own numbers are five in ten seconds.",
    )
    period: float = setting(
        Duration("100ms", "1d"),
        "1m",
        "The period that restarts are counted in.",
        "A child that hangs is noticed after nine seconds; six of those fit, so the limit can be reached.",
    )
    heartbeat_interval: float = setting(
        Duration("100ms", "1h"),
        "3s",
        "How often each child says that it made progress.",
        "Below 100ms a busy host misses beats of healthy children.",
    )
    missed_heartbeats: int = setting(
        Integer(1, 100),
        3,
        "Beats missed before a child counts as hung.",
        "One may be late on a loaded host, three in a row are not.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    max_size: int = setting(
        Size("1MiB", "1024GiB"),
        "1GiB",
        "What the journal may take on disk.",
        "A million alerts of a kilobyte; below 1MiB the empty tables and their log would be most of it.",
    )
    max_age: float = setting(
        Duration("1s", "3650d"),
        "30d",
        "How long an alert is kept.",
        "A month is what most investigations ask for; ten years is for ever.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator decides."""

    user: str = setting(NAME, "daemoneye", "Drop to this account when started as root.", "The package creates it.")
    paths: Paths = section(Paths, "Where things are kept. Missing directories are created.")
    scan: Scan = section(Scan, "Looking at processes.")
    hashing: Hashing = section(Hashing, "Digests, within a budget that leaves the machine to its work.")
    integrity: Integrity = section(Integrity, "Is it still the program that was installed?")
    sanitize: Sanitize = section(Sanitize, "What may leave the collector.")
    ipc: IPC = section(IPC, "Who may talk to the agent, and how much.")
    supervisor: Supervisor = section(Supervisor, "What happens to a child that dies or hangs.")
    journal: Journal = section(Journal, "The record of alerts and events. What goes first is the oldest.")
    outputs: Outputs = section(Outputs, "Where alerts go besides the journal.")
    triggers: Triggers = section(Triggers, "Which processes are worth a closer look, and how often.")


TABLE: Final = table(Settings)
KEYS: Final[dict[str, Key]] = {each.name: each for each in keys(TABLE)}

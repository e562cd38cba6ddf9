"""The settings of what leaves the agent. Secrets are never settings: where one is needed, a key names its file."""

# ruff: noqa: RUF009 - key() and section() return dataclasses.field(), which is what a default has to be

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.settings.keys import key, section
from daemoneye.settings.kinds import Boolean, Choice, FilePath, Integer, ListOf, OrNone, Text
from daemoneye.settings.quantities import Duration, Size

if TYPE_CHECKING:
    from pathlib import Path

# RFC 1123 names, IPv4, and IPv6 with a zone; 253 is the longest name in the DNS
_HOST: Final = Text("a host name or address", r"[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}(?:%[A-Za-z0-9._-]{1,15})?")
_PORT: Final = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
# no user or password fits in: they would be shown by `config show` and by every backup of the file
_NATS_URL: Final = Text(
    "an address such as tls://host:4222 or nats://host, port 1 to 65535, without user or password",
    rf"(?:nats|tls)://(?:[A-Za-z0-9][A-Za-z0-9._-]{{0,252}}|\[[0-9A-Fa-f:.]{{2,45}}\])(?::{_PORT})?",
)
_SUBJECT: Final = Text("NATS subject tokens such as daemoneye.v1", r"[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,7}")
_FILE_OR_NONE: Final = OrNone(FilePath())
_FORMAT: Final = Choice(("ecs", "ocsf", "native"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JSONL:
    enabled: bool = key(Boolean(), True, "Write alerts as JSON lines.", "Every log shipper reads them.")
    path: Path = key(
        FilePath(under="paths.log_dir"),
        "alerts.jsonl",
        "The file; a relative name is under paths.log_dir.",
        "It moves together with the directory.",
    )  # join: settings.paths.log_dir / settings.outputs.jsonl.path is right for both
    format: str = key(
        _FORMAT,
        "ecs",
        "The schema of a line: Elastic Common Schema, OCSF, or our own names.",
        "ECS is what most receivers map without configuration.",
    )
    max_size: int = key(
        Size("4KiB", "1024GiB"),
        "10MiB",
        "The file is rotated before it grows beyond this.",
        "It is what Tetragon does; below 4KiB a single alert may not fit.",
    )
    max_files: int = key(
        Integer(1, 1000),
        5,
        "How many files are kept, the one being written among them.",
        "Five of 10MiB never fill a disk; the journal keeps what rotates away.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Syslog:
    enabled: bool = key(
        Boolean(),
        False,
        "Copy alerts to the log of this machine.",
        "Whoever ships that log and the file would have each alert twice.",
    )
    path: Path = key(
        FilePath(), "/dev/log", "The socket of its logger.", "Where syslog(3) writes, and rsyslog or journald listens."
    )
    format: str = key(
        _FORMAT,
        "ecs",
        "The schema of the JSON in a message: Elastic Common Schema, OCSF, or our own names.",
        "The same as in the file.",
    )
    max_message: int = key(
        Size("1KiB", "64KiB"),
        "8KiB",
        "The longest message; details are left out of longer ones, and the message says so.",
        "What rsyslog takes by default, and journald takes 48KiB; longer than 64KiB a datagram may not go.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    enabled: bool = key(
        Boolean(),
        True,
        "Speak TLS, and check the other side's certificate.",
        "Alerts name files and commands; switch it off only on a loopback address or inside a tunnel.",
    )
    ca_file: Path | None = key(_FILE_OR_NONE, "", "Certificates to trust, PEM.", "Empty means those of the system.")
    cert_file: Path | None = key(
        _FILE_OR_NONE, "", "Our own certificate, PEM.", "Needed where the receiver asks for one; goes with key_file."
    )
    key_file: Path | None = key(
        _FILE_OR_NONE, "", "The private key of cert_file, PEM.", "A path, because a key has no place in settings."
    )
    server_name: str | None = key(
        OrNone(_HOST), "", "The name in the receiver's certificate.", "Empty means the host that is connected to."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RELP:
    enabled: bool = key(
        Boolean(), False, "Send alerts and events to an rsyslog by RELP.", "Nothing uses the network unless told to."
    )
    host: str | None = key(OrNone(_HOST), "", "The receiver.", "There is none to guess; needed when enabled.")
    port: int = key(Integer(1, 65535), 2514, "Its port.", "The one in the examples of rsyslog's omrelp.")
    timeout: float = key(
        Duration("100ms", "10m"),
        "30s",
        "How long to wait for the receiver before connecting anew.",
        "A receiver that flushes to a slow disk takes seconds; ten minutes is no longer a timeout.",
    )
    window: int = key(
        Integer(1, 10_000),
        128,
        "Records on their way without an acknowledgement.",
        "Enough for tens of thousands a second; what is in it is sent again after a break.",
    )
    backlog_rate: int = key(
        Integer(1, 1_000_000),
        5000,
        "How many records a second are sent of what has piled up; what happens now is not slowed down.",
        "A receiver that was away is met by its whole fleet at once; a million a day take three minutes.",
    )
    max_message: int = key(
        Size("1KiB", "1MiB"),
        "8KiB",
        "The longest message; details are left out of longer ones, and the message says so.",
        "What rsyslog takes by default; RFC 5424 asks for 2KiB at least from every receiver.",
    )
    tls: TLS = section(TLS, "Encryption and certificates.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NATS:
    enabled: bool = key(
        Boolean(), False, "Publish alerts and events to a NATS JetStream.", "Nothing uses the network unless told to."
    )
    servers: tuple[str, ...] = key(
        ListOf(_NATS_URL, 16), [], "The servers of the cluster.", "There is none to guess; needed when enabled."
    )
    credentials_file: Path | None = key(
        _FILE_OR_NONE,
        "",
        "The .creds file of our NATS account.",
        "A path, because a credential has no place in settings.",
    )
    subject: str = key(
        _SUBJECT,
        "daemoneye.v1",
        "What subjects start with; host and kind of record follow.",
        "One stream can then take the whole fleet.",
    )
    timeout: float = key(
        Duration("100ms", "10m"),
        "10s",
        "How long to wait for the stream to acknowledge.",
        "Longer than electing a new leader takes.",
    )
    backlog_rate: int = key(
        Integer(1, 1_000_000),
        5000,
        "How many records a second are sent of what has piled up; what happens now is not slowed down.",
        "A receiver that was away is met by its whole fleet at once; a million a day take three minutes.",
    )
    tls: TLS = section(TLS, "Encryption and certificates.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    metrics_textfile: Path | None = key(
        _FILE_OR_NONE,
        "",
        "Where to write Prometheus text, for the node exporter's textfile collector (*.prom).",
        "A file needs no listening socket; empty means none.",
    )
    jsonl: JSONL = section(JSONL, "Alerts as lines of a file.")
    syslog: Syslog = section(Syslog, "Copies of alerts in the log of this machine. They are sent or lost, and counted.")
    relp: RELP = section(RELP, "Alerts and events to a syslog receiver that acknowledges them.")
    nats: NATS = section(NATS, "Alerts and events to a message stream.")

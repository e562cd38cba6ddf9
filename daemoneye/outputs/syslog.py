"""A record as a syslog message: RFC 5424 with structured data for receivers, and the short form of local sockets.

The text is the record as JSON behind ``@cee:``, the cookie by which rsyslog's mmjsonparse and others find it. On
/dev/log the short form is needed: there rsyslog and journald expect a priority and a tag, as of syslog(3), and would
take the version number of RFC 5424 for the name of the program. Time and host are in the JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.outputs.ecs import timestamp
from daemoneye.outputs.formats import SHORTEST_LIMIT, Format, line
from daemoneye.outputs.native import ALERTS

if TYPE_CHECKING:
    from daemoneye.outputs.native import Json
    from daemoneye.outputs.origin import Origin

# The number that RFC 5612 sets aside for documentation: we have none of our own. Whoever has one configures it.
SD_ID: Final = "daemoneye@32473"
COOKIE: Final = "@cee: "
_FACILITY: Final = 10  # authpriv: what system loggers keep from the eyes of ordinary users
_SEVERITIES: Final = {"info": 6, "low": 5, "medium": 4, "high": 3, "critical": 2}
_UNPRINTABLE: Final = re.compile(r"[^!-~]")  # a header is printable ASCII without spaces
_ORDINARY: Final = re.compile(r"[A-Za-z0-9._-]*").fullmatch  # all that we write
_SPECIAL: Final = re.compile(r'(["\\\]])')
_LONGEST_HEADER: Final = 288  # 64 bytes of host, 36 of id, 19 digits of sequence, 27 of rule, and the rest
SHORTEST_MESSAGE: Final = SHORTEST_LIMIT + _LONGEST_HEADER + len(COOKIE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Syslog:
    """``limit`` is of the whole message, in bytes; details are left out of longer ones, and the record says so."""

    origin: Origin
    format: Format = Format.ECS
    limit: int = 8192  # what rsyslog takes by default
    sd_id: str = SD_ID

    def message(self, body: Json, sequence: int) -> bytes:
        """RFC 5424, for RELP and for TCP or TLS (``framed``)."""
        alert = body["stream"] == ALERTS
        host = _UNPRINTABLE.sub("?", self.origin.host_name)[:64] or "-"
        header = f"<{_priority(body)}>1 {timestamp(body['wall_ms'])} {host} daemoneye - {'ALERT' if alert else 'EVENT'}"
        return self._with_record(f"{header} {self._data(body, sequence)} ", body, sequence)

    def local(self, body: Json, sequence: int) -> bytes:
        """For a socket of this machine."""
        return self._with_record(f"<{_priority(body)}>daemoneye: ", body, sequence)

    def _with_record(self, header: str, body: Json, sequence: int) -> bytes:
        start = (header + COOKIE).encode()
        room = self.limit - len(start)
        return start + line(body, sequence=sequence, origin=self.origin, format=self.format, limit=room)

    def _data(self, body: Json, sequence: int) -> str:
        """What a receiver needs to route and to find gaps, without parsing the JSON."""
        identity, stream, severity, kind = (_escaped(str(body[name])) for name in ("id", "stream", "severity", "kind"))
        numbered = f'stream="{stream}" sequence="{sequence}"'
        return f'[{self.sd_id} id="{identity}" {numbered} severity="{severity}" kind="{kind}"]'


def framed(message: bytes) -> bytes:
    """Octet counting, RFC 6587: a message may hold anything, line feeds too."""
    return b"%d %s" % (len(message), message)


def _priority(body: Json) -> int:
    return _FACILITY * 8 + _SEVERITIES[body["severity"]]


def _escaped(text: str) -> str:
    return text if _ORDINARY(text) else _SPECIAL.sub(r"\\\1", text)

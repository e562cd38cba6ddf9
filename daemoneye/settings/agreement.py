"""What keys must be to each other. Each rule names the keys it is about, so that a mistake in one of them hides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from daemoneye.settings.keys import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.settings.model import Settings

SOCKET_PATH_BYTES: Final = 107  # sun_path of Linux has 108, one of which is the NUL
LONGEST_SOCKET: Final = "procmond.sock"


class Conflict(NamedTuple):
    keys: tuple[str, ...]  # the first one that somebody set is where it is reported
    found: str
    expected: str


def conflicts(settings: Settings) -> Iterator[Conflict]:
    socket = settings.paths.runtime_dir / LONGEST_SOCKET
    length = len(str(socket).encode())
    if length > SOCKET_PATH_BYTES:
        room = SOCKET_PATH_BYTES - len(LONGEST_SOCKET) - 1
        found = f"a runtime_dir of {length - len(LONGEST_SOCKET) - 1} bytes"
        yield Conflict(
            ("paths.runtime_dir",), found, f"at most {room}, so that the paths of sockets fit the kernel's limit"
        )
    if settings.outputs.relp.enabled and settings.outputs.relp.host is None:
        yield Conflict(
            ("outputs.relp.enabled", "outputs.relp.host"), "relp enabled without a host", "outputs.relp.host"
        )
    if settings.outputs.nats.enabled and not settings.outputs.nats.servers:
        keys = ("outputs.nats.enabled", "outputs.nats.servers")
        yield Conflict(keys, "nats enabled without servers", "outputs.nats.servers")
    for output in ("relp", "nats"):
        yield from _key_pair(f"outputs.{output}.tls", value_of(settings, f"outputs.{output}.tls"))


def _key_pair(section: str, tls: Any) -> Iterator[Conflict]:
    if (tls.cert_file is None) != (tls.key_file is None):
        keys = (f"{section}.cert_file", f"{section}.key_file")
        given = "cert_file without key_file" if tls.key_file is None else "key_file without cert_file"
        yield Conflict(keys, given, "both or neither")

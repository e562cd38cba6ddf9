"""A NATS ``.creds`` file: a JWT that says who we are, and the seed of the key that proves it.

A seed is 32 bytes behind two that say what it is for and before a CRC-16, in base32. With it the server's nonce is
signed; neither seed nor signature leaves the process otherwise.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemoneye.forwarding.line import NoConnection
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST: Final = 64 * 1024  # bytes; one with many permissions has some thousand
_BLOCK: Final = rb"-+BEGIN %s-+\s+([A-Za-z0-9_.=-]+)\s+-+END"
_JWT: Final = re.compile(_BLOCK % b"NATS USER JWT")
_SEED: Final = re.compile(_BLOCK % b"USER NKEY SEED")
_SEED_PREFIX, _USER_PREFIX = 18 << 3, 20 << 3  # "S" and "U" in base32; the second begins within the first byte
_USER_SEED: Final = bytes([_SEED_PREFIX | _USER_PREFIX >> 5, (_USER_PREFIX & 31) << 3])
_SEED_BYTES: Final = 32


class Credentials(NamedTuple):
    jwt: bytes
    key: Ed25519PrivateKey

    def sign(self, nonce: str) -> bytes:
        return base64.b64encode(self.key.sign(nonce.encode()))


def read_credentials(path: Path) -> Credentials:
    where, expected = f"credentials_file: {printable(str(path))}", f"a .creds file that uid {os.geteuid()} may read"
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except OSError as error:
        raise NoConnection(f"{where}: {(error.strerror or 'unreadable').lower()}: expected {expected}") from None
    jwt, seed = _JWT.search(content), _SEED.search(content)
    if not jwt or not seed or (key := _key(seed[1])) is None:
        raise NoConnection(f"{where}: not what it should be: expected {expected}")
    return Credentials(jwt[1], key)


def _key(seed: bytes) -> Ed25519PrivateKey | None:
    try:
        raw = base64.b32decode(seed + b"=" * (-len(seed) % 8))
    except binascii.Error:
        return None
    body, check = raw[:-2], int.from_bytes(raw[-2:], "little")
    if body[:2] != _USER_SEED or len(body) != 2 + _SEED_BYTES or binascii.crc_hqx(body, 0) != check:
        return None
    return Ed25519PrivateKey.from_private_bytes(body[2:])

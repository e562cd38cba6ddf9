"""An operator, an account and a user of NATS, made as `nsc` makes them: each names the next in a signed JWT."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

_PREFIXES = {"operator": 14 << 3, "account": 0, "user": 20 << 3}


class Party:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._key = Ed25519PrivateKey.generate()
        self.public = _written(bytes([_PREFIXES[kind]]) + self._key.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        kind = _PREFIXES[self.kind]
        return _written(bytes([18 << 3 | kind >> 5, (kind & 31) << 3]) + self._key.private_bytes_raw())

    def names(self, other: Party, what: dict[str, Any]) -> str:
        """The JWT."""
        claims = {"iat": 1_700_000_000, "iss": self.public, "name": other.kind, "sub": other.public}
        claims["nats"] = what | {"type": other.kind, "version": 2}
        claims["jti"] = base64.b32encode(hashlib.sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
        parts = [_url(json.dumps(each).encode()) for each in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims)]
        signed = ".".join(parts)
        return f"{signed}.{_url(self._key.sign(signed.encode()))}"


def _written(raw: bytes) -> str:
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def made(directory: Path) -> tuple[str, Path]:
    """What a server is configured with, and the .creds file of a user."""
    operator, system, account, user = Party("operator"), Party("account"), Party("account"), Party("user")
    everything = {"subs": -1, "data": -1, "payload": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1}
    store = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    accounts = {
        system.public: operator.names(system, {"limits": everything}),
        account.public: operator.names(account, {"limits": everything | store}),
    }
    preloaded = "\n".join(f"{public}: {jwt}" for public, jwt in accounts.items())
    configuration = f"""
        jetstream {{ store_dir: "{directory}/js" }}
        operator: {operator.names(operator, {"system_account": system.public})}
        system_account: {system.public}
        resolver: MEMORY
        resolver_preload: {{ {preloaded} }}
    """
    creds = directory / "web-1.creds"
    unlimited = {"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1}
    creds.write_text(
        f"-----BEGIN NATS USER JWT-----\n{account.names(user, unlimited)}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n",
        encoding="ascii",
    )
    return configuration, creds

"""Checkpoints: what the journal states about itself, signed twice.

A statement names the head of every lane, the statement before it, and two public keys: the one that seals it and the
one that will seal the next. The *identity* signs all statements of a host; its key is one file that never changes, so
that whoever takes the host over has it. The *seal* signs one statement and is then destroyed (see ``seal``): whoever
comes later cannot write an earlier one again. Both are Ed25519, so that verifying needs nothing secret.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daemoneye.errors import HostileInput
from daemoneye.journal.entry import canonical
from daemoneye.journal.retention import NOT_IT, heads_as_json, heads_of_json

if TYPE_CHECKING:
    from daemoneye.journal.chain import Head, Lane

# A signature is for one purpose: what the one key signs, the other never does.
_SIGNED: Final = b"daemoneye.journal.checkpoint.v1\0"
_SEALED: Final = b"daemoneye.journal.seal.v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Predecessor:
    """The chain that ended here, and why it could not go on."""

    chain: str
    statement: str  # digest of its last known statement
    reason: str
    file: str = ""  # where it was put, if there was anything to put away


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    chain: str
    number: int
    made_ms: int
    previous: str  # digest of the statement before; for the first of a chain, empty
    identity: str
    sealed_by: str
    next_seal: str
    heads: dict[Lane, Head]
    predecessor: Predecessor | None = None

    def to_bytes(self) -> bytes:
        said = {name: getattr(self, name) for name in _FIELDS} | {"heads": heads_as_json(self.heads)}
        if self.predecessor is not None:
            said["predecessor"] = {name: getattr(self.predecessor, name) for name in Predecessor.__slots__}
        return canonical(said)

    @classmethod
    def of_bytes(cls, stored: bytes) -> Statement:
        """Read one back; whether it is genuine, the signatures tell, whether it is one at all, this."""
        try:
            said = json.loads(stored)
            before = said.get("predecessor")
            right = all(type(said[name]) is kind for name, kind in _FIELDS.items()) and _CHAIN(said["chain"])
            statement = cls(
                **{name: said[name] for name in _FIELDS},
                heads=heads_of_json(said["heads"]),
                predecessor=Predecessor(**before) if before else None,
            )
        except NOT_IT as error:
            raise HostileInput(f"not a statement ({type(error).__name__})") from None
        if not right:
            raise HostileInput("not a statement")
        return statement


_FIELDS: Final = {
    "chain": str,
    "number": int,
    "made_ms": int,
    "previous": str,
    "identity": str,
    "sealed_by": str,
    "next_seal": str,
}
_CHAIN: Final = re.compile(r"[0-9a-f]{32}").fullmatch


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """As stored: the bytes that were signed, and the signatures."""

    statement: bytes
    signature: bytes
    seal: bytes

    @property
    def digest(self) -> str:
        return sha256(self.statement).hexdigest()


class Signer:
    """A private key, made from 32 secret bytes."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def sign(statement: Statement, identity: Signer, seal: Signer) -> Checkpoint:
    stored = statement.to_bytes()
    return Checkpoint(stored, identity.sign(_SIGNED + stored), seal.sign(_SEALED + stored))


def is_signed(checkpoint: Checkpoint, identity: str) -> bool:
    return _holds(identity, checkpoint.signature, _SIGNED + checkpoint.statement)


def is_sealed(checkpoint: Checkpoint, seal: str) -> bool:
    return _holds(seal, checkpoint.seal, _SEALED + checkpoint.statement)


def _holds(public: str, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, message)
    except (InvalidSignature, ValueError):  # a wrong signature, or bytes that are no key
        return False
    return True

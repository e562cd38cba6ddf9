"""What is signed, and that it cannot be anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemoneye.errors import HostileInput
from daemoneye.journal.chain import Head, Lane
from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.statement import (
    Checkpoint,
    Predecessor,
    Signer,
    Statement,
    is_sealed,
    is_signed,
    sign,
)

IDENTITY, SEAL = Signer(b"\1" * 32), Signer(b"\2" * 32)
STATEMENT = Statement(
    chain="ab" * 16,
    number=3,
    made_ms=1_800_000_000_000,
    previous="cd" * 32,
    identity=IDENTITY.public,
    sealed_by=SEAL.public,
    next_seal="ef" * 32,
    heads={Lane(Stream.ALERTS, Severity.HIGH): Head(5, 9, b"\3" * 32)},
    predecessor=Predecessor(chain="12" * 16, statement="34" * 32, reason="corrupt", file="daemoneye.db.corrupt-x"),
)


def test_a_statement_is_read_back_as_it_was() -> None:
    """Nothing is lost between writing and verifying."""
    assert Statement.of_bytes(STATEMENT.to_bytes()) == STATEMENT


def test_both_signatures_hold_for_the_bytes_and_for_nothing_else() -> None:
    """One changed bit of a statement, or of a signature, and it does not hold."""
    checkpoint = sign(STATEMENT, IDENTITY, SEAL)
    assert is_signed(checkpoint, IDENTITY.public)
    assert is_sealed(checkpoint, SEAL.public)
    other = Checkpoint(
        checkpoint.statement.replace(b'"number":3', b'"number":4'), checkpoint.signature, checkpoint.seal
    )
    assert not is_signed(other, IDENTITY.public)
    assert not is_sealed(other, SEAL.public)
    assert not is_signed(checkpoint, SEAL.public)
    assert not is_signed(checkpoint, "no key")


def test_a_signature_is_no_seal_even_by_the_same_key() -> None:
    """What one purpose signed cannot be shown for another."""
    checkpoint = sign(STATEMENT, IDENTITY, IDENTITY)
    assert not is_signed(Checkpoint(checkpoint.statement, checkpoint.seal, checkpoint.seal), IDENTITY.public)
    assert not is_sealed(Checkpoint(checkpoint.statement, checkpoint.signature, checkpoint.signature), IDENTITY.public)


@pytest.mark.parametrize(
    "change",
    [
        {"number": "3"},
        {"number": True},
        {"chain": "short"},
        {"heads": []},
        {"heads": {"alerts/high": [1, 2]}},
        {"heads": {"alerts/high": [1, "2", "00"]}},
        {"heads": {"alerts/none": [1, 2, "00"]}},
        {"predecessor": {"chain": "12"}},
        {"identity": None},
    ],
)
def test_what_is_no_statement_is_hostile(change: dict[str, Any]) -> None:
    """A forged statement is refused as a whole, whatever is wrong with it."""
    said = json.loads(STATEMENT.to_bytes()) | change
    with pytest.raises(HostileInput, match="not a statement"):
        Statement.of_bytes(json.dumps(said).encode())


@pytest.mark.parametrize("stored", [b"", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_not_even_an_object_is_hostile(stored: bytes) -> None:
    """The same for bytes that are no JSON, or too much of it."""
    with pytest.raises(HostileInput, match="not a statement"):
        Statement.of_bytes(stored)

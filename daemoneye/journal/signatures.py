"""The part of verifying that needs no entry: statements, their two signatures, the host's own keys, and anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.errors import HostileInput
from daemoneye.journal.findings import Problem, found
from daemoneye.journal.statement import Checkpoint, Statement, is_sealed, is_signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from daemoneye.journal.anchor import Anchor
    from daemoneye.journal.seal import Epoch


def check_statements(checkpoints: Iterable[Checkpoint]) -> dict[int, tuple[Statement, str]]:
    """Return all statements and their digests by number, each the successor of the one before."""
    checked: dict[int, tuple[Statement, str]] = {}
    before: tuple[Statement, str] | None = None
    for checkpoint in checkpoints:
        statement = _statement(checkpoint, after=before[0].number if before else None)
        _check_signatures(checkpoint, statement)
        if before:
            _check_succession(statement, *before)
        before = checked[statement.number] = (statement, checkpoint.digest)
    if not checked:
        raise found(Problem.MISSING, "checkpoint", "there is none, not even the one that begins a chain")
    return checked


def _statement(checkpoint: Checkpoint, after: int | None) -> Statement:
    try:
        return Statement.of_bytes(checkpoint.statement)
    except HostileInput as error:
        what = "the first checkpoint" if after is None else f"the checkpoint after {after}"
        raise found(Problem.ALTERED, what, str(error)) from None


def _check_signatures(checkpoint: Checkpoint, statement: Statement) -> None:
    what = f"checkpoint {statement.number}"
    if not is_signed(checkpoint, statement.identity):
        raise found(Problem.ALTERED, what, "the signature does not hold")
    if not is_sealed(checkpoint, statement.sealed_by):
        raise found(Problem.ALTERED, what, "the seal does not hold")


def _check_succession(statement: Statement, before: Statement, digest: str) -> None:
    what = f"checkpoint {statement.number}"
    if statement.number > before.number + 1:
        raise found(Problem.MISSING, f"checkpoint {before.number + 1}", f"the next one is {statement.number}")
    if (statement.chain, statement.identity) != (before.chain, before.identity):
        raise found(Problem.REPLACED, what, "it is of another chain or signed by another key than the one before")
    if statement.number <= before.number or statement.previous != digest:
        raise found(Problem.ALTERED, what, f"it does not follow checkpoint {before.number}")
    if statement.sealed_by != before.next_seal:
        raise found(Problem.REPLACED, what, f"it is not sealed by the key that checkpoint {before.number} announced")


def check_host(statements: Mapping[int, tuple[Statement, str]], identity: str | None, epoch: Epoch | None) -> None:
    """Compare with what this host has beside the file. Both are as much in its owner's hands as the file."""
    last, _ = statements[max(statements)]
    if identity is not None and identity != last.identity:
        raise found(Problem.REPLACED, "the identity", "the journal is signed by another key than this host's")
    if epoch is None or not epoch.began_a_chain:
        return
    if epoch.chain != last.chain:
        raise found(Problem.REPLACED, "the journal", f"this host last wrote chain {epoch.chain}, this is {last.chain}")
    if epoch.number > last.number + 1:
        detail = f"the seal of this host has gone on to checkpoint {epoch.number - 1}"
        raise found(Problem.TRUNCATED, f"checkpoint {last.number + 1}", detail)
    # a writer may have gone on since the seal was read
    following = statements.get(epoch.number)
    announced = following[0].sealed_by if following else last.next_seal
    if (following or epoch.number == last.number + 1) and epoch.signer.public != announced:
        raise found(Problem.REPLACED, "the seal", "it is not the one that the last checkpoint announced")


def check_anchor(statements: Mapping[int, tuple[Statement, str]], anchor: Anchor, number: int) -> None:
    """Compare one anchor; what it says of the entries is compared with them, elsewhere."""
    last, _ = statements[max(statements)]
    what = f"anchor {number}"
    if anchor.identity != last.identity:
        raise found(Problem.REPLACED, what, "the journal is signed by another key than when the anchor was taken")
    if anchor.chain != last.chain:
        raise found(Problem.REPLACED, what, f"it is of chain {anchor.chain}, the journal is {_ancestry(statements)}")
    if anchor.statement > last.number:
        detail = f"anchor {number} has seen checkpoint {anchor.statement}"
        raise found(Problem.TRUNCATED, f"checkpoint {last.number + 1}", detail)
    same, following = statements.get(anchor.statement), statements.get(anchor.statement + 1)
    if same and same[1] != anchor.statement_digest:
        raise found(Problem.REPLACED, f"checkpoint {anchor.statement}", f"{what} has seen another one")
    if following and following[0].sealed_by != anchor.next_seal:
        detail = f"it is not sealed by the key that {what} announces"
        raise found(Problem.REPLACED, f"checkpoint {anchor.statement + 1}", detail)


def _ancestry(statements: Mapping[int, tuple[Statement, str]]) -> str:
    first, _ = statements[min(statements)]
    if first.predecessor is None:
        return first.chain
    return f"{first.chain}, which began after {first.predecessor.chain} ended ({first.predecessor.reason})"

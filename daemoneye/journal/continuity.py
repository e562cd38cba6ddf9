"""Is this file the one we wrote last, and if not, what became of it?

The seal remembers, outside the file, the chain and the last statement. A file that does not fit is not repaired: it is
evidence. A new chain begins that names it, sealed by the key that the old one announced.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from daemoneye.journal import rows
from daemoneye.journal.schema import transaction
from daemoneye.journal.statement import Checkpoint, Predecessor, Signer, Statement, is_signed, sign
from daemoneye.journal.trouble import CannotContinue, Ended

if TYPE_CHECKING:
    import sqlite3

    from daemoneye.journal.seal import Epoch, SealFile


def statement_to_continue(
    connection: sqlite3.Connection, identity: Signer, seal: SealFile, made_ms: int, ended: Predecessor | None
) -> tuple[Statement, str]:
    """Return the last statement and its digest; the first one of a new chain, if the file is new."""
    found = rows.last_statement(connection)
    if found is None:
        if connection.execute("SELECT 1 FROM entries").fetchone():
            raise CannotContinue(Ended.CORRUPT)  # of whatever chain they are, its statements were taken away
        return _begin(connection, identity, seal, made_ms, ended)
    checkpoint, statement = found
    _check(checkpoint, statement, identity, seal.epoch)
    if seal.epoch.number == statement.number:
        seal.advance(statement.chain, checkpoint.digest)  # we were killed between the commit and this
    return statement, checkpoint.digest


def _check(checkpoint: Checkpoint, statement: Statement, identity: Signer, epoch: Epoch) -> None:
    why = None
    if statement.identity != identity.public:
        why = Ended.OTHER_KEY
    elif not is_signed(checkpoint, identity.public):
        why = Ended.CORRUPT
    elif epoch.chain == statement.chain and epoch.number > statement.number + 1:
        why = Ended.ROLLED_BACK
    elif epoch.signer.public != {1: statement.next_seal, 0: statement.sealed_by}.get(epoch.number - statement.number):
        why = Ended.OTHER_SEAL
    if why:
        raise CannotContinue(why, statement.chain, checkpoint.digest)


def _begin(
    connection: sqlite3.Connection, identity: Signer, seal: SealFile, made_ms: int, ended: Predecessor | None
) -> tuple[Statement, str]:
    chain = secrets.token_hex(16)
    first = Statement(
        chain=chain,
        number=0,
        made_ms=made_ms,
        previous="",
        identity=identity.public,
        sealed_by="",
        next_seal="",
        heads={},
        predecessor=ended or _remembered(seal.epoch),
    )
    return write_statement(connection, first, identity, seal)


def _remembered(epoch: Epoch) -> Predecessor | None:
    return (
        Predecessor(chain=epoch.chain, statement=epoch.statement, reason=Ended.MISSING) if epoch.began_a_chain else None
    )


def write_statement(
    connection: sqlite3.Connection, draft: Statement, identity: Signer, seal: SealFile
) -> tuple[Statement, str]:
    """Sign, commit, and only then destroy the key that sealed: the other way round a kill would lose the chain."""
    epoch = seal.epoch
    following = epoch.after(draft.chain, epoch.statement)
    statement = replace(draft, number=epoch.number, sealed_by=epoch.signer.public, next_seal=following.signer.public)
    checkpoint = sign(statement, identity, epoch.signer)
    connection.execute("PRAGMA synchronous = FULL")
    with transaction(connection):
        rows.insert_checkpoint(connection, statement.number, checkpoint)
    seal.advance(statement.chain, checkpoint.digest)
    return statement, checkpoint.digest

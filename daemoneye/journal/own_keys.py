"""What this host has beside its journal, for a verifier to compare with: looked at, never made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daemoneye.errors import OperatorError
from daemoneye.host.keys import read_key
from daemoneye.journal import seal
from daemoneye.journal.journal import KEY_NAME, SEAL_NAME
from daemoneye.journal.statement import Signer

if TYPE_CHECKING:
    from pathlib import Path


class OwnKeys(NamedTuple):
    """``None`` is for what is not there, or not for the eyes of whoever asks."""

    identity: str | None = None
    epoch: seal.Epoch | None = None


def own_keys(directory: Path) -> OwnKeys:
    return OwnKeys(_identity(directory / KEY_NAME), _epoch(directory / SEAL_NAME))


def _identity(path: Path) -> str | None:
    try:
        return Signer(read_key(path)).public
    except OperatorError:
        return None


def _epoch(path: Path) -> seal.Epoch | None:
    try:
        return seal.read(path)
    except OSError:
        return None

"""``daemoneye compare``: how alike two files are, or two digests, or one of each.

An argument that has the form of an ssdeep digest is one; a file of such a name is given with a directory: ``./NAME``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from daemoneye.cli.options import json_option
from daemoneye.cli.reading import outcomes
from daemoneye.errors import HostileInput, IOFailedError, NoInputError, NoPermissionError, OperatorError, UsageError
from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.integrity.similarity import Similarity, compare
from daemoneye.model.process import HashStatus
from daemoneye.sanitize.hostile import printable

_EXPECTED: Final = "a file, or an ssdeep digest (BLOCKSIZE:STRING:STRING)"
_BEGINS_LIKE_A_DIGEST: Final = re.compile(r"\d+:", re.ASCII)
_NAME_BYTES: Final = 200  # longer than a digest; what is longer still is no help in an error
_ERRORS: Final[dict[HashStatus, type[OperatorError]]] = {
    HashStatus.GONE: NoInputError,
    HashStatus.NOT_REGULAR: NoInputError,
    HashStatus.PERMISSION: NoPermissionError,
}


class _Operand(NamedTuple):
    ssdeep: FuzzyDigest | None
    no_ssdeep: str = ""
    sha256: str = ""  # known of files


@click.command("compare")
@json_option
@click.argument("one", metavar="A", type=click.UNPROCESSED)
@click.argument("other", metavar="B", type=click.UNPROCESSED)
def command(as_json: bool, one: str, other: str) -> None:
    """Print how alike two files or ssdeep digests are, from 0 to 100.

    The score is ssdeep's. Where it can say nothing, the answer is "not comparable", and why. Of two files it is also
    said whether they are the same: 100 does not mean that.
    """
    first, second = _operand(one), _operand(other)
    similarity = _compare(first, second)
    same = first.sha256 == second.sha256 if first.sha256 and second.sha256 else None
    click.echo(_as_json(similarity, same) if as_json else _as_text(similarity, same))


def _operand(text: str) -> _Operand:
    try:
        return _Operand(FuzzyDigest.parse(text))
    except HostileInput as error:
        if _BEGINS_LIKE_A_DIGEST.match(text) and not Path(text).exists():
            raise UsageError(printable(text, _NAME_BYTES), str(error), f"expected {_EXPECTED}") from None
    ((_, outcome),) = outcomes([text])
    if not outcome.digests:
        failed = _ERRORS.get(outcome.status, IOFailedError)
        raise failed(printable(text, _NAME_BYTES) or "''", outcome.reason, f"expected {_EXPECTED}")
    return _Operand(outcome.digests.ssdeep, outcome.digests.no_ssdeep, outcome.digests.sha256)


def _compare(first: _Operand, second: _Operand) -> Similarity:
    if first.ssdeep and second.ssdeep:
        return compare(first.ssdeep, second.ssdeep)
    return Similarity(None, first.no_ssdeep or second.no_ssdeep)


def _as_json(similarity: Similarity, same: bool | None) -> str:
    answer: dict[str, Any] = {
        "score": similarity.score,
        "comparable": similarity.comparable,
        "reason": similarity.reason or None,
    }
    if same is not None:
        answer["identical"] = same
    return json.dumps(answer)


def _as_text(similarity: Similarity, same: bool | None) -> str:
    said = str(similarity.score) if similarity.comparable else f"not comparable: {similarity.reason}"
    return said if same is None else f"{said} ({'the same' if same else 'different'} SHA-256)"

"""Statements forged by somebody who has some of the keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal.anchor import Anchor
from daemoneye.journal.findings import Found, Problem
from daemoneye.journal.seal import Epoch
from daemoneye.journal.signatures import check_anchor, check_host, check_statements
from daemoneye.journal.statement import Checkpoint, Predecessor, Signer, Statement, sign

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

CHAIN, OTHER_CHAIN = "ab" * 16, "cd" * 16
IDENTITY, THIEF = Signer(b"\1" * 32), Signer(b"\2" * 32)


def signed(count: int, **changes: dict[str, Any]) -> tuple[list[Checkpoint], Epoch]:
    """Make a sound succession, but for the changes to the statements named ``s0``, ``s1``, …; and the next epoch."""
    epoch, made, previous = Epoch(0, b"\7" * 32), [], ""
    for number in range(count):
        following = epoch.after(CHAIN, "")
        statement = Statement(
            chain=CHAIN,
            number=number,
            made_ms=number,
            previous=previous,
            identity=IDENTITY.public,
            sealed_by=epoch.signer.public,
            next_seal=following.signer.public,
            heads={},
        )
        statement = replace(statement, **changes.get(f"s{number}", {}))
        identity = IDENTITY if statement.identity == IDENTITY.public else THIEF
        seal = epoch.signer if statement.sealed_by == epoch.signer.public else THIEF
        made.append(sign(statement, identity, seal))
        previous, epoch = made[-1].digest, epoch.after(CHAIN, made[-1].digest)
    return made, epoch


def problem(check: Callable[[], object]) -> tuple[Problem, str]:
    with pytest.raises(Found) as caught:
        check()
    return caught.value.finding.problem, caught.value.finding.what


def test_a_sound_succession_is_accepted() -> None:
    """Each statement follows the one before, and is sealed by the key that it announced."""
    made, epoch = signed(4)
    statements = check_statements(made)
    assert list(statements) == [0, 1, 2, 3]
    check_host(statements, IDENTITY.public, epoch)
    assert list(check_statements(made[2:])) == [2, 3], "old ones may have gone"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"chain": OTHER_CHAIN}, Problem.REPLACED),
        ({"identity": THIEF.public}, Problem.REPLACED),
        ({"previous": "00" * 32}, Problem.ALTERED),
        ({"number": 1}, Problem.ALTERED),
        ({"sealed_by": THIEF.public}, Problem.REPLACED),
    ],
)
def test_a_statement_that_does_not_follow_is_found(changes: dict[str, Any], expected: Problem) -> None:
    """Even with the identity stolen, the key that the last statement announced is needed, and was destroyed."""
    made, _ = signed(4, s2=changes)
    assert problem(lambda: check_statements(made))[0] is expected


def test_yesterday_cannot_be_rewritten_with_what_is_on_the_host_today() -> None:
    """The present seal and the identity sign a new yesterday; the anchor of that day knows another."""
    made, today = signed(4)
    anchor = anchor_of(made, 2)
    thief = Signer(today.secret)
    forged = [*made[:2]]
    for number in (2, 3):
        statement = replace(
            Statement.of_bytes(made[number].statement), previous=forged[-1].digest, made_ms=99, sealed_by=thief.public
        )
        forged.append(sign(replace(statement, next_seal=thief.public), IDENTITY, thief))
    assert problem(lambda: check_statements(forged)) == (Problem.REPLACED, "checkpoint 2")
    assert problem(lambda: check_anchor(check_statements(forged[2:]), anchor, 1)) == (Problem.REPLACED, "checkpoint 2")
    assert problem(lambda: check_anchor(check_statements(forged[3:]), anchor, 1)) == (Problem.REPLACED, "checkpoint 3")


def anchor_of(made: list[Checkpoint], number: int, **changes: Any) -> Anchor:
    statement = Statement.of_bytes(made[number].statement)
    anchor = Anchor(
        chain=statement.chain,
        identity=statement.identity,
        statement=number,
        statement_digest=made[number].digest,
        next_seal=statement.next_seal,
        heads={},
    )
    return replace(anchor, **changes)


def test_an_anchor_that_agrees_is_passed_through() -> None:
    """Also one that is older than the oldest statement kept."""
    made, _ = signed(4)
    for number in range(4):
        check_anchor(check_statements(made), anchor_of(made, number), 1)
    check_anchor(check_statements(made[3:]), anchor_of(made, 0), 1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"identity": THIEF.public}, (Problem.REPLACED, "anchor 1")),
        ({"chain": OTHER_CHAIN}, (Problem.REPLACED, "anchor 1")),
        ({"statement_digest": "00" * 32}, (Problem.REPLACED, "checkpoint 2")),
        ({"statement": 7}, (Problem.TRUNCATED, "checkpoint 4")),
        ({"next_seal": THIEF.public}, (Problem.REPLACED, "checkpoint 3")),
    ],
)
def test_an_anchor_that_disagrees_says_where(changes: dict[str, Any], expected: tuple[Problem, str]) -> None:
    """Each thing that an anchor holds is compared."""
    made, _ = signed(4)
    assert problem(lambda: check_anchor(check_statements(made), anchor_of(made, 2, **changes), 1)) == expected


def test_a_chain_that_names_its_predecessor_says_so_to_an_older_anchor() -> None:
    """After a file was set aside, the operator learns where the anchored chain ended."""
    predecessor = Predecessor(chain=OTHER_CHAIN, statement="ef" * 32, reason="corrupt", file="f")
    made, _ = signed(2, s0={"predecessor": predecessor})
    with pytest.raises(Found, match=f"which began after {OTHER_CHAIN} ended \\(corrupt\\)"):
        check_anchor(check_statements(made), anchor_of(made, 1, chain=OTHER_CHAIN), 1)


def test_the_keys_of_the_host_are_compared() -> None:
    """Identity, chain, number and key of the seal each tell another journal from this one."""
    made, epoch = signed(4)
    statements = check_statements(made)
    assert problem(lambda: check_host(statements, THIEF.public, None)) == (Problem.REPLACED, "the identity")
    other = replace(epoch, chain=OTHER_CHAIN)
    assert problem(lambda: check_host(statements, None, other)) == (Problem.REPLACED, "the journal")
    ahead = epoch.after(CHAIN, "")
    assert problem(lambda: check_host(statements, None, ahead)) == (Problem.TRUNCATED, "checkpoint 4")
    wrong = replace(epoch, secret=b"\x09" * 32)
    assert problem(lambda: check_host(statements, None, wrong)) == (Problem.REPLACED, "the seal")
    check_host(statements, None, None)
    check_host(statements, None, Epoch(0, b"\1" * 32))  # a seal that has not begun a chain says nothing


def test_a_seal_read_before_the_writer_went_on_agrees() -> None:
    """Verifying beside a running agent raises no false alarm, and still compares the key."""
    made, _ = signed(6)
    _, earlier = signed(4)
    statements = check_statements(made)
    check_host(statements, None, replace(earlier, chain=CHAIN))
    wrong = replace(earlier, secret=b"\x09" * 32)
    assert problem(lambda: check_host(statements, None, wrong)) == (Problem.REPLACED, "the seal")

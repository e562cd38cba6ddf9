"""``daemoneye compare``, as a user and as a program uses it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import ppdeep
import pytest

from tests.system.program import daemoneye

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = random.Random(5).randbytes(40_000)  # noqa: S311 - a content to hash, no secret
CHANGED = CONTENT[:20_000] + b"implant" * 50 + CONTENT[20_000:]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, content in (("one", CONTENT), ("other", CHANGED), ("small", b"x")):
        (tmp_path / name).write_bytes(content)
    return [str(tmp_path / "one"), str(tmp_path / "other")]


def score(*arguments: str) -> int:
    outcome = daemoneye("compare", *arguments)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return int(outcome.stdout.split()[0])


def test_two_files_two_digests_or_one_of_each(files: list[str]) -> None:
    """The same contents have the same score, however they are given."""
    digests = [ppdeep.hash(CONTENT), ppdeep.hash(CHANGED)]
    scores = {score(one, other) for one in (files[0], digests[0]) for other in (files[1], digests[1])}
    assert len(scores) == 1
    assert 80 < scores.pop() < 100


def test_of_files_it_is_said_whether_they_are_the_same(files: list[str]) -> None:
    """100 is no proof of identity; SHA-256 is, and it is known here."""
    assert daemoneye("compare", files[0], files[0]).stdout == "100 (the same SHA-256)\n"
    assert daemoneye("compare", *files).stdout.endswith(" (different SHA-256)\n")
    assert json.loads(daemoneye("compare", "--json", *files).stdout)["identical"] is False


def test_json_has_a_score_or_a_reason() -> None:
    """A program can tell 'nothing in common' from 'no telling'."""
    comparable = daemoneye("compare", "--json", "96:abcdefghij:kl", "96:ABCDEFGHIJ:KL")
    assert json.loads(comparable.stdout) == {"score": 0, "comparable": True, "reason": None}
    outcome = daemoneye("compare", "--json", "96:abcdefghij:kl", "3:ABCDEFGHIJ:KL")
    found = json.loads(outcome.stdout)
    assert outcome.returncode == 0
    assert (found["score"], found["comparable"]) == (None, False)
    assert "too far apart" in found["reason"]


def test_not_comparable_is_an_answer(files: list[str], tmp_path: Path) -> None:
    """It is no failure, and it says why."""
    outcome = daemoneye("compare", files[0], str(tmp_path / "small"))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("not comparable: block sizes ")


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ("96:abc", "not of the form BLOCKSIZE:STRING:STRING"),
        ("96:a:b:c", "not of the form BLOCKSIZE:STRING:STRING"),
        ("97:abc:d", "no ssdeep block size is 97: they are 3, 6, 12, ..."),
        ("3:\x1b[31m:d", "not of the form BLOCKSIZE:STRING:STRING"),
    ],
)
def test_a_bad_digest_is_one_clear_line(bad: str, found: str) -> None:
    """What is wrong with it is said, and what it should look like."""
    outcome = daemoneye("compare", "3::", bad)
    shown = bad.replace("\x1b", "\\x1b")
    assert (outcome.returncode, outcome.stdout) == (64, "")
    assert outcome.stderr == f"{shown}: {found}: expected a file, or an ssdeep digest (BLOCKSIZE:STRING:STRING)\n"


@pytest.mark.parametrize(
    ("path", "found"), [("/nowhere", "no such file or directory"), ("/", "a directory"), ("", "no such")]
)
def test_a_file_that_is_none_is_66(path: str, found: str) -> None:
    """Nothing to read is told from a bad digest."""
    outcome = daemoneye("compare", path, "3::")
    assert outcome.returncode == 66
    assert outcome.stderr.startswith(f"{path or repr(path)}: {found}")


def test_a_file_named_like_a_digest_is_given_with_its_directory(tmp_path: Path) -> None:
    """No digest is ever looked up in the file system."""
    (tmp_path / "3:a:b").write_bytes(CONTENT)
    assert daemoneye("compare", f"{tmp_path}/3:a:b", f"{tmp_path}/3:a:b").stdout == "100 (the same SHA-256)\n"
    (tmp_path / "7:00").write_bytes(CONTENT)
    assert score(f"{tmp_path}/7:00", ppdeep.hash(CONTENT)) == 100


@pytest.mark.parametrize("arguments", [(), ("3::",), ("3::", "3::", "3::"), ("--bogus", "3::", "3::")])
def test_wrong_usage_is_64(arguments: tuple[str, ...]) -> None:
    """Two things are compared, no more and no fewer."""
    outcome = daemoneye("compare", *arguments)
    assert (outcome.returncode, outcome.stdout) == (64, "")
    assert outcome.stderr.count("\n") == 1

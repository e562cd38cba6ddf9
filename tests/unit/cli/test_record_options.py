"""What the commands on the record take, and what they say to everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from daemoneye.cli import program
from daemoneye.cli.words import KIND, PROCESS, SHA256, Name, is_glob
from daemoneye.errors import UsageError
from daemoneye.gateway.session import LARGEST_REQUEST
from daemoneye.model.agent import Envelope
from daemoneye.model.lookup import EntriesRequest
from daemoneye.wire.codec import encode

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("alerts", "--since", "2026-13-01"), "2026-13-01"),
        (("alerts", "--severity", "terrible"), "terrible"),
        (("alerts", "--rule", "no such"), "no such"),
        (("alerts", "--format", "xml"), "xml"),
        (("events", "--pid", "x"), "x"),
        (("events", "--pid", "-1"), "-1"),
        (("events", "--sha256", "abc"), "64 hex digits"),
        (("events", "--name", ""), "1 to 128 bytes"),
        (("events", "--name", "x" * 129), "1 to 128 bytes"),
        (("events", "--ancestor-of", "bash"), "entity id"),
        (("events", "--follow", "--ancestor-of", "1"), "--ancestor-of: with --follow"),
        (("alerts", "--follow", "--until", "now"), "--until: with --follow"),
        (("at",), "TIME"),
        (("at", "never"), "never"),
        (("at", "2199-01-01"), "a moment that is past"),
        (("metrics", "extra"), "extra"),
    ],
)
def test_wrong_usage_names_what_is_wrong(arguments: tuple[str, ...], named: str, tmp_path: Path) -> None:
    """And nothing else happens: no record is looked for."""
    places = {f"DAEMONEYE_PATHS__{each}_DIR": str(tmp_path) for each in ("STATE", "RUNTIME")}
    error = CliRunner().invoke(program, arguments, standalone_mode=False, env=places).exception
    assert isinstance(error, click.UsageError | UsageError)
    assert named in (error.format_message() if isinstance(error, click.UsageError) else str(error))


def test_words_are_taken_as_the_record_has_them() -> None:
    """In small letters; a name that is no UTF-8 as it is shown."""
    assert SHA256.convert("AB" * 32, None, None) == "ab" * 32
    assert KIND.convert("Process.Started", None, None) == "process.started"
    assert PROCESS.convert("123", None, None) == "123"
    assert Name().convert("a\udcff", None, None) == "a\\xff"


def test_a_pattern_is_known_by_its_characters() -> None:
    """Everything else is a name."""
    assert [is_glob(each) for each in ("a*", "?", "[ab]", "a", "kworker/0:1")] == [True, True, True, False, False]


def test_the_longest_question_is_one_that_the_agent_reads() -> None:
    """Whatever is asked for at once."""
    number, text = 2**56 - 2, 128 * "x"
    longest = EntriesRequest(
        stream="alerts",
        after=number,
        through=number,
        since_ms=number,
        until_ms=number,
        at_least=90,
        kind=text[:64],
        pid=2**22,
        name=text,
        sha256=text[:64],
        entity_id=text[:32],
        parent_entity_id=text[:32],
    )
    assert len(encode(Envelope.around(longest, 2**63))) <= LARGEST_REQUEST

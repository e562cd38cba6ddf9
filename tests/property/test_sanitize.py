"""What holds for every command line, however hostile."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.sanitize.hostile import printable
from daemoneye.sanitize.limits import TOTAL_BYTES
from daemoneye.sanitize.redactor import Redactor

DATA = Path(__file__).parents[1] / "data" / "sanitize"
WORDS = sorted(
    {
        word
        for name in ("secret.txt", "harmless.txt")
        for line in (DATA / name).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
        for word in shlex.split(line.translate({ord("«"): None, ord("»"): None}))
    }
)
PIECES = [
    *"=:;&,@/'\"\\ \n$`(){}[]<>|#-%",
    "[REDACTED]",
    "[REDACTED:0123abcd]",
    "://",
    "password",
    "…truncated 3 bytes",
    "\udcff",
]

arguments = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(PIECES)), max_size=5).map("".join),
    st.text(max_size=30),
)
command_lines = st.lists(arguments, max_size=8)
# a secret nothing could mistake for a word, a path, a variable or a number
secrets = st.from_regex(
    r"[A-Z][a-z]{3}[0-9]{3}[!_+][A-Za-z0-9]{6}", fullmatch=True, alphabet=st.characters(max_codepoint=127)
)
CARRIERS = [
    ["app", "--password", "{}"],
    ["app", "--db-password={}"],
    ["env", "API_TOKEN={}", "app"],
    ["mysql", "-p{}"],
    ["sudo", "-u", "x", "sshpass", "-p", "{}", "ssh", "h"],
    ["curl", "-u", "me:{}", "https://h"],
    ["curl", "-H", "Authorization: Bearer {}", "h"],
    ["curl", "-d", '{{"user": "a", "password": "{}"}}', "h"],
    ["app", "postgres://u:{}@h/db"],
    ["app", "Server=h;Password={};Database=d"],
    ["sh", "-c", "cd /x && mysql -u root -p'{}' shop"],
    ["bash", "-lc", 'export SECRET_KEY="{}"; exec app'],
]


@settings(max_examples=400)
@given(command_lines, st.sampled_from([None, bytes(32)]))
def test_masking_twice_changes_nothing(argv: list[str], key: bytes | None) -> None:
    """What left the host once can pass again and stays what it was."""
    once = Redactor(correlate_key=key).command_line(argv)
    assert Redactor(correlate_key=key).command_line(once) == once


@settings(max_examples=200)
@given(st.lists(arguments, max_size=6).map(" ".join))
def test_masking_free_text_twice_changes_nothing(text: str) -> None:
    """The same for text."""
    once = Redactor().text(text)
    assert Redactor().text(once) == once


@given(command_lines)
def test_arguments_keep_their_number_and_place(argv: list[str]) -> None:
    """An argument is never lost, added or moved by masking."""
    assert len(Redactor().command_line(argv)) == len(argv)


@given(st.sampled_from(CARRIERS), secrets, st.lists(st.sampled_from(["-v", "--debug", "x"]), max_size=2))
def test_no_secret_survives_its_carrier(carrier: list[str], secret: str, more: list[str]) -> None:
    """Whatever the secret is, it is gone wherever it stood."""
    masked = Redactor().command_line([*(part.format(secret) for part in carrier), *more])
    assert secret not in "\0".join(masked)
    assert masked[len(carrier) :] == tuple(more)


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    """Nothing a host says reaches a terminal as a command to it."""
    assert printable(text).isprintable()


@pytest.mark.parametrize("count", [1, 50])
def test_the_result_is_bounded(count: int) -> None:
    """However long the input, 32 KiB and a few marks come out."""
    masked = Redactor().command_line(["x" * 1_000_000] * count)
    assert sum(len(argument.encode()) for argument in masked) < TOTAL_BYTES + 20 * 40


HOSTILE = [
    "a",
    "password=",
    "password: ",
    'password:"',
    'password=\\"',
    "key=",
    "key='",
    "token=a:b",
    'secret=["a",',
    "'",
    '"',
    "\\",
    '"\\',
    "'\"",
    "$(",
    "`",
    "://",
    "://a:",
    "://a:b@",
    "@",
    ":",
    " ",
    "<password>",
    "</",
    "eyJ",
    "eyJa.",
    "-----BEGIN PRIVATE KEY-----",
    "bearer ",
    "Basic aaaa",
    "ghp_",
    "sk-",
    "123456:",
    "identified by ",
    "password (",
    "login a password ",
    "jdbc:oracle:a:b/",
    "a:b@tcp(",
    "%5Bpassword%5D=",
    "mysql -p",
    "env ",
    "\n",
    "#",
    "<<<",
    "| ",
    "password=a;",
    "password=[REDACTED]",
    "[REDACTED]",
    "aA1",
    "hooks.x/webhook.a",
    "secret,a=b,",
    "ghp_abcdefghijklmnopqrst ",
    "-",
    "{",
    "/token/",
    "name=password,",
    '"name":"password","value":"',
    'connect("a","b",',
    "password: send ",
    "login('a',",
    "h=a,u=b,",
    "pgpass a:5432:",
    "(echo a;",
    "{ echo a; } | passwd ",
    "a=[",
    "rtmp://a/b/",
    "ConvertTo-SecureString ",
    "aad3b435b51404ee",
    "$password='",
    "password=`",
    "/a1b/",
]


def _seconds(piece: str, size: int) -> float:
    text = (piece * (size // len(piece) + 1))[:size] + " password=x"
    begin = time.process_time()
    Redactor().text(text)
    return time.process_time() - begin


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_work_grows_with_the_length_and_not_faster(piece: str) -> None:
    """A text of 100 KB costs about twice one of 50 KB, so that no process can stall the collector with its name.

    Only processor time counts; quadratic work would take four times as long, every time; what takes no time is not
    compared.
    """
    pairs = ((_seconds(piece, 50_000), _seconds(piece, 100_000)) for _ in range(4))
    assert any(full < 0.05 or full / half < 3.2 for half, full in pairs)

"""The door of the sanitizer: masks, tags, counters, environments, limits."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest

from daemoneye.sanitize.redactor import Redactor

KEY = bytes(range(32))


def tag(secret: str) -> str:
    return f"[REDACTED:{hmac.new(KEY, secret.encode(), hashlib.sha256).hexdigest()[:8]}]"


def test_masking_can_be_turned_off() -> None:
    """Only an explicit setting lets secrets through."""
    assert Redactor(mask=False).command_line(["mysql", "-phunter2"]) == ("mysql", "-phunter2")
    assert Redactor(mask=False).text("mysql -phunter2") == "mysql -phunter2"


def test_equal_secrets_get_equal_tags_and_others_do_not() -> None:
    """An analyst sees that two programs share a password, without seeing it."""
    masked = Redactor(correlate_key=KEY).command_line(
        ["app", "--password", "hunter2", "--db=pg://u:hunter2@h", "--token=x9x9"]
    )
    assert masked == ("app", "--password", tag("hunter2"), f"--db=pg://u:{tag('hunter2')}@h", f"--token={tag('x9x9')}")


def test_the_tag_of_a_quoted_secret_is_that_of_the_secret() -> None:
    """How a shell script quotes a password does not change its tag."""
    masked = Redactor(correlate_key=KEY).command_line(["sh", "-c", "mysql -p'hunter''2' && curl -u a:hunter2 h"])
    assert masked[2] == f"mysql -p'{tag('hunter2')}' && curl -u a:{tag('hunter2')} h"


def test_another_key_makes_another_tag() -> None:
    """The tags of one host say nothing about another's."""
    one = Redactor(correlate_key=KEY).command_line(["app", "--password=hunter2"])
    other = Redactor(correlate_key=b"x" * 32).command_line(["app", "--password=hunter2"])
    assert one != other
    assert re.fullmatch(r"--password=\[REDACTED:[0-9a-f]{8}\]", other[1])


def test_what_was_seen_before_is_masked_and_counted_again() -> None:
    """A repeated command line costs less and says the same."""
    redactor = Redactor()
    first, second = (redactor.command_line(["app", "--password=hunter2"]) for _ in range(2))
    assert first == second == ("app", "--password=[REDACTED]")
    assert sum(redactor.redactions.values()) == 2


def test_redactions_are_counted_by_rule() -> None:
    """A metric can tell which rules work."""
    redactor = Redactor()
    redactor.command_line(["mysql", "-phunter2"])
    redactor.command_line(["app", "--password", "a1", "--token=b2"])
    assert redactor.redactions == {"program.mysql": 1, "flag.secret": 1, "name.secret": 1}


def test_overlapping_finds_become_one_mask() -> None:
    """A token in a password in a URL is masked once."""
    masked = Redactor().command_line(["app", "--password=https://u:ghp_abcdefghijklmnopqrstuvwxyz0123456789@h/x"])
    assert masked == ("app", "--password=[REDACTED]")


@pytest.mark.parametrize(
    ("script", "masked"),
    [
        ("mysql -p'a b' x", "mysql -p'[REDACTED]' x"),
        ('mysql -p"a \\" b" x', 'mysql -p"[REDACTED]" x'),
        ("mysql -pa\\ b x", "mysql -p[REDACTED] x"),
        ("A=1 mysql -pab;curl -u u:cd h|sh", "A=1 mysql -p[REDACTED];curl -u u:[REDACTED] h|sh"),
        ("(mysql -pab >/dev/null 2>&1)", "(mysql -p[REDACTED] >/dev/null 2>&1)"),
        ("x=$(mysql -pab)", "x=$(mysql -p[REDACTED])"),
        ("# mysql -pab\ntrue 'mysql", "# mysql -pab\ntrue 'mysql"),
        ("bash -c 'sh -c \"mysql -pab\"'", "bash -c 'sh -c \"mysql -p[REDACTED]\"'"),
    ],
)
def test_scripts_are_read_as_a_shell_reads_them(script: str, masked: str) -> None:
    """Quotes stay where they are, and only the secret between them goes."""
    assert Redactor().command_line(["sh", "-c", script]) == ("sh", "-c", masked)


def test_a_secret_split_by_quotes_is_masked_with_them() -> None:
    """Quoting in the middle of a password hides none of it."""
    assert Redactor().command_line(["sh", "-c", "mysql -pab'cd'\"ef\" x"])[2] == "mysql -p[REDACTED] x"


def test_free_text_is_masked_too() -> None:
    """An error message that quotes a command line leaks nothing."""
    assert (
        Redactor().text("cannot start 'mysql -uroot -phunter2 shop'") == "cannot start 'mysql -uroot -p[REDACTED] shop'"
    )
    assert Redactor().text("nothing to see") == "nothing to see"


def test_an_environment_is_an_allow_list() -> None:
    """A variable nobody asked for does not leave the host, whatever is in it."""
    pairs = [("LD_PRELOAD", "/x.so"), ("DB_PASSWORD", "hunter2"), ("SUDO_COMMAND", "/usr/bin/mysql -phunter2")]
    assert Redactor().environment(pairs) == (
        ("LD_PRELOAD", "/x.so"),
        ("SUDO_COMMAND", "/usr/bin/mysql -p[REDACTED]"),
    )


def test_an_allowed_variable_with_a_secret_name_is_masked() -> None:
    """Asking for a variable by name does not unmask it; its length is bounded like an argument's."""
    kept = Redactor().environment([("DB_PASSWORD", "hunter2"), ("X", "y" * 5000)], allowed={"DB_PASSWORD", "X"})
    assert kept[0] == ("DB_PASSWORD", "[REDACTED]")
    assert kept[1][1].endswith("…truncated 904 bytes")


def test_long_arguments_are_cut_and_say_so() -> None:
    """4,096 bytes of an argument are kept; the mark counts the rest."""
    assert Redactor().command_line(["a" * 5000])[0] == "a" * 4096 + "…truncated 904 bytes"
    assert Redactor().command_line(["a" * 4096])[0] == "a" * 4096


def test_a_cut_never_splits_a_character_or_uncovers_a_secret() -> None:
    """What is cut is masked text."""
    cut = Redactor().command_line(["x", "é" * 2048 + "é", "--password=" + "s" * 9000, "t" * 20000])
    assert cut[1] == "é" * 2048 + "…truncated 2 bytes"
    assert cut[2] == "--password=[REDACTED]"
    assert cut[3] == "t" * 4096 + "…truncated 15904 bytes"


def test_a_secret_that_begins_in_what_is_kept_and_ends_far_beyond_is_gone() -> None:
    """The end of a long secret does not slip in where its beginning was masked."""
    masked = Redactor().command_line(["app", "--password=" + "s" * 100_000])
    assert masked[1].startswith("--password=[REDACTED]…truncated ")
    assert "sss" not in masked[1]


def test_all_arguments_together_are_bounded() -> None:
    """32 KiB are kept of a command line, however many arguments it has."""
    kept = Redactor().command_line(["a" * 4000] * 10)
    assert kept == ("a" * 4000,) * 8 + ("a" * 768 + "…truncated 3232 bytes", "…truncated 4000 bytes")
    assert Redactor().command_line(["a" * 4096] * 8) == ("a" * 4096,) * 8
    assert len(Redactor().command_line([""] * 100_000)) <= 32 * 1024 + 1


def test_cutting_twice_changes_nothing() -> None:
    """A command line that passed once passes again as it is."""
    for argv in (["a" * 5000], ["a" * 4000] * 10, ["a" * 4096] * 9, [""] * 70_000 + ["x"], ["b" * 100_000] * 40):
        once = Redactor().command_line(argv)
        assert Redactor().command_line(once) == once


@pytest.mark.parametrize("entrypoint", [["--entrypoint", "mysql"], ["--entrypoint=mysql"]])
def test_the_program_of_a_container_can_be_named_before_its_image(entrypoint: list[str]) -> None:
    """What runs in a container is what its entry point says, with the arguments after the image."""
    line = ["docker", "run", "--rm", *entrypoint, "mysql:8", "-uroot", "-p{}"]
    assert Redactor().command_line([word.format("hunter2") for word in line]) == tuple(
        word.format("[REDACTED]") for word in line
    )

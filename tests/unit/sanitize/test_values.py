"""Whether values keep what their names promise."""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

import pytest

from daemoneye.sanitize.rules.row import Meaning
from daemoneye.sanitize.values import is_reference, looks_random, secret_within


@pytest.mark.parametrize(
    "value",
    "$PASSWORD ${PASSWORD} ${X:-y} $(cat) $1 %PASS% {{secret}} {password} <password> *** xxxx [REDACTED] "
    "[REDACTED:0123abcd] ... %s `cmd` @TOKEN@ #{x}".split(),
)
def test_stand_ins_for_a_secret_are_no_secrets(value: str) -> None:
    """A variable, a placeholder or an earlier mask is left as it is."""
    assert is_reference(value)
    assert secret_within(Meaning.SECRET, value) is None


@pytest.mark.parametrize(
    "value", ["hunter2", "$ecret!", "$ecr3tPw9", "pa$$word", "[REDACTED]x", "$6$salt$hash", "<a", "12345", "{a:b}"]
)
def test_a_secret_that_only_begins_like_a_stand_in_is_one(value: str) -> None:
    """A dollar sign in a password does not save it."""
    assert secret_within(Meaning.SECRET, value) == (0, len(value))


@pytest.mark.parametrize(
    "value", ["true", "No", "none", "-", "prompt", "env:PW", "file:/x", "/run/secrets/x", "./pw", "@/x/y", ""]
)
def test_values_that_point_elsewhere_or_say_yes_and_no_are_spared(value: str) -> None:
    """A flag with a secret's name may still say something else."""
    assert secret_within(Meaning.SECRET, value) is None


@pytest.mark.parametrize(
    ("meaning", "value", "secret"),
    [
        (Meaning.PLAIN, "hunter2", None),
        (Meaning.KEY, "3f9ac81bd02e4f5576aa", "3f9ac81bd02e4f5576aa"),
        (Meaning.KEY, "/etc/3f9ac81bd02e4f5576aa", None),
        (Meaning.KEY, "name", None),
        (Meaning.PAIR, "app:hunter2", "hunter2"),
        (Meaning.PAIR, "hunter2", "hunter2"),
        (Meaning.PAIR, "app:", None),
        (Meaning.PAIR, "https://h/x", None),
        (Meaning.USER, "app:Hunter2", "Hunter2"),
        (Meaning.USER, "1000:1000", None),
        (Meaning.USER, "app", None),
        (Meaning.UNSURE, "app:hunter2", "hunter2"),
        (Meaning.UNSURE, "sha256:abc", None),
        (Meaning.UNSURE, "basic", None),
        (Meaning.UNSURE, "dXNlcjpwYXNzd29yZDEyMw==", "dXNlcjpwYXNzd29yZDEyMw=="),
        (Meaning.DIGITS, "1234", "1234"),
        (Meaning.DIGITS, "12", None),
        (Meaning.HEADER, "Bearer abc", "abc"),
        (Meaning.HEADER, "abc", "abc"),
        (Meaning.HEADER, "Bearer $TOKEN", None),
        (Meaning.JAR, "a=b", "a=b"),
        (Meaning.JAR, "cookies.txt", None),
        (Meaning.SECRET, "pass:hunter2", "hunter2"),
    ],
)
def test_the_secret_part_of_a_value_is_found(meaning: Meaning, value: str, secret: str | None) -> None:
    """User names, schemes and prefixes stay readable."""
    span = secret_within(meaning, value)
    assert (value[slice(*span)] if span else None) == secret


def test_only_long_mixed_runs_look_random() -> None:
    """Words, versions and dates do not look like keys."""
    assert looks_random("0a1b2c3d4e5f6a7b")
    assert looks_random("01234567-89ab-cdef-0123-456789abcdef")
    assert not looks_random("deploy-to-production-now")
    assert not looks_random("2024-01-01T00:00:00")
    assert not looks_random("1234567890123456")

"""Two digests of one read."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

import ppdeep
import pytest

from daemoneye.integrity import fallback, ssdeep
from daemoneye.integrity.digests import Digester, engines

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = bytes(range(256)) * 100


def digest(data: bytes, **options: bool) -> tuple[str, str, int, str]:
    digester = Digester(expected_size=len(data), **options)
    for start in range(0, len(data), 1000):
        digester.update(memoryview(data)[start : start + 1000])
    found = digester.finish()
    return found.sha256, str(found.ssdeep), found.size, found.no_ssdeep


@pytest.fixture
def without_numpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in sys.modules if name.split(".")[0] == "numpy" or name == "daemoneye.integrity.ssdeep"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delattr("daemoneye.integrity.ssdeep")
    engines.cache_clear()
    yield
    engines.cache_clear()


def test_both_digests_come_from_one_read() -> None:
    """Each is what its own tool would say."""
    assert digest(DATA) == (hashlib.sha256(DATA).hexdigest(), ppdeep.hash(DATA), len(DATA), "")


def test_ssdeep_that_is_not_wanted_is_not_missed() -> None:
    """Switched off is not degraded."""
    found = Digester(want_ssdeep=False).finish()
    assert (found.ssdeep, found.no_ssdeep, found.size) == (None, "", 0)


def test_md5_is_taken_where_somebody_wants_it() -> None:
    """In the same read; nobody gets it who did not ask."""
    digester = Digester(want_ssdeep=False, want_md5=True)
    digester.update(DATA)
    assert digester.finish().md5 == hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert Digester().finish().md5 is None


def test_a_size_that_was_promised_must_be_kept() -> None:
    """A digest made under a wrong assumption is never handed out."""
    digester = Digester(expected_size=5)
    digester.update(b"123456")
    with pytest.raises(ValueError, match="6 bytes came where 5 were expected"):
        digester.finish()


@pytest.mark.parametrize("size_known", [True, False])
def test_beyond_the_format_there_is_a_reason_instead(monkeypatch: pytest.MonkeyPatch, size_known: bool) -> None:
    """A content too large for ssdeep still has its SHA-256."""
    monkeypatch.setattr(ssdeep, "LARGEST", 100)
    digester = Digester(expected_size=120 if size_known else None)
    for _ in range(3):
        digester.update(bytes(40))
    found = digester.finish()
    assert found.sha256 == hashlib.sha256(bytes(120)).hexdigest()
    assert (found.ssdeep, found.no_ssdeep) == (None, "ssdeep has no digest for more than 192 GiB")


@pytest.mark.usefixtures("without_numpy")
def test_without_numpy_digests_are_the_same() -> None:
    """Where numpy does not run, ppdeep does, and says what it cannot."""
    assert digest(DATA) == (hashlib.sha256(DATA).hexdigest(), ppdeep.hash(DATA), len(DATA), "")
    assert "numpy is not installed" in engines().NOTICE
    large = bytes(fallback.LARGEST + 1)
    assert digest(large)[1:] == ("None", len(large), "without numpy there is no ssdeep digest for more than 1 MiB")


def test_a_broken_installation_is_not_taken_for_a_missing_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only numpy may be missing."""
    for name in ("daemoneye.integrity.ssdeep", "daemoneye.integrity.piecewise"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("daemoneye.integrity.ssdeep")
    monkeypatch.setitem(sys.modules, "daemoneye.integrity.piecewise", None)
    engines.cache_clear()
    with pytest.raises(ModuleNotFoundError, match="piecewise"):
        engines()
    engines.cache_clear()

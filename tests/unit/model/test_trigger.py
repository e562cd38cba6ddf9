"""Rules, as values that cannot be meaningless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemoneye.model.trigger import Analysis, NameMatches, PathMatches, ResourceAnomaly, SuspiciousParentChild

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "make",
    [
        lambda: NameMatches(globs=()),
        lambda: PathMatches(globs=()),
        lambda: SuspiciousParentChild(parents=(), children=("sh",)),
        lambda: SuspiciousParentChild(parents=("nginx",), children=()),
        ResourceAnomaly,
        lambda: ResourceAnomaly(cpu_percent=1, scans=0),
    ],
)
def test_a_condition_that_could_never_hold_is_refused(make: Callable[[], object]) -> None:
    """A rule that cannot fire is a mistake in the settings, said where it is made."""
    with pytest.raises(ValueError, match=r"at least|both"):
        make()


def test_an_analysis_is_of_a_file_or_of_a_process() -> None:
    """Hashing and scanning a file are done once per file."""
    assert {each for each in Analysis if each.of_the_file} == {Analysis.BINARY_HASH, Analysis.YARA_SCAN}

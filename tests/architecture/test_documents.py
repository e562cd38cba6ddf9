"""The documents and the machinery agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from daemoneye import __version__

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """What a newcomer types is what is verified."""
    assert "make test" in read("README.md")
    assert re.search(r"^make test\b", read(".ci/run"), re.MULTILINE)


def test_every_link_between_documents_leads_somewhere() -> None:
    """A reader is never sent to a page that is not there."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_changelog_knows_the_version() -> None:
    """A user can find out what the version in hand brings."""
    assert f"## {__version__}" in read("CHANGELOG.md")


def test_every_direct_dependency_is_locked_with_hashes() -> None:
    """What is installed is what was reviewed, byte for byte."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[><=\[; ]", line)[0].lower() for each in lists for line in each}
    blocks = re.split(r"\n(?=[a-z0-9])", read("requirements.lock"))
    locked = {re.split("==", block)[0].lower() for block in blocks if "--hash=sha256:" in block}
    assert wanted <= locked

"""`daemoneye baseline`: with the real gateway and store, and with nobody but the file."""

from __future__ import annotations

import json
import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.host.baseline_store import FILE_NAME
from daemoneye.integrity.baselines import Baseline, Source
from tests.fakes.answering_agent import AnsweringAgent
from tests.fakes.trusting import NOW_MS, Integrity, accepting, content, of_package, seen
from tests.system.program import DAEMONEYE, daemoneye

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

KEYS = [
    *("path", "namespace", "sha256", "ssdeep", "source", "since", "ownership", "package", "version"),
    *("first_seen", "last_seen", "last_sha256", "last_ssdeep", "open"),
]
CHANGED = content("changed")


class Host:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._environment = {
            "DAEMONEYE_PATHS__STATE_DIR": str(directory),
            "DAEMONEYE_PATHS__RUNTIME_DIR": str(directory),
        }

    def keep(self, *baselines: Baseline) -> None:
        Integrity(self.directory, *baselines).close()

    def run(self, *arguments: str | bytes, stdin: str | bytes = b"") -> CompletedProcess[str]:
        outcome = daemoneye("baseline", *arguments, stdin=stdin, env=self._environment)
        assert "Traceback" not in outcome.stderr
        return outcome

    def documents(self, *arguments: str) -> list[dict[str, Any]]:
        outcome = self.run(*arguments)
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return [json.loads(line) for line in outcome.stdout.splitlines()]

    def agent(self) -> AnsweringAgent:
        settings = {"state_dir": str(self.directory)}
        return AnsweringAgent(self.directory / "agent.sock", integrity=accepting(self.directory), settings=settings)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.keep(seen("/usr/bin/plain"), of_package("/usr/bin/owned"), seen("/usr/bin/plain", "container:0f"))
    return host


@pytest.fixture(params=["agent", "file"])
def either(request: pytest.FixtureRequest, host: Host) -> Iterator[Host]:
    """With an agent that answers, and without."""
    if request.param == "file":
        yield host
        return
    with host.agent():
        yield host


def one_line(outcome: CompletedProcess[str], code: int) -> str:
    assert (outcome.returncode, outcome.stdout) == (code, "")
    assert outcome.stderr.count("\n") == 1
    return outcome.stderr.rstrip()


# -- show and export


def test_what_is_trusted_is_shown_with_or_without_an_agent(either: Host) -> None:
    """In the same order, with the same words, under keys that stay."""
    owned, plain, inside = found = either.documents("show", "--json")
    assert [list(each) for each in found] == [KEYS] * 3
    assert owned == {
        "path": "/usr/bin/owned",
        "namespace": "",
        "sha256": content("/usr/bin/owned").sha256,
        "ssdeep": content("/usr/bin/owned").ssdeep,
        "source": "package",
        "since": "2023-11-14T22:14:20.000Z",
        "ownership": "matches",
        "package": "coreutils",
        "version": "9.1-1",
        "first_seen": "2023-11-14T22:13:20.000Z",
        "last_seen": "2023-11-14T22:14:20.000Z",
        "last_sha256": content("/usr/bin/owned").sha256,
        "last_ssdeep": content("/usr/bin/owned").ssdeep,
        "open": False,
    }
    assert (plain["source"], plain["package"], plain["ownership"]) == ("seeded", None, None)
    assert inside["namespace"] == "container:0f"
    assert either.documents("export") == found
    assert either.documents("show", "--json", "/usr/bin/plain") == [plain, inside]


def test_a_table_marks_what_is_not_what_is_trusted(host: Host) -> None:
    """And whose finding nobody has answered."""
    moved = of_package("/usr/bin/owned").moved(CHANGED, Source.OPERATOR, NOW_MS)
    evil = Baseline.seeded(seen("/z\x1b[31m").key, CHANGED, NOW_MS)
    host.keep(moved, change(seen("/usr/bin/plain")), opened(evil))
    headings, owned, plain, strange, inside = host.run("show").stdout.splitlines()
    assert headings.split() == ["NOW", "SHA-256", "TRUSTED", "SINCE", "PACKAGE", "PATH"]
    since = "2023-11-14T22:13:20.000Z"
    assert owned.split() == [CHANGED.sha256[:12], "operator", since, "-", "/usr/bin/owned"]
    assert plain.split() == [
        *("differs", content("/usr/bin/plain").sha256[:12], "seeded", since, "-", "/usr/bin/plain"),
    ]
    assert strange.split() == ["finding", CHANGED.sha256[:12], "seeded", since, "-", r"/z\x1b[31m"]
    assert inside.endswith("  /usr/bin/plain in container:0f")


def change(baseline: Baseline) -> Baseline:
    return Baseline(**{name: getattr(baseline, name) for name in Baseline.__slots__} | {"last": CHANGED})


def opened(baseline: Baseline) -> Baseline:
    return Baseline(**{name: getattr(baseline, name) for name in Baseline.__slots__} | {"open": True})


def test_a_path_that_was_never_seen_is_named(either: Host) -> None:
    """The others are shown, and the exit code says that one is missing."""
    outcome = either.run("show", "--json", "/nothing", "/usr/bin/owned")
    assert (outcome.returncode, outcome.stdout.count("\n")) == (1, 1)
    assert outcome.stderr == "/nothing: no baseline: a program that has been seen\n"


def test_without_agent_and_file_there_is_nothing_to_show(tmp_path: Path) -> None:
    """Which is not the same as nothing trusted."""
    for what in ("show", "export"):
        line = one_line(Host(tmp_path).run(what), 66)
        assert line == f"{tmp_path / FILE_NAME}: no such file: what an agent has seen"


def test_a_reader_that_leaves_is_no_error(host: Host) -> None:
    """`baseline export | head -1` is what it looks like."""
    host.keep(*(seen(f"/{number:05}") for number in range(3000)))
    script = f"{DAEMONEYE} baseline export | head -1; echo ${{PIPESTATUS[0]}}"
    import subprocess  # noqa: PLC0415 - for this alone

    outcome = subprocess.run(
        ["bash", "-c", script],
        env=os.environ
        | {"DAEMONEYE_PATHS__STATE_DIR": str(host.directory), "DAEMONEYE_PATHS__RUNTIME_DIR": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first, code = outcome.stdout.splitlines()
    assert (json.loads(first)["path"], code, outcome.stderr) == ("/00000", "0", "")


# -- accept


def test_what_was_last_seen_is_accepted(host: Host) -> None:
    """From then on an operator's word stands for it."""
    host.keep(change(seen("/usr/bin/plain")))
    with host.agent():
        outcome = host.run("accept", "/usr/bin/plain", "/usr/bin/owned")
        assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "2 programs are trusted\n", "")
        owned, plain, inside = host.documents("export")
    assert (plain["sha256"], plain["source"], plain["open"]) == (CHANGED.sha256, "operator", False)
    assert (owned["source"], inside["source"]) == ("operator", "seeded")


def test_a_content_that_nobody_has_seen_is_accepted_by_its_digests(host: Host) -> None:
    """Before it is rolled out."""
    with host.agent():
        digests = ("--sha256", CHANGED.sha256.upper(), "--ssdeep", f'{CHANGED.ssdeep},"/name"')
        outcome = host.run("accept", "--json", "/opt/new", *digests)
        assert json.loads(outcome.stdout) == {"accepted": "1 program is trusted"}
        outcome = host.run("accept", "/opt/new", "--namespace", "container:7", "--sha256", CHANGED.sha256)
        assert outcome.returncode == 0
        here, there = host.documents("show", "--json", "/opt/new")
    assert (here["sha256"], here["ssdeep"], here["namespace"]) == (CHANGED.sha256, CHANGED.ssdeep, "")
    assert (there["sha256"], there["ssdeep"], there["namespace"]) == (CHANGED.sha256, None, "container:7")


def test_an_unknown_path_is_refused_and_nothing_is_changed(host: Host) -> None:
    """Not even for the paths beside it."""
    with host.agent():
        before = host.run("export").stdout
        line = one_line(host.run("accept", "/usr/bin/plain", "/nothing"), 1)
        assert line == "/nothing: no baseline: a program that has been seen, or its digests"
        assert host.run("export").stdout == before


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["/a", "/b", "--sha256", "ab" * 32], "--sha256: with 2 paths: one: a digest is of one content"),
        (["/a", "--ssdeep", "3:a:b"], "--ssdeep: without --sha256: both: only SHA-256 says what is trusted"),
        (["/a", "--sha256", "ab"], "'ab': expected the 64 hex digits of a SHA-256"),
        (["/a", "--sha256", "ab" * 32, "--ssdeep", "4:a:b"], "no ssdeep block size is 4"),
        (["/a", "--namespace", "mnt:7"], "namespace 'mnt:7': expected none, or container: and its id"),
        (["/" + "x" * 20_000], "expected an absolute path of at most 16384 bytes"),
        ([""], "'' is no path"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_is_told_before_anybody_is_asked(tmp_path: Path, arguments: list[str], line: str) -> None:
    """In one line, with 64."""
    assert line in one_line(Host(tmp_path).run("accept", *arguments), 64)


def test_without_an_agent_nothing_is_accepted(host: Host) -> None:
    """Only the agent writes what is trusted."""
    for arguments in (["accept", "/usr/bin/plain"], ["import", "-"]):
        assert "a running agent" in one_line(host.run(*arguments), 69)


def test_without_the_child_that_writes_nothing_is_accepted(host: Host) -> None:
    """The agent says which part of it is missing."""
    with AnsweringAgent(host.directory / "agent.sock"):
        assert one_line(host.run("accept", "/a"), 69).startswith("integrity is not there: nothing is changed")


def test_a_name_that_is_no_utf8_is_the_one_that_was_seen(host: Host) -> None:
    """A path of the shell and one of the collector mean the same file; a relative one is one of this directory."""
    host.keep(seen(r"/b\xff"), seen(f"{os.getcwd()}/tool"))  # noqa: PTH109
    with host.agent():
        assert host.run("accept", b"/b\xff", "tool").stdout == "2 programs are trusted\n"


# -- import


def test_an_export_is_imported_elsewhere(host: Host, tmp_path: Path) -> None:
    """From a file and from a pipe, and again without harm."""
    exported = host.run("export").stdout
    other = Host(tmp_path / "other")
    other.directory.mkdir()
    (tmp_path / "list").write_text(exported)
    with other.agent():
        assert other.run("import", str(tmp_path / "list")).stdout == "3 programs are trusted\n"
        assert json.loads(other.run("import", "--json", "-", stdin=exported).stdout)["accepted"]
        found = other.documents("export")
    assert {each["source"] for each in found} == {"operator"}
    told = [json.loads(line) for line in exported.splitlines()]
    identity = ("path", "namespace", "sha256", "ssdeep")
    assert [[each[name] for name in identity] for each in found] == [[each[name] for name in identity] for each in told]


def test_a_full_store_fits(host: Host, tmp_path: Path) -> None:
    """Ten thousand programs come over in one go."""
    lines = "".join(
        json.dumps(
            {"path": f"/usr/lib/of/some/package/{number:05}", "sha256": f"{number:064x}", "ssdeep": CHANGED.ssdeep}
        )
        + "\n"
        for number in range(10_000)
    )
    other = Host(tmp_path / "other")
    other.directory.mkdir()
    with other.agent():
        assert other.run("import", "-", stdin=lines).stdout == "10,000 programs are trusted\n"
    with closing(Integrity(other.directory)) as integrity:
        assert len(integrity.tracker.baselines) == 10_000
    one_more = lines + lines.splitlines()[0]
    line = one_line(host.run("import", "-", stdin=one_more), 1)
    assert line == "standard input:10001: one program more than there is room for: expected at most 10,000"


def test_one_wrong_line_keeps_all_of_them_out(host: Host, tmp_path: Path) -> None:
    """Each mistake on a line, with the number of its own, before anybody is asked."""
    exported = host.run("export").stdout
    wrong = tmp_path / "wrong\n.json"
    wrong.write_text("{}\n" + exported + "nonsense\n")
    with host.agent():
        before = host.run("export").stdout
        outcome = host.run("import", str(wrong))
        assert host.run("export").stdout == before
    assert (outcome.returncode, outcome.stdout) == (1, "")
    where = rf"{tmp_path}/wrong\x0a.json"
    assert outcome.stderr.splitlines() == [
        f"{where}:1: no path: expected an absolute path",
        f"{where}:5: not JSON: expected an object of `baseline export`",
    ]


def test_many_mistakes_are_told_as_far_as_a_screen_goes(host: Host) -> None:
    """And how many more there are."""
    outcome = host.run("import", "-", stdin="x\n" * 5000)
    *mistakes, more = outcome.stderr.splitlines()
    assert (outcome.returncode, len(mistakes), more) == (1, 20, "and 4,980 more")


def test_a_file_that_cannot_be_read_has_its_own_exit_code(host: Host, tmp_path: Path) -> None:
    """As everywhere."""
    assert "no such file" in one_line(host.run("import", str(tmp_path / "missing")), 66)
    assert "is a directory" in one_line(host.run("import", str(tmp_path)), 74)

"""What packages explain, and what they make worse: real dpkg installs into a database that only our agents see.

The agents run in a mount namespace of their own, where that database lies over the one of the machine. The programs do
not: an agent that an init system has shut off from part of the host still knows whose programs these are.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.system.agents import DURABLE, running
from tests.system.program import DAEMONEYE
from tests.system.variants import GOOD, NEARLY, STRANGER, arguments_for, put
from tests.system.witness import Witness, evidence_of
from tests.system.zoo import as_root, may_mount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.system.witness import Json
    from tests.system.zoo import Zoo

pytestmark = [
    as_root,
    may_mount,
    pytest.mark.root,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux"),
    pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="there is no dpkg here"),
]

HOME = "/var/lib/dpkg"
OVER = f'mount --bind "$1" {HOME} && shift && exec "$@"'


class Packages:
    """A database of its own, by which dpkg installs into the tree of the machine, below the places of tests."""

    def __init__(self, place: Path) -> None:
        place.chmod(0o755)  # the agent's account reads it
        self.home = place / "dpkg"
        self._build = place / "build"
        for name in ("info", "updates"):
            (self.home / name).mkdir(parents=True)
        (self.home / "status").touch()

    def install(self, name: str, version: str, program: Path, content: bytes) -> None:
        package = self._build / f"{name}-{version}"
        shutil.rmtree(package, ignore_errors=True)
        inside = package / str(program)[1:]
        inside.parent.mkdir(parents=True)
        inside.write_bytes(content)
        inside.chmod(0o755)
        (package / "DEBIAN").mkdir()
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: n <n@x>\nDescription: d\n"
        (package / "DEBIAN/control").write_text(control, encoding="utf-8")
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        (package / "DEBIAN/md5sums").write_text(f"{digest}  {str(program)[1:]}\n", encoding="utf-8")
        run("dpkg-deb", "--build", "-Znone", str(package), f"{package}.deb")
        self.dpkg("--install", f"{package}.deb")

    def dpkg(self, *arguments: str) -> None:
        ours = (f"--admindir={self.home}", "--instdir=/", "--log=/dev/null")
        run("dpkg", *ours, "--force-script-chrootless", "--force-unsafe-io", *arguments)


def run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


class Watch(NamedTuple):
    packages: Packages
    believer: Witness  # asks the database
    sceptic: Witness  # does not


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    packages = Packages(tmp_path_factory.mktemp("database"))
    open_the_way_to(packages.home)
    program = ("unshare", "--mount", "--propagation", "private", "sh", "-c", OVER, "sh", str(packages.home), DAEMONEYE)
    with contextlib.ExitStack() as both:
        believer, sceptic = (
            Witness(both.enter_context(running({**DURABLE, "integrity": {"package_verdicts": asks}}, program=program)))
            for asks in (True, False)
        )
        yield Watch(packages, believer, sceptic)
        believer.nothing_unexpected()
        sceptic.nothing_unexpected()


def open_the_way_to(directory: Path) -> None:
    for each in (directory, *directory.parents[:3]):
        each.chmod(each.stat().st_mode | 0o011)


@pytest.fixture
def watch(shared: Watch, tmp_path: Path) -> Watch:
    shared.believer.of(tmp_path)
    shared.sceptic.of(tmp_path)
    return shared


def running_from_a_package(watch: Watch, zoo: Zoo, name: str) -> tuple[Path, int]:
    program = zoo.place / "program"
    watch.packages.install(name, "1.0-1", program, GOOD)
    pid = zoo.start(program)
    watch.believer.known(program, packages=True)
    watch.sceptic.known(program)
    return program, pid


def package_of(alert: Json) -> Json:
    package: Json = evidence_of(alert)["package"]
    return package


def test_an_update_of_a_running_program(watch: Watch, zoo: Zoo) -> None:
    """An information that names the package and its version; nothing when the program is restarted."""
    program, pid = running_from_a_package(watch, zoo, "updated")
    watch.packages.install("updated", "1.1-1", program, STRANGER)
    (alert,) = watch.believer.expect(program, "restart_required")
    assert alert["process"]["pid"] == pid
    assert (alert["package"]["name"], alert["package"]["version"]) == ("updated", "1.1-1")
    assert "updated 1.1-1" in alert["message"]
    assert package_of(alert)["ownership"] == "matches"
    (mismatch,) = watch.sceptic.expect(program, "disk_mismatch")
    assert "switched off" in mismatch["message"]
    zoo.end()
    zoo.start(program, *arguments_for(STRANGER))
    watch.sceptic.expect(program, "disk_mismatch", "content_changed", "binary_change")
    watch.believer.expect(program, "restart_required")


def test_the_same_package_installed_again(watch: Watch, zoo: Zoo) -> None:
    """Neither of the two has anything to say."""
    program, _ = running_from_a_package(watch, zoo, "again")
    watch.packages.install("again", "1.0-1", program, GOOD)
    watch.believer.looks(5)
    watch.sceptic.looks(5)
    assert watch.believer.about(program) + watch.sceptic.about(program) == []


def test_a_package_that_is_removed(watch: Watch, zoo: Zoo) -> None:
    """Its program still runs: the package took away what was its own."""
    program, pid = running_from_a_package(watch, zoo, "removed")
    zoo.copy("neighbour")  # dpkg would remove the directory
    watch.packages.dpkg("--purge", "removed")
    assert not program.exists()
    (alert,) = watch.believer.expect(program, "restart_required")
    assert alert["process"]["pid"] == pid
    watch.sceptic.expect(program, "disk_mismatch")


def test_a_package_s_program_that_is_tampered_with(watch: Watch, zoo: Zoo) -> None:
    """What the package brought is known, and this is not it: as bad as it gets."""
    program, pid = running_from_a_package(watch, zoo, "tampered")
    put(program, NEARLY)
    mismatch, changed = watch.believer.expect(program, "disk_mismatch", "content_changed", critical=True)
    for alert in (mismatch, changed):
        assert alert["process"]["pid"] == pid
        assert package_of(alert)["ownership"] == "differs"
        assert "tampered 1.0-1" in alert["message"]
        rechecks(watch.believer, alert)
    assert evidence_of(changed)["new"]["sha256"] == hashlib.sha256(NEARLY).hexdigest()
    watch.sceptic.expect(program, "disk_mismatch")


def rechecks(witness: Witness, alert: Json) -> None:
    """The commands it advises show what it says, where the agent has its database."""
    shown = {}
    for command in alert["daemoneye"]["recheck"]:
        inside = ["nsenter", f"--mount=/proc/{witness.agent.pid}/ns/mnt", "sh", "-c", command]
        shown[command] = subprocess.run(inside, check=True, capture_output=True, text=True).stdout
    path = alert["process"]["executable"]
    assert shown[f"dpkg -S {path}"] == f"tampered: {path}\n"
    assert shown["dpkg -V tampered"].split() == ["??5??????", path]


def test_a_package_s_program_that_was_tampered_with_before_it_started(watch: Watch, zoo: Zoo) -> None:
    """The same, when it is started."""
    program, _ = running_from_a_package(watch, zoo, "exchanged")
    zoo.end()
    put(program, STRANGER)
    zoo.start(program, *arguments_for(STRANGER))
    changed, _ = watch.believer.expect(program, "content_changed", "binary_change", critical=True)
    assert package_of(changed)["name"] == "exchanged"
    watch.sceptic.expect(program, "content_changed", "binary_change")


def test_a_program_that_a_package_still_lists(watch: Watch, zoo: Zoo) -> None:
    """A file that was taken away behind the back of the package manager is explained by nothing."""
    program, _ = running_from_a_package(watch, zoo, "vanished")
    program.unlink()
    (alert,) = watch.believer.expect(program, "disk_mismatch")
    assert "vanished 1.0-1 still lists it" in alert["message"]
    watch.sceptic.expect(program, "disk_mismatch")


def test_the_package_manager_at_work_is_waited_for(watch: Watch, zoo: Zoo) -> None:
    """Files come before the database knows them: what it says meanwhile is not believed."""
    program, _ = running_from_a_package(watch, zoo, "halfway")
    holder = zoo.python(HOLD, str(watch.packages.home / "lock"))
    put(program, STRANGER)
    watch.sceptic.expect(program, "disk_mismatch")
    watch.believer.looks(5)
    assert watch.believer.about(program) == []
    subprocess.run(["kill", str(holder)], check=True)
    watch.packages.install("halfway", "1.2-1", program, STRANGER)
    (alert,) = watch.believer.expect(program, "restart_required")
    assert "halfway 1.2-1" in alert["message"]


# As dpkg does: a lock of the record kind, that /proc/locks tells.
HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print(flush=True)
time.sleep(1000)
"""

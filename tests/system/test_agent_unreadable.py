"""Nothing is imported once privileges are dropped: the agent's own files may be out of its reach then.

An interpreter below root's home is the usual case. Here all packages that the agent uses lie in a directory that is
root's alone, and whatever is imported too late is written down.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.client import Rejected, UnknownChild
from daemoneye.tree import COLLECTOR, GATEWAY, SUPERVISOR
from tests.fakes.forked import in_a_child
from tests.system.agents import DURABLE, is_whole, running
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

WRONG = (
    b"scan: [",
    b"scan: {interval: 5}\n",
    b"scan: {intervall: 5s}\n",
    b"triggers: {rules: [{name: a}]}\n",
    b"paths: {state_dir: relative}\n",
    b"\xff\xfe",
)
# Whatever the agent has loaded that is not of the interpreter, from where it stands now.
LOADED = """
import json, sys, daemoneye.agent
from daemoneye.settings.model import Settings
daemoneye.agent._preload(Settings())
roots = {name.partition(".")[0] for name in sys.modules}
places = {name: getattr(sys.modules.get(name), "__path__", None) for name in roots}
files = {name: getattr(sys.modules.get(name), "__file__", None) for name in roots}
print(json.dumps([list(places[name])[0] if places[name] else files[name] for name in sorted(roots)
    if (files[name] or places[name]) and (name == "daemoneye" or "site-packages" in str(places[name] or files[name]))]))
"""

# Loaded by each interpreter that starts with it on its path; every process of the agent inherits it.
WITNESS = r"""
import os, sys

notes = os.open({notes!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def look(event, arguments):
    if event == "import" and not arguments[0].startswith("coverage"):
        with open("/proc/thread-self/status") as status:
            if "NoNewPrivs:\t1" in status.read():
                os.write(notes, (arguments[0] + "\n").encode())

sys.addaudithook(look)
"""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("closed")
    listed = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, check=True)
    for each in map(Path, json.loads(listed.stdout)):
        libraries = [each.with_name(f"{each.name}.libs")] if each.with_name(f"{each.name}.libs").exists() else []
        for one in (each, *libraries):
            if one.is_dir():
                shutil.copytree(one, place / one.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(one, place)
    (place / "sitecustomize.py").write_text(WITNESS.format(notes=str(place / "notes")))
    place.chmod(0o700)
    yield place
    shutil.rmtree(place)


def test_every_feature_works_without_a_module_of_ours_in_reach(closed: Path) -> None:
    """Answers, mistakes, restarts, new trees, refusals: whatever may happen at run time was loaded before."""
    assert in_a_child(lambda: _reads_as_nobody(closed)) == "PermissionError"
    with running(DURABLE, environment={"PYTHONPATH": str(closed), "PYTHONDONTWRITEBYTECODE": "1"}) as agent:
        agent.until(lambda: is_whole(agent), "a whole tree")
        assert str(closed) in Path(f"/proc/{agent.pid}/maps").read_text(encoding="utf-8")
        with agent.client() as client:
            agent.configure({"scan": {"interval": "300ms", "enhanced": True}, "sanitize": {"mask": False}})
            assert "scan.enhanced" in client.reload()
            assert len([*client.processes()]) > 1
            with pytest.raises(UnknownChild):
                client.health("nobody")
            kept = agent.config.read_bytes()
            for text in WRONG:
                agent.config.write_bytes(text)
                with pytest.raises(Rejected):
                    client.reload()
            agent.config.unlink()
            with pytest.raises(Rejected):
                client.reload()
            agent.config.write_bytes(kept)
            agent.configure({"scan": {"proc": "/tmp"}})  # noqa: S108 - no /proc
            with pytest.raises(Rejected):
                client.reload()
            agent.configure({"scan": {"proc": "/proc"}, "ipc": {"allow_users": ["games", "daemoneye-no-such-account"]}})
            assert client.reload()

        for role in (COLLECTOR, GATEWAY):
            first = agent.child(role).pid
            assert first
            with agent.client() as client:
                client.restart(role)
            agent.until_replaced(role, first)
        stopped = agent.child(COLLECTOR).pid
        assert stopped
        os.kill(stopped, signal.SIGSTOP)
        agent.until_replaced(COLLECTOR, stopped)
        os.kill(agent.by_role()[SUPERVISOR].pid, signal.SIGKILL)
        agent.until(lambda: (s := agent.status()) and s.tree == 2, "another tree")
        agent.until_running()
        assert agent.stop() == 0
        assert agent.logged("actor.crashed") == []
        assert agent.lines()[-1]["event"] == "main.left"
        assert (closed / "notes").read_text().split() == []


def _reads_as_nobody(place: Path) -> str:
    os.setresuid(65534, 65534, 65534)
    try:
        (place / "daemoneye" / "__init__.py").read_bytes()
    except OSError as error:
        return type(error).__name__
    return "ok"

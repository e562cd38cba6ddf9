"""Thespian's own functional tests, as they are installed with it (``thespian/test``), run against our system base.

    python tools/thespian_suite.py [arguments of pytest]

The tests wait more than they compute (a fixed sleep after most steps), so they run in several processes side by side.
They also give an answer a fixed time to come, which a busy machine may exceed: what fails is tried once more, alone.
Nothing is copied and nothing of Thespian is edited: this replaces the fixture that gives a test its actor system, says
which classes the tests send to each other (the list of our base is closed), and deselects by name what cannot apply,
each with its reason. The policy is open: the tests are about Thespian's behaviour, ``tests/actors`` is about refusals.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import thespian.actors
import thespian.runcommand
import thespian.test
import thespian.troupe
from thespian.system.messages import admin as admin_messages

from daemoneye.actors.transport import rebinds
from daemoneye.actors.transport.agreed import Site
from daemoneye.actors.transport.base import UnixSystemBase
from daemoneye.actors.transport.conversation import shape_by_state
from daemoneye.actors.transport.policy import ANYONE, ANYTHING, Policy, Rule
from daemoneye.actors.transport.processes import tie_to_parent
from daemoneye.actors.transport.vocabulary import Shape, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARES = 4
# A share that has nothing to do (with ``-k``) says so with a code of its own.
UNDERSTOOD = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
SUITE = Path(thespian.test.__file__).parent
BASE = "daemoneyeUnixBase"
CAPABILITIES = {"Foo Allowed": True, "Cows Allowed": True, "Dogs Allowed": True, "dog": "food"}
# The largest message that the tests send.
MAX_FRAME = 64 * 1024 * 1024

CONVENTION = "joins systems over the network: a system of ours has no way out of its directory, by design"
# What the name of a test begins with, or the name of a fixture that it takes -> why it cannot apply.
NOT_APPLICABLE = {
    "test_sourceLoading.py": "loads code out of messages: such messages are not on our list, by design",
    "test_manyActorSystems.py": CONVENTION,
    "test_preRegistration.py": CONVENTION,
    "test_actorSystemRestart.py::testConnectToExistingActorSystem": CONVENTION,
}
FIXTURES_NOT_APPLICABLE = {"testsystems": CONVENTION, "asys_trio": CONVENTION, "asys_pair": CONVENTION}


class Suite:
    """A pytest plugin: of what applies, every ``step``th test from the ``first``."""

    deselected: ClassVar[dict[str, int]] = {}

    def __init__(self, first: int, step: int) -> None:
        self._share = slice(first, None, step)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        keep: list[pytest.Item] = []
        drop: list[pytest.Item] = []
        for item in items:
            reason = reason_against(item)
            (drop if reason else keep).append(item)
            if reason:
                self.deselected[reason] = self.deselected.get(reason, 0) + 1
        config.hook.pytest_deselected(items=drop)
        items[:] = keep[self._share]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for reason, count in sorted(self.deselected.items()):
            terminalreporter.write_line(f"deselected {count}: {reason}")


def reason_against(item: pytest.Item) -> str | None:
    fixtures = getattr(item, "fixturenames", ())
    if "asys" not in fixtures:
        return "takes no actor system from the fixture"
    if needed := FIXTURES_NOT_APPLICABLE.keys() & set(fixtures):
        return FIXTURES_NOT_APPLICABLE[needed.pop()]
    name = item.nodeid.partition("::")[0].rpartition("/")[2] + "::" + item.name.partition("[")[0]
    return next((reason for prefix, reason in NOT_APPLICABLE.items() if name.startswith(prefix)), None)


def sent_by_the_tests() -> Vocabulary:
    """Every class that a test module defines, and the messages of Thespian that daemoneye itself has no use for."""
    modules = [importlib.import_module(f"thespian.test.{path.stem}") for path in SUITE.glob("test_*.py")]
    modules += [thespian.actors, thespian.runcommand, thespian.troupe, admin_messages]
    kinds = {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__.startswith("thespian.") and is_message(kind)
    }
    moments = {datetime: Shape(lambda moment: (moment.isoformat(),), datetime.fromisoformat)}
    return Vocabulary(shapes={kind: shape_by_state(kind) for kind in kinds} | moments)


def is_message(kind: type) -> bool:
    return not issubclass(kind, (thespian.actors.Actor, thespian.actors.ActorSystem, BaseException)) and not any(
        hasattr(kind, name) for name in ("append", "extend", "add", "__setitem__")
    )


def system(capabilities: dict[str, Any]) -> Any:
    directory = Path(tempfile.mkdtemp())
    site = Site(
        directory=directory,
        vocabulary=sent_by_the_tests(),
        policy=Policy((Rule(ANYONE, ANYTHING, ANYONE),)),
        max_frame=MAX_FRAME,
    )

    class ForTests(UnixSystemBase):
        def shutdown(self) -> None:
            super().shutdown()
            shutil.rmtree(directory, ignore_errors=True)

    holder = type("Holder", (), {"capabilities": dict(capabilities)})
    base = ForTests(site, holder, thespian.test.simpleActorTestLogging())
    made: Any = thespian.actors.ActorSystem(base, transientUnique=True)
    made.base_name, made.port_num, made.txonly = BASE, None, False
    return made


@pytest.fixture(params=[BASE])
def asys() -> Iterator[Any]:
    made = system(CAPABILITIES)
    yield made
    made.shutdown()


def similar_asys(_asys: Any, in_convention: bool = True, start_wait: bool = True, capabilities: Any = None) -> Any:
    """A second system, in a directory of its own."""
    del in_convention
    made = system(capabilities or {})
    if start_wait:
        time.sleep(0.25)  # as Thespian's own
    return made


def run_share(first: int, step: int, arguments: list[str]) -> int:
    adopt_orphans()
    os.environ.pop("PYTHONUNBUFFERED", None)  # testCommandAbort waits for output that stays in a buffer
    thespian.test.asys = asys
    thespian.test.similar_asys = similar_asys
    rebinds.no_messages_in_log_files()
    plain = ["-q", "-rf", "-p", "no:cacheprovider", "--timeout=120", "-c", "/dev/null", "--rootdir", str(SUITE)]
    with tempfile.TemporaryDirectory(prefix="suite-") as ground:
        tempfile.tempdir = ground  # some tests leave a system to its fate, and its directory with it
        return int(pytest.main([*plain, *arguments], plugins=[Suite(first, step)]))


def adopt_orphans() -> None:
    """As the main process of the agent does: what a test leaves running ends with us."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    tie_to_parent(os.getppid())


def side_by_side(count: int, arguments: list[str]) -> tuple[int, list[str], bool]:
    """How many passed, the names of those that failed, and whether that is all there is to say."""
    with contextlib.ExitStack() as running:
        shares = [
            running.enter_context(
                subprocess.Popen(
                    [sys.executable, __file__, "--share", str(first), str(count), *arguments],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for first in range(count)
        ]
        told = "\n".join(share.communicate()[0] for share in shares)
    print(told)
    failed = re.findall(r"^FAILED (\S+)", told, re.MULTILINE)
    passed = sum(int(count) for count in re.findall(r"(\d+) passed", told))
    understood = all(share.returncode in UNDERSTOOD for share in shares) and " error" not in told
    return passed, failed, understood


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--share"]:
        return run_share(int(arguments[1]), int(arguments[2]), arguments[3:])
    passed, failed, understood = side_by_side(SHARES, [str(SUITE), *arguments])
    if failed and understood:
        print(f"tried once more, alone: {' '.join(failed)}")
        wanted = passed + len(failed)
        again, failed, understood = side_by_side(1, [str(Path.cwd() / name) for name in failed])
        passed += again
        understood &= passed + len(failed) == wanted
    print(f"{passed} passed, {len(failed)} failed" + ("" if understood else ", and something went wrong"))
    return int(bool(failed) or not understood or not passed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

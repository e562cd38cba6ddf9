"""Thespian's own functional tests, as they are installed with it (``thespian/test``), run against our system base.

    python tools/thespian_suite.py [arguments of pytest]

Nothing is copied and nothing of Thespian is edited: this replaces the fixture that gives a test its actor system, says
which classes the tests send to each other (the list of our base is closed), and deselects by name what cannot apply,
each with its reason. The policy is open: the tests are about Thespian's behaviour, ``tests/actors`` is about refusals.
"""

from __future__ import annotations

import importlib
import inspect
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest
import thespian.actors
import thespian.test
import thespian.troupe
from thespian.system.messages import admin as admin_messages

from daemoneye.actors.transport import rebinds
from daemoneye.actors.transport.agreed import Site
from daemoneye.actors.transport.base import UnixSystemBase
from daemoneye.actors.transport.conversation import shape_by_state
from daemoneye.actors.transport.policy import ANYONE, ANYTHING, Policy, Rule
from daemoneye.actors.transport.vocabulary import Vocabulary

SUITE = Path(thespian.test.__file__).parent
BASE = "daemoneyeUnixBase"
CAPABILITIES = {"Foo Allowed": True, "Cows Allowed": True, "Dogs Allowed": True, "dog": "food"}
# The largest message that the tests send.
MAX_FRAME = 32 * 1024 * 1024

# What a name begins with -> why it cannot apply.
NOT_APPLICABLE: dict[str, str] = {}


class Suite:
    """A pytest plugin."""

    deselected: ClassVar[dict[str, int]] = {}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        keep, drop = [], []
        for item in items:
            reason = reason_against(item)
            (drop if reason else keep).append(item)
            if reason:
                self.deselected[reason] = self.deselected.get(reason, 0) + 1
        config.hook.pytest_deselected(items=drop)
        items[:] = keep

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for reason, count in sorted(self.deselected.items()):
            terminalreporter.write_line(f"deselected {count}: {reason}")


def reason_against(item: pytest.Item) -> str | None:
    if "asys" not in getattr(item, "fixturenames", ()):
        return "needs no actor system: a unit test of Thespian's own"
    name = item.nodeid.partition("::")[0].rpartition("/")[2] + "::" + item.name.partition("[")[0]
    return next((reason for prefix, reason in NOT_APPLICABLE.items() if name.startswith(prefix)), None)


def sent_by_the_tests() -> Vocabulary:
    """Every class that a test module defines, and the messages of Thespian that daemoneye itself has no use for."""
    modules = [importlib.import_module(f"thespian.test.{path.stem}") for path in SUITE.glob("test_*.py")]
    modules += [thespian.actors, thespian.troupe, admin_messages]
    kinds = {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__.startswith("thespian.") and is_message(kind)
    }
    return Vocabulary(shapes={kind: shape_by_state(kind) for kind in kinds})


def is_message(kind: type) -> bool:
    return not issubclass(kind, (thespian.actors.Actor, thespian.actors.ActorSystem, BaseException)) and not any(
        hasattr(kind, name) for name in ("append", "extend", "add", "__setitem__")
    )


def system(capabilities: dict[str, Any]) -> Any:
    directory = Path(tempfile.mkdtemp(prefix="suite-"))
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
    made = thespian.actors.ActorSystem(base, transientUnique=True)
    made.base_name, made.port_num, made.txonly = BASE, None, False
    return made


@pytest.fixture(params=[BASE])
def asys(request: pytest.FixtureRequest) -> Any:
    made = system(CAPABILITIES)
    request.addfinalizer(made.shutdown)
    return made


def similar_asys(_asys: Any, in_convention: bool = True, start_wait: bool = True, capabilities: Any = None) -> Any:
    """A second system, in a directory of its own."""
    del in_convention
    made = system(capabilities or {})
    if start_wait:
        time.sleep(0.25)  # as Thespian's own
    return made


def main() -> int:
    thespian.test.asys = asys
    thespian.test.similar_asys = similar_asys
    rebinds.no_messages_in_log_files()
    arguments = ["-q", "-p", "no:cacheprovider", "--timeout=120", "-c", "/dev/null", "--rootdir", str(SUITE), str(SUITE)]
    return int(pytest.main([*arguments, *sys.argv[1:]], plugins=[Suite()]))


if __name__ == "__main__":
    sys.exit(main())

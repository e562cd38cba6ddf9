"""Where everything comes together: settings, identities, places, sockets, the tree, and then the broker's loop.

The order is the point. What needs the rights we were started with comes first: reading the settings, making directories
for the account, opening the sockets that clients will knock at. Then everything is imported that any process of the
tree will ever need, because after the next step the interpreter's own files may be out of reach. Then the main process
puts its identity on, and from there on it reads nothing but the broker's words.
"""

from __future__ import annotations

import importlib
import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from daemoneye.actors import runner
from daemoneye.actors.base import GuardedActor, Inheritance
from daemoneye.actors.lives import Lender
from daemoneye.actors.supervisor import SupervisorActor
from daemoneye.actors.table import INBOXES, POLICY, VOCABULARY
from daemoneye.actors.transport import rebinds
from daemoneye.actors.transport.addresses import RUNNER
from daemoneye.actors.transport.agreed import Site
from daemoneye.actors.transport.base import with_conversation
from daemoneye.actors.transport.begin import begin_child
from daemoneye.actors.transport.processes import tie_to_parent
from daemoneye.broker.loop import Brokered, keep
from daemoneye.errors import ConfigError
from daemoneye.host import hashing, landlock, seccomp, signals
from daemoneye.host.init_system import InitSystem
from daemoneye.host.naming import host_name
from daemoneye.host.privileges import plan, put_on
from daemoneye.host.sharing import share_with_forks
from daemoneye.host.titles import set_title
from daemoneye.logs import become, configure, log
from daemoneye.messages.tree import SettingsUnreadable
from daemoneye.premises import prepare
from daemoneye.settings.changes import with_fixed
from daemoneye.settings.files import digest, gather, understand
from daemoneye.settings.parcel import pack
from daemoneye.supervisor.child import KILL_TIMEOUT_S
from daemoneye.supervisor.specs import START_TIMEOUT_S
from daemoneye.tree import BY_NAME, MAIN, ROLES, SUPERVISOR, Ground, Read, modules, present, writable

if TYPE_CHECKING:
    import socket

    from daemoneye.broker.words import StartRequest
    from daemoneye.host.identities import Identity
    from daemoneye.premises import Premises
    from daemoneye.settings.model import Settings

# What others import when they first need it: forking; the options of a message; what else a mistyped key may mean.
_LOADED_LATE: Final = ("multiprocessing.popen_fork", "google.protobuf.descriptor_pb2", "difflib")


def run(config: Path | None) -> int:
    """Until somebody stops it; the exit code is the keeper's."""
    began_s = time.monotonic()
    first = _read(config)
    settings = first.settings
    configure()
    identities = plan(settings.user)
    for warning in identities.warnings:
        log("warning", "privileges.limited", message=warning)
    prepared = prepare(settings, identities)
    ground = Ground(
        first=first,
        identities=identities,
        broker=prepared.broker_path,
        main_pid=os.getpid(),
        began_s=began_s,
        correlation_key=prepared.correlation_key,
        host_name=host_name(),
        host_id=prepared.host_id,
    )
    try:
        _preload(settings)
        rebinds.apply()
        share_with_forks()
        put_on(identities.broker)
        _entitle(MAIN, identities.broker)
        return keep(_brokered(Agent(ground, prepared, config), ground, prepared, config))
    finally:
        put_on(identities.others)  # whose the files are; not in a fork, which may be what there is no room for
        with suppress(OSError):  # the directory may be gone, or hold what is not ours: no reason to have failed
            prepared.remove()


def _read(config: Path | None) -> Read:
    sources = gather(config)
    return Read(settings=understand(sources).settings, sha256=digest(sources), at_ms=time.time_ns() // 1_000_000)


def _preload(settings: Settings) -> None:
    """What would be imported later could not be read later."""
    if notice := hashing.prepare():
        log("warning", "hashing.limited", message=notice)
    for module in (*_LOADED_LATE, *modules(settings)):
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:  # only of an extra: all else is a dependency
            raise ConfigError(
                "outputs.nats.enabled", f"{error.name} is not installed", "pip install 'daemoneye[nats]'"
            ) from None


def _entitle(role: str, identity: Identity) -> None:
    become(role)
    set_title(role, identity.privilege)


class Agent:
    """What the forks of the main process do."""

    def __init__(self, ground: Ground, prepared: Premises, config: Path | None) -> None:
        self._ground = ground
        self._prepared = prepared
        self._config = config
        self._identities = ground.identities
        self._lender = Lender(ground.broker)
        site = Site(
            directory=Path(),  # where each of its processes is: a path of any length is too long for some sockets
            vocabulary=VOCABULARY,
            policy=POLICY,
            roles={role.actor: role.name for role in ROLES} | {runner.SUPERVISOR_CLASS: SUPERVISOR},
            inboxes=INBOXES,
            uids={role.name: frozenset((self._identity(role.name).uid,)) for role in ROLES},
            lenders=dict.fromkeys(BY_NAME, self._lender),
            enter=self._enter,
            report=lambda line: log("warning", "actors.refused", message=line),
            adopter=ground.main_pid,
        )
        self._site = with_conversation(site)

    def _identity(self, role: str) -> Identity:
        known = BY_NAME.get(role)
        return self._identities.collector if known and known.privileged else self._identities.others

    def start_runner(self, channel: socket.socket, tree: int) -> None:
        # a later tree has the settings of its own day: read while we may, understood when we may nothing else
        parcel = pack(self._config) if tree > 1 else None
        self._leave_to(())
        signals.ignore()
        os.chdir(self._prepared.actors)
        put_on(self._identities.others)
        # what the runner may, its forks may: Thespian's admin and logger, and the supervisor
        landlock.restrict([self._prepared.actors], make_sockets_in=None, tcp=False, scope_signals=False)
        tie_to_parent(self._ground.main_pid)
        _entitle(RUNNER, self._identities.others)
        first = self._ground.first if parcel is None else self._today(parcel)
        SupervisorActor.ground = replace(self._ground, first=first, runner_pid=os.getpid())
        SupervisorActor.lender = self._lender
        raise SystemExit(runner.run(self._site, channel, tree))

    def _today(self, parcel: bytes) -> Read:
        """Those of the start, if they are not valid today."""
        first, found = self._ground.first, runner.reread(parcel)
        if isinstance(found, SettingsUnreadable):
            log("error", "config.rejected", message=found.problems)
            return first
        return Read(settings=with_fixed(first.settings, found.settings), sha256=found.sha256, at_ms=found.read_ms)

    def begin(self, request: StartRequest, last_words: int) -> None:
        os.chdir(self._prepared.actors)
        GuardedActor.inherited = Inheritance(
            sockets=self._leave_to(BY_NAME[request.role].sockets), last_words=last_words
        )
        begin_child(
            self._site,
            request.role,
            actor_class=BY_NAME[request.role].actor,
            instance=request.instance,
            parent=request.parent,
            logger=request.logger,
            admin_pid=request.admin_pid,
            runner_pid=0,  # it has nothing to say to this one
            main_pid=self._ground.main_pid,
        )

    def _leave_to(self, names: tuple[str, ...]) -> dict[str, socket.socket]:
        """Close what is not for this process; return what is."""
        opened = self._prepared.sockets | self._prepared.channels
        for name, each in opened.items():
            if name not in names:
                each.close()
        os.close(self._prepared.lock)
        return {name: opened[name] for name in names}

    def _enter(self, role: str) -> None:
        """In each new process of an actor, before it has a socket."""
        identity = self._identity(role)
        if known := BY_NAME.get(role):
            put_on(identity)
            if known.privileged:
                seccomp.restrict()  # in a Landlock domain it could not look at other processes
            else:
                where = writable(known, self._ground.first.settings)
                landlock.restrict(where, make_sockets_in=self._prepared.actors, tcp=known.network, scope_signals=True)
        _entitle(role, identity)


def _brokered(agent: Agent, ground: Ground, prepared: Premises, config: Path | None) -> Brokered:
    given = ground.first.settings.supervisor
    return Brokered(
        listening=prepared.broker,
        requester_uid=ground.identities.others.uid,
        roles=frozenset(role.name for role in present(ground.first.settings)),
        start_runner=agent.start_runner,
        begin=agent.begin,
        after_fork=lambda: None,
        reread=lambda: pack(config),
        intensity=given.intensity,
        period_s=given.period,
        heartbeat_interval_s=given.heartbeat_interval,
        missed_heartbeats=given.missed_heartbeats,
        start_timeout_s=START_TIMEOUT_S,
        stop_timeout_s=sum(role.shutdown_s for role in present(ground.first.settings)) + KILL_TIMEOUT_S,
        notifier=InitSystem.taken_from(os.environ, os.getpid()),
        log=_log,
        clock=time.monotonic,
    )


_CALM: Final = frozenset(("tree_starting", "stop_asked", "stopping", "left"))


def _log(event: str, **fields: Any) -> None:
    log("info" if event in _CALM else "error", f"main.{event}", **fields)

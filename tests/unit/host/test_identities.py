"""Who is who: every row of the table, from values alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from daemoneye.errors import ConfigError
from daemoneye.host.capabilities import Capability
from daemoneye.host.identities import NOBODY, SWITCHING, WATCHING, Identity, Mode, Start, decide

ROOT = Start(uid=0, gid=0, groups=(0, 4), permitted=frozenset(Capability), user="daemoneye", account=(991, 992))
SOMEBODY = Start(uid=1000, gid=100, groups=(100, 27), permitted=frozenset(), user="daemoneye", account=(991, 992))


def test_root_with_the_account() -> None:
    """Main stays root with five capabilities; the collector is the account with two, the others with none."""
    found = decide(ROOT)
    assert found.broker == Identity(uid=0, gid=0, capabilities=WATCHING | SWITCHING)
    assert found.collector == Identity(uid=991, gid=992, capabilities=WATCHING)
    assert found.others == Identity(uid=991, gid=992)
    assert (found.mode, found.warnings) == (Mode.ACCOUNT, ())


def test_root_without_the_account() -> None:
    """A warning; nobody's uid for the others, and nobody's files for the collector."""
    found = decide(replace(ROOT, account=None))
    assert found.broker == decide(ROOT).broker
    assert found.collector == Identity(uid=0, gid=0, filesystem=NOBODY, capabilities=WATCHING)
    assert found.others == Identity(uid=65534, gid=65534)
    assert found.mode is Mode.NO_ACCOUNT
    assert found.warnings == (
        (
            "there is no account 'daemoneye': everything but main and the collector runs as uid 65534, "
            "which other programs may use too"
        ),
    )


def test_somebody_with_the_two() -> None:
    """What the init system gave goes to main and the collector; nobody changes the uid, whatever accounts there are."""
    found = decide(replace(SOMEBODY, permitted=WATCHING))
    holder = Identity(uid=1000, gid=100, groups=(100, 27), capabilities=WATCHING, bounding_emptied=False)
    assert found.broker == found.collector == holder
    assert found.others == replace(holder, capabilities=frozenset())
    assert (found.mode, found.warnings) == (Mode.ONE_UID, ())


def test_somebody_with_nothing() -> None:
    """It runs, and says what it will not see."""
    found = decide(SOMEBODY)
    assert found.broker == found.collector == found.others
    assert not found.others.capabilities
    assert found.warnings == (
        (
            "without dac_read_search,sys_ptrace these stay unseen where a process is another account's: "
            "executable, working directory and namespaces; environment, I/O counters, open files and sockets; "
            "executables that not everybody may read"
        ),
    )


def test_one_of_the_two_is_used_and_the_other_missed() -> None:
    """Half a gift is taken, and the warning is about the other half."""
    found = decide(replace(SOMEBODY, permitted=frozenset((Capability.SYS_PTRACE,))))
    assert found.collector.capabilities == {Capability.SYS_PTRACE}
    assert found.warnings == (
        (
            "without dac_read_search these stay unseen where a process is another account's: "
            "environment, I/O counters, open files and sockets; executables that not everybody may read"
        ),
    )


def test_root_of_a_usual_container() -> None:
    """Root without the two still drops to the account, and says what it cannot see."""
    given = SWITCHING | {Capability.CHOWN, Capability.SETPCAP}
    found = decide(replace(ROOT, permitted=given))
    assert found.broker.capabilities == SWITCHING
    assert found.collector == found.others == Identity(uid=991, gid=992)
    assert len(found.warnings) == 1


def test_a_root_that_can_be_nobody_else() -> None:
    """Main must be able to end what it starts; without that every process stays uid 0, and the operator hears it."""
    for lacking in SWITCHING:
        found = decide(replace(ROOT, permitted=frozenset(Capability) - {lacking}))
        assert (found.mode, found.others.uid, found.others.capabilities) == (Mode.ONE_UID, 0, frozenset())
        assert found.broker.capabilities == WATCHING
        assert found.warnings == (f"started as root without {lacking.name.lower()}: every process stays uid 0",)
    unreachable = decide(replace(ROOT, reachable=False))
    assert (unreachable.mode, unreachable.others.uid) == (Mode.ONE_UID, 0)
    assert "user namespace" in unreachable.warnings[0]


def test_an_account_that_is_root_is_no_account() -> None:
    """`user: root` would undo what the setting is for."""
    with pytest.raises(ConfigError, match=r"^user: the account 'toor' has uid 0: an account that is not root's$"):
        decide(replace(ROOT, user="toor", account=(0, 0)))
    assert decide(replace(SOMEBODY, user="toor", account=(0, 0))).mode is Mode.ONE_UID


def test_nobody_but_main_and_collector_ever_holds_anything() -> None:
    """Whatever the start was like."""
    gifts = (frozenset[Capability](), WATCHING, SWITCHING, WATCHING | SWITCHING, frozenset(Capability))
    accounts = ((991, 992), None)
    for uid, permitted, account, reachable in product((0, 1000), gifts, accounts, (True, False)):
        start = replace(ROOT, uid=uid, permitted=permitted, account=account, reachable=reachable)
        found = decide(start)
        assert not found.others.capabilities
        assert found.collector.capabilities == permitted & WATCHING
        assert found.broker.capabilities <= permitted & (WATCHING | SWITCHING)
        assert found.others.bounding_emptied == (Capability.SETPCAP in permitted)


def test_privilege_is_written_as_titles_show_it() -> None:
    """The same words in ps, in status and in these documents."""
    assert decide(ROOT).collector.privilege == "dac_read_search,sys_ptrace"
    assert decide(ROOT).others.privilege == "none"

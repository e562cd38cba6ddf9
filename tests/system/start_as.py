"""Starts ``daemoneye`` as an init system starts a service of another account: ``start_as.py UID[+] COMMAND…``.

With the plus it gets the two ambient capabilities. There is no exec after the change of account, because that account
may not be able to read this interpreter.
"""

from __future__ import annotations

import codecs
import ctypes
import os
import sys

import daemoneye.cli.run  # noqa: F401 - what main would import as somebody else
from daemoneye import agent
from daemoneye.__main__ import main
from daemoneye.host import capabilities as kernel
from daemoneye.host.capabilities import Sets, mask_of
from daemoneye.host.identities import WATCHING
from daemoneye.settings.model import Settings

_PR_CAP_AMBIENT, _RAISE = 47, 2
_PR_SET_DUMPABLE = 4


def become(uid: int, *, privileged: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    held = WATCHING if privileged else frozenset()
    kernel.keep_capabilities(True)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    mask = mask_of(held)
    kernel.capset(Sets(mask, mask, mask))
    for each in held:
        assert libc.prctl(_PR_CAP_AMBIENT, _RAISE, ctypes.c_ulong(each), 0, 0) == 0
    assert libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0) == 0  # an exec would have made it so


if __name__ == "__main__":
    who, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    agent._preload(Settings())  # the same
    codecs.lookup("ascii")
    become(int(who.rstrip("+")), privileged=who.endswith("+"))
    sys.exit(main())

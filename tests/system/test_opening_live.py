"""Opening for others on a filesystem that no longer answers."""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path

import pytest

from daemoneye.actors.opener import Opened, Opener
from daemoneye.host.hashing import HashOutcome
from daemoneye.host.opening import Order, open_image
from daemoneye.model.process import HashStatus
from tests.system.zoo import Zoo, as_root, may_mount

TIMEOUT_S = 0.3


def answers(opener: Opener) -> list[Opened]:
    opened: list[Opened] = []
    deadline = time.monotonic() + 20
    while opener.busy:
        assert time.monotonic() < deadline
        select.select([opener.descriptor], [], [], 0.05)
        opened += opener.settle(time.monotonic())
    return opened


@may_mount
@as_root
@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="needs a filesystem that can be made to hang")
def test_a_dead_mount_costs_one_answer_and_no_more(zoo: Zoo) -> None:
    """What hangs is given up, what does not is opened, and all is well when the mount is gone."""
    folder = zoo.place / "hung"
    folder.mkdir()
    program = zoo.copy(place=folder)
    status = program.stat()
    running, there = (Order(b"/proc", zoo.start(program), each, status.st_dev, status.st_ino) for each in (False, True))
    other = zoo.copy("other")
    elsewhere = Order(b"/proc", zoo.start(other), True, -other.stat().st_dev, 0)
    # a server that never answers, mounted over the directory of running programs
    server = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
    subprocess.run(["mount", "-i", "-t", "fuse", "-o", options, "none", folder], pass_fds=[server], check=True)
    opener = Opener(open_image, timeout_s=TIMEOUT_S)
    try:
        for number, order in enumerate((running, there, there, running, elsewhere)):
            opener.ask(number, order)
        began = time.monotonic()
        image, hung, refused, again, moved = answers(opener)
        assert time.monotonic() - began < 5
    finally:
        os.close(server)
        subprocess.run(["umount", "-l", folder], check=True)
    for each in (image, again):
        assert isinstance(each.file, int), "the program itself does not lie on the mount"
        os.close(each.file)
    assert isinstance(hung.file, HashOutcome)
    assert (hung.file.status, hung.file.reason) == (HashStatus.TIMEOUT, "did not open within 0.3 s")
    assert isinstance(refused.file, HashOutcome)
    assert refused.file.reason == "its filesystem does not answer"
    assert isinstance(moved.file, HashOutcome)
    assert moved.file.status is HashStatus.GONE
    ready, _, _ = select.select([opener.descriptor], [], [], 20)
    assert ready, "the kernel lets go of whoever waited for a server that is gone"
    opener.settle(time.monotonic())
    opener.ask(9, running)
    (again,) = answers(opener)
    assert isinstance(again.file, int)
    os.close(again.file)
    opener.close()

"""Who looks at the process list sees which process may do what."""

from __future__ import annotations

import subprocess
import sys


def test_ps_shows_role_and_privilege() -> None:
    """An auditor needs no tool of ours to find the one process that is privileged."""
    program = "from daemoneye.host.titles import set_title; set_title('collector', 'dac_read_search,sys_ptrace')"
    command = [sys.executable, "-c", f"{program}; print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        shown = subprocess.run(["ps", "-o", "args=", "-p", str(child.pid)], capture_output=True, check=True).stdout
        child.communicate(b"\n")
    assert shown.strip() == b"daemoneye: collector [dac_read_search,sys_ptrace]"

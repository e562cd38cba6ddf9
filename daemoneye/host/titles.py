"""What ``ps`` shows of each process: its role and its privilege, so that nobody has to ask which one may do what."""

from __future__ import annotations

from setproctitle import setproctitle


def set_title(role: str, privilege: str) -> None:
    """``daemoneye: collector [dac_read_search,sys_ptrace]``, written over this process's own arguments."""
    setproctitle(f"daemoneye: {role} [{privilege}]")

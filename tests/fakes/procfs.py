"""A ``/proc`` made of ordinary files: what the kernel would show, as far as files and links can show it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BOOT_ID = "8a4a1d6e-1b44-4c8b-9f6e-7f4b3f1f2a10"
BOOT_TIME_S = 1_700_000_000
KERNEL_THREAD = 0x00200000

STATUS = """Name:\tx
Umask:\t0022
State:\tS (sleeping)
Uid:\t{uids}
Gid:\t{gids}
FDSize:\t64
Groups:\t{groups}
CapInh:\t0000000000000000
CapPrm:\t00000000a80425fb
CapEff:\t00000000a80425fb
CapBnd:\t00000000a80425fb
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Threads:\t1
"""


def stat_line(
    pid: int,
    *,
    comm: bytes = b"sleep",
    state: bytes = b"S",
    ppid: int = 1,
    start_ticks: int = 100,
    flags: int = 0x400000,
    user: int = 3,
    system: int = 4,
    rss_pages: int = 25,
    tty: int = 0,
    image: int = 0x5000,
    threads: int = 1,
) -> bytes:
    """Fifty-two fields, with ``image`` where an exec leaves its traces; 0 stands for an image not shown."""
    fields = [b"0"] * 53
    fields[1] = b"%d" % pid
    fields[2] = b"(%b)" % comm
    fields[3] = state
    numbers = {
        4: ppid,
        5: pid,
        6: pid,
        7: tty,
        9: flags,
        14: user,
        15: system,
        20: threads,
        22: start_ticks,
        24: rss_pages,
    }
    numbers |= {26: image, 27: image + 100, 28: image * 2, 47: image + 300}
    for position, number in numbers.items():
        fields[position] = b"%d" % number
    return b" ".join(fields[1:]) + b"\n"


class FakeProc:
    """Builds the tree; give ``root`` to the reader."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs = root.parent / "programs"
        self.programs.mkdir()
        (root / "sys/kernel/random").mkdir(parents=True)
        (root / "sys/kernel/random/boot_id").write_text(f"{BOOT_ID}\n")
        self.machine_stat()
        (root / "1").mkdir()  # of every pid namespace; nothing is read of it
        (root / "1/stat").write_bytes(stat_line(1, comm=b"init", flags=KERNEL_THREAD, ppid=0))

    def machine_stat(self, forks: int = 4321) -> None:
        (self.root / "stat").write_text(f"cpu  1 2 3 4\nctxt 99\nbtime {BOOT_TIME_S}\nprocesses {forks}\n")

    def program(self, name: str) -> Path:
        """Put a file where executables lie."""
        path = self.programs / name
        path.write_bytes(b"\x7fELF " + name.encode(errors="surrogateescape"))
        return path

    def add(
        self,
        pid: int,
        *,
        cmdline: bytes = b"sleep\x0060\x00",
        program: Path | None = None,
        root: str = "/",
        uids: str = "1000\t1001\t1002\t1003",
        gids: str = "100\t101\t102\t103",
        groups: str = "27 100 ",
        stat: bytes | None = None,
    ) -> Path:
        """Start a process."""
        directory = self.root / str(pid)
        directory.mkdir()
        (directory / "stat").write_bytes(stat_line(pid) if stat is None else stat)
        (directory / "cmdline").write_bytes(cmdline)
        (directory / "status").write_text(STATUS.format(uids=uids, gids=gids, groups=groups))
        (directory / "loginuid").write_text("1000")
        (directory / "exe").symlink_to(program or self.program("sleep"))
        (directory / "root").symlink_to(root)
        (directory / "cwd").symlink_to("/srv")
        return directory

    def enhance(self, pid: int, *, environ: bytes = b"", cgroup: bytes = b"0::/system.slice/x.service\n") -> Path:
        """Add what only ``scan.enhanced`` reads."""
        directory = self.root / str(pid)
        (directory / "ns").mkdir()
        for number, kind in enumerate(("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"), start=4026531835):
            (directory / "ns" / kind).symlink_to(f"{kind}:[{number}]")
        (directory / "fd").mkdir()
        (directory / "net").mkdir()
        (directory / "environ").write_bytes(environ)
        (directory / "cgroup").write_bytes(cgroup)
        return directory

    def set_stat(self, pid: int, stat: bytes) -> None:
        """Change it in place, as the kernel does: who has it open sees the change."""
        (self.root / str(pid) / "stat").write_bytes(stat)

    def remove(self, pid: int) -> None:
        shutil.rmtree(self.root / str(pid))

"""Plays the main process: forks whom it is asked for, gives the descriptor of the process back, and holds the lease."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from daemoneye.actors.transport.begin import begin_child

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.actors.transport.agreed import Site
    from daemoneye.actors.transport.loans import Loan

CLASSES = {"warden": "tests.actors.cast.Warden"}


class Lent:
    def __init__(self, lease: socket.socket, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._lease = lease
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        self._lease.close()


class Landlord:
    """Reaps nobody: who died stays a zombie, as it is for a moment in a main process that has much to do."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.runner_pid = os.getpid()  # a main process would know, this one is told
        self._process: Any = None

    @property
    def pid(self) -> int:
        pid: int = self._process.pid
        return pid

    def lend(self, loan: Loan) -> Lent:
        """In the process of whoever borrows."""
        if loan.instance > 1:
            raise BlockingIOError("there is no process left")
        lease = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lease.connect(str(self._path))
        lease.send(json.dumps(asdict(loan) | {"runner_pid": self.runner_pid}).encode())
        answer, descriptors, _, _ = socket.recv_fds(lease, 100, 1)
        return Lent(lease, int(answer), descriptors[0])

    def serve(self, site: Site) -> Site:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(str(self._path))
        self._path.chmod(0o666)
        listening.listen()
        self._process = multiprocessing.get_context("fork").Process(
            target=self._serve, args=(listening, site), daemon=True
        )
        self._process.start()
        listening.close()
        return site

    def _serve(self, listening: socket.socket, site: Site) -> None:
        while True:
            lease, _ = listening.accept()
            wanted = json.loads(lease.recv(1000))
            main_pid = os.getpid()
            if not (pid := os.fork()):
                listening.close()
                lease.close()
                role = wanted.pop("role")
                actor_class = CLASSES[role]
                try:
                    begin_child(site, role, actor_class=actor_class, main_pid=main_pid, **wanted)
                finally:
                    os._exit(0)
            descriptor = os.pidfd_open(pid)
            socket.send_fds(lease, [str(pid).encode()], [descriptor])
            os.close(descriptor)

    def end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.join()

"""A tree that lies in every way a tree of files can lie."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.host.procfs.command import split_command
from daemoneye.host.procfs.facts import Depth
from daemoneye.host.procfs.reader import ProcfsSource
from daemoneye.host.procfs.stat import parse_stat
from daemoneye.model.process import OnDisk
from tests.fakes.procfs import FakeProc, stat_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.model.observation import Snapshot

FILES = ("stat", "cmdline", "status", "loginuid", "exe", "root", "cwd", "environ", "cgroup", "ns/net", "fd", "net")


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(path.name + ".aside"))
    else:
        path.unlink(missing_ok=True)
    make(path)


def damages() -> st.SearchStrategy[Callable[[Path], None]]:
    contents = st.binary(max_size=300) | st.just(b"9" * 5000) | st.just(b"\0" * 70_000)
    targets = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
    return st.one_of(
        st.just(lambda path: _replace(path, lambda _: None)),
        st.just(lambda path: _replace(path, lambda p: p.mkdir())),
        contents.map(lambda raw: lambda path: _replace(path, lambda p: p.write_bytes(raw))),
        targets.map(lambda target: lambda path: _replace(path, lambda p: p.symlink_to(target))),
        st.integers(0, 200).map(lambda size: lambda path: _truncate(path, size)),
        st.integers(0, 200).map(lambda at: lambda path: _flip(path, at)),
    )


def _truncate(path: Path, size: int) -> None:
    if path.is_file():
        path.write_bytes(path.read_bytes()[:size])


def _flip(path: Path, at: int) -> None:
    if path.is_file():
        raw = bytearray(path.read_bytes())
        if raw:
            raw[at % len(raw)] ^= 0x41
            path.write_bytes(raw)


@settings(max_examples=120, deadline=None)
@given(
    before=st.lists(st.tuples(st.sampled_from(FILES), damages()), max_size=4),
    between=st.lists(st.tuples(st.sampled_from(FILES), damages()), max_size=4),
    during=st.lists(st.tuples(st.sampled_from(FILES), damages()), max_size=2),
    depth=st.sampled_from(Depth),
)
def test_a_lying_tree_yields_records_with_reasons_or_nothing(
    before: list[tuple[str, Callable[[Path], None]]],
    between: list[tuple[str, Callable[[Path], None]]],
    during: list[tuple[str, Callable[[Path], None]]],
    depth: Depth,
) -> None:
    """Whatever is truncated, swapped, missing or binary: no exception, no wrong identity, and no neighbour hurt."""
    with tempfile.TemporaryDirectory() as place:
        proc = FakeProc(_made(Path(place) / "proc"))
        victim = proc.add(42, stat=stat_line(42, start_ticks=777))
        proc.enhance(42, environ=b"LD_PRELOAD=x\0")
        proc.add(43)
        proc.enhance(43)
        pending = list(during)

        def mask(arguments: list[str]) -> tuple[str, ...]:
            while pending:
                name, damage = pending.pop()
                damage(victim / name)
            return tuple(arguments)

        source = ProcfsSource(
            mask=mask,  # type: ignore[arg-type]
            depth=depth,
            environment_names=["LD_PRELOAD"],
            process_timeout_s=30,
            proc_root=os.fsencode(proc.root),
        )
        try:
            done = during[:]
            for damaged in (before, between, []):
                for name, damage in damaged:
                    damage(victim / name)
                done += damaged
                _check(source.scan(), identity_stands="stat" not in dict(done))
        finally:
            source.close()


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def _check(snapshot: Snapshot, *, identity_stands: bool) -> None:
    by_pid = {key.pid: observation for key, observation in snapshot.processes.items() if key.pid != 1}
    assert by_pid.keys() <= {42, 43}
    assert by_pid[43].facts.command_line == ("sleep", "60")
    losses = snapshot.losses
    assert losses.vanished + losses.malformed + losses.refused + losses.timeout == 2 - len(by_pid)
    for key, observation in snapshot.processes.items():
        assert key == observation.key
        facts = observation.facts
        if facts.on_disk is not OnDisk.UNKNOWN:
            assert facts.executable_file is not None
            assert facts.executable_path is not None
        "".join([facts.name, *facts.command_line, facts.cwd or ""]).encode()
    if identity_stands:
        assert by_pid[42].sample.start_ticks == 777


@given(
    comm=st.binary(max_size=64).filter(lambda comm: b"\0" not in comm),
    ppid=st.integers(0, 2**31),
    start=st.integers(0, 2**62),
)
def test_no_name_can_forge_the_rest(comm: bytes, ppid: int, start: int) -> None:
    """Whatever a process calls itself, its parent and start are what the kernel wrote."""
    sample = parse_stat(stat_line(7, comm=comm, ppid=ppid, start_ticks=start), pid=7, uid=0, page_size=1)
    assert (sample.ppid, sample.start_ticks) == (ppid, start)


@given(st.binary(max_size=400), st.integers(1, 10))
def test_any_bytes_are_a_stat_or_are_refused(raw: bytes, pid: int) -> None:
    """A stat of rubbish is refused, never half understood."""
    try:
        sample = parse_stat(raw, pid=pid, uid=0, page_size=4096)
    except ValueError:
        return
    assert sample.pid == pid


@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda a: b"\0" not in a), min_size=2, max_size=8))
def test_arguments_come_back_as_they_were(arguments: list[bytes]) -> None:
    """Two or more arguments are never taken for a title."""
    assert split_command(b"\0".join(arguments) + b"\0", None) == arguments

"""How fast digests are made, next to the tools that make the same ones.

The peers are C ``ssdeep`` (the command, if installed), ppdeep and hashlib; all see the same bytes in the same run, in
turns, and medians are compared. That the digests agree is checked first, or the numbers would mean nothing. Contents
are random bytes, and the programs and libraries of this machine one after the other, whose structure is harder on
ssdeep. ppdeep is given the beginning of the content only: all of it takes it minutes.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import ppdeep

from daemoneye.host.hashing import hash_descriptor, prepare
from daemoneye.integrity.digests import engines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB: Final = 1 << 20
LARGE: Final = 64 * MIB
FOR_PPDEEP: Final = MIB
SIZES: Final = (1024, 256 * 1024, 4 * MIB)
CLAIMS: Final = {"C ssdeep": 0.8, "ppdeep": 30.0}  # times as fast, at least
BOTH_CLAIM: Final = 1.3  # times as long as ssdeep alone, at most


def programs() -> bytes:
    gathered = bytearray()
    for path in sorted(Path("/usr").rglob("*")):
        if len(gathered) >= LARGE:
            break
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    gathered += b"\x7fELF" + file.read()
    return bytes(gathered[:LARGE])


def medians(rounds: int, contenders: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of processor time each, of child processes too; in turns, so that a busy moment meets all of them."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            begin = processor_time()
            contender()
            spent[name].append(processor_time() - begin)
    return {name: median(times) for name, times in spent.items()}


def processor_time() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def ssdeep_alone(path: Path) -> str:
    engine = engines().Engine(path.stat().st_size)
    for chunk in chunks(path):
        engine.update(chunk)
    return engine.digest()


def sha256_alone(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def chunks(path: Path) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(256 * 1024))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            yield buffer[:count]


def both(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        digests = hash_descriptor(descriptor).digests
    finally:
        os.close(descriptor)
    return str(digests and digests.ssdeep)


def c_ssdeep(path: Path) -> str:
    done = subprocess.run(["ssdeep", "-s", path], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[1].split(",")[0]


def large(name: str, content: bytes, path: Path, rounds: int) -> None:
    path.write_bytes(content)
    begin = path.with_name("begin")
    begin.write_bytes(content[:FOR_PPDEEP])
    contenders: dict[str, Callable[[], object]] = {
        "ssdeep": lambda: ssdeep_alone(path),
        "SHA-256": lambda: sha256_alone(path),
        "both": lambda: both(path),
    }
    if shutil.which("ssdeep"):
        contenders["C ssdeep"] = lambda: c_ssdeep(path)
        agree(ssdeep_alone(path), c_ssdeep(path))
    agree(ssdeep_alone(begin), ppdeep.hash(begin.read_bytes()))
    agree(both(path), ssdeep_alone(path))
    contenders["ppdeep"] = lambda: ppdeep.hash(begin.read_bytes())
    sizes = dict.fromkeys(contenders, len(content)) | {"ppdeep": FOR_PPDEEP}
    rates = {who: sizes[who] / seconds for who, seconds in medians(rounds, contenders).items()}
    print(
        f"{name}, {len(content) // MIB} MiB: "
        + ", ".join(f"{who} {rate / 1e6:,.0f} MB/s" for who, rate in rates.items())
    )
    for peer, claim in CLAIMS.items():
        if peer in rates:
            ratio = rates["ssdeep"] / rates[peer]
            print(f"  {ratio:.2f} times {peer}; claim {claim}: {'kept' if ratio >= claim else 'BROKEN'}")
    ratio = rates["ssdeep"] / rates["both"]
    verdict = "kept" if ratio <= BOTH_CLAIM else "BROKEN"
    print(f"  both take {ratio:.2f} times as long as ssdeep; claim {BOTH_CLAIM}: {verdict}")


def agree(one: str, other: str) -> None:
    if one != other:
        raise SystemExit(f"they differ: {one} and {other}")


def small(content: bytes, path: Path, rounds: int) -> None:
    contenders: dict[str, Callable[[], object]] = {
        "SHA-256": lambda: sha256_alone(path),
        "ssdeep": lambda: ssdeep_alone(path),
        "both": lambda: both(path),
    }
    if library := libfuzzy():
        contenders["libfuzzy"] = lambda: library.fuzzy_hash_filename(bytes(path), result)
    result = ctypes.create_string_buffer(148)  # FUZZY_MAX_RESULT
    print("µs a file, opened and read" + "".join(f"{name:>10}" for name in contenders))
    for size in SIZES:
        path.write_bytes(content[:size])
        times = medians(rounds, contenders)
        print(f"{size:>26,}" + "".join(f"{times[name] * 1e6:>10,.0f}" for name in contenders))


def libfuzzy() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libfuzzy.so.2")
    except OSError:
        return None


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    begin = time.perf_counter()
    prepare()
    print(f"loading numpy and the engine: {(time.perf_counter() - begin) * 1e3:.0f} ms")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "content")
        for name, content in (("random", os.urandom(LARGE)), ("programs", programs())):
            large(name, content, path, rounds)
            small(content, path, 20 * rounds)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()

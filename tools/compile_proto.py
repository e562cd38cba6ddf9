"""proto/*.proto -> Python, into the directory named on the command line (``make proto``).

protoc writes modules that expect to lie on ``sys.path`` and to share the interpreter's one descriptor pool. Two textual
replacements make them members of our package instead; each must hit, or protoc has changed and this file must follow.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped] # it has no stubs

PROTO = Path(__file__).resolve().parent.parent / "proto"
REWRITES = {
    "import common_pb2 as ": "from daemoneye.wire.generated import common_pb2 as ",
    "from google.protobuf import descriptor_pool as ": "from daemoneye.wire import pool as ",
}
REWRITTEN = re.compile("^(?:" + "|".join(map(re.escape, REWRITES)) + ")", re.MULTILINE)
EXPECTED_HITS = 7  # the import of common in .py and .pyi of ipc and agent, and the pool in the three .py


def compile_into(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path) for path in PROTO.glob("*.proto"))
    status = protoc.main(["protoc", f"--proto_path={PROTO}", f"--python_out={target}", f"--pyi_out={target}", *sources])
    if status:
        sys.exit(f"compile_proto: protoc ended with {status}: expected 0")
    hits = sum(_move_into_the_package(module) for module in target.glob("*_pb2.py*"))
    if hits != EXPECTED_HITS:
        sys.exit(f"compile_proto: {hits} imports rewritten: expected {EXPECTED_HITS}")


def _move_into_the_package(module: Path) -> int:
    code, hits = REWRITTEN.subn(lambda found: REWRITES[found[0]], module.read_text(encoding="utf-8"))
    module.write_text(code, encoding="utf-8")
    return hits


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: compile_proto.py OUTDIR")
    compile_into(Path(sys.argv[1]))

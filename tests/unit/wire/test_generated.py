"""The committed code against ``proto/``, and its manners inside other people's programs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
GENERATED = ROOT / "daemoneye" / "wire" / "generated"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_committed_code_is_what_the_definitions_compile_to(tmp_path: Path) -> None:
    """Nobody runs generated code that was edited, or that is older than proto/: `make proto` mends it."""
    subprocess.run([sys.executable, ROOT / "tools" / "compile_proto.py", tmp_path], check=True, timeout=60)
    fresh = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in GENERATED.glob("*_pb2.py*")}
    assert fresh == committed


def test_the_compiler_asks_for_one_directory() -> None:
    """A wrong call of the build step says how it is called."""
    tool = ROOT / "tools" / "compile_proto.py"
    outcome = subprocess.run([sys.executable, tool], capture_output=True, text=True, check=False, timeout=60)
    assert outcome.returncode != 0
    assert outcome.stderr == "usage: compile_proto.py OUTDIR\n"


def test_the_runtime_we_ask_for_is_the_one_the_code_was_made_for() -> None:
    """An installation never ends up with a protobuf that refuses the generated code."""
    made_for = re.search(r"^# Protobuf Python Version: (\S+)$", (GENERATED / "ipc_pb2.py").read_text(), re.MULTILINE)
    assert made_for
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"protobuf>={made_for[1]}" in wanted


def test_importing_it_is_silent_and_adds_no_module_outside_the_package() -> None:
    """The client can be imported into a program without changing that program's module search."""
    outcome = run(
        "import sys; before = list(sys.path)\n"
        "import daemoneye.wire.jsonform, daemoneye.wire.framing\n"
        "assert sys.path == before and not {'common_pb2', 'ipc_pb2'} & sys.modules.keys()"
    )
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_a_program_may_have_a_common_proto_of_its_own() -> None:
    """Protobuf keeps one table of file names per program; ours are not in it."""
    outcome = run(
        "from google.protobuf import descriptor_pb2, descriptor_pool\n"
        "other = descriptor_pb2.FileDescriptorProto(name='common.proto', package='daemoneye.v1')\n"
        "other.message_type.add(name='ProcessRecord')\n"
        "descriptor_pool.Default().AddSerializedFile(other.SerializeToString())\n"
        "from daemoneye.wire.codec import encode\n"
        "from daemoneye.model.process import ProcessRecord\n"
        "assert encode(ProcessRecord(pid=1)) == bytes([8, 1])"
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")

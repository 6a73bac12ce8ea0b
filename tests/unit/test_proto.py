"""The generated protocol code is that of the .proto files."""

from importlib import resources
from pathlib import Path

import pytest
from grpc_tools import protoc

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "exporter"


def test_generated_code_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    well_known = resources.files("grpc_tools") / "_proto"
    sources = sorted(str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.proto"))
    arguments = ["protoc", "-I.", f"-I{well_known}", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", *sources]
    assert protoc.main(arguments) == 0
    made = {path.name: path.read_text() for path in tmp_path.rglob("*_pb2.py*")}
    assert made == {path.name: path.read_text() for path in PACKAGE.rglob("*_pb2.py*")}, "run `make proto`"

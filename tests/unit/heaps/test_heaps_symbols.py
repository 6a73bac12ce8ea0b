"""Names of functions in libraries: a library built for the test, in each way that it may have been stripped."""

import ctypes
import subprocess
from pathlib import Path

import pytest

from exporter.heaps.symbols import Symbols

pytestmark = pytest.mark.system

SOURCE = """
static __attribute__((noinline)) int hidden(int x) { return x * 7 + 1; }
int exported(int x) { return hidden(x) + hidden(x + 1); }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("library")
    (directory / "code.c").write_text(SOURCE)
    path = directory / "libcode.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", path, directory / "code.c"], check=True)
    return path


def offsets_of(path: Path) -> dict[str, int]:
    """Where functions are in the file, as nm tells; code is mapped at its own offset in a library this small."""
    listed = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in listed.splitlines() if line.split()[1] in "tT"}


def test_every_byte_of_a_function_has_its_name(library: Path) -> None:
    symbols, offsets = Symbols(library), offsets_of(library)
    for name in ("hidden", "exported"):
        assert symbols.name_at(offsets[name]) == name
        assert symbols.name_at(offsets[name] + 2) == name


def test_a_stripped_library_has_the_names_that_it_exports(library: Path, tmp_path: Path) -> None:
    offsets = offsets_of(library)
    stripped = tmp_path / "stripped.so"
    subprocess.run(["strip", "-o", stripped, library], check=True)
    assert Symbols(stripped).name_at(offsets["exported"]) == "exported"
    assert Symbols(stripped).name_at(offsets["hidden"]) == ""


def test_the_running_interpreters_libc_is_read() -> None:
    libc = ctypes.CDLL(None)
    address = ctypes.cast(libc.qsort, ctypes.c_void_p).value or 0
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, limit = (int(part, 16) for part in line.split()[0].split("-"))
        if start <= address < limit:
            offset = address - start + int(line.split()[2], 16)
            assert Symbols(Path(line.split()[5])).name_at(offset) in ("qsort", "__qsort")
            return
    pytest.fail("qsort is mapped nowhere")


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF\x02\x01", b"\x7fELF\x01\x01" + bytes(100)])
def test_what_is_no_library_has_no_names(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(content)
    assert Symbols(path).name_at(0) == ""
    assert Symbols(tmp_path / "missing.so").name_at(0) == ""

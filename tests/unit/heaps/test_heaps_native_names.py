"""Native code in profiles gets its names: in the library that this process has loaded, and where there is none."""

import ctypes
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pprof_reading import read_profile

from exporter.drivers.python.pprof import Address, Frame, Mapping, Profile, ValueType
from exporter.heaps.native_names import name_native_code

PYTHON_FRAME = Frame("core.leak", "core.py", 7)


def profile_of(*stacks: tuple[Frame | Address, ...]) -> bytes:
    kind = ValueType("inuse_space", "bytes")
    profile = Profile([kind], kind, 1, 0)
    for stack in stacks:
        profile.add(stack, [5])
    return profile.encode()


def mapped_qsort() -> Address:
    """Where this process has the C library's ``qsort``."""
    address = ctypes.cast(ctypes.CDLL(None).qsort, ctypes.c_void_p).value or 0
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, limit = (int(part, 16) for part in line.split()[0].split("-"))
        if start <= address < limit:
            return Address(address, Mapping(start, limit, int(line.split()[2], 16), line.split()[5]))
    raise AssertionError("qsort is mapped nowhere")


def test_code_is_named_by_its_library_and_the_rest_stays() -> None:
    qsort, lost = mapped_qsort(), Address(0x1000, Mapping(0x1000, 0x2000, 0, "/opt/gone.so"))
    found = read_profile(name_native_code(profile_of((qsort, lost, PYTHON_FRAME), (PYTHON_FRAME,))))
    (named, values), (python, _) = found.samples.items()
    assert named[0].function in ("qsort", "__qsort")
    assert named[0].file == qsort.mapping.file
    assert named[1:] == (Frame("[gone.so]", "/opt/gone.so", 0), PYTHON_FRAME)
    assert python == (PYTHON_FRAME,)
    assert values == [5]
    assert found.value_types == [("inuse_space", "bytes")]


def test_a_profile_without_native_code_is_untouched() -> None:
    profile = profile_of((PYTHON_FRAME,))
    assert name_native_code(profile) is profile


@pytest.mark.parametrize(
    "profile", [b"", b"nonsense", gzip.compress(b"\xff\xff", mtime=0), gzip.compress(b"x" * 100)[:-20]]
)
def test_what_is_no_profile_is_untouched(profile: bytes) -> None:
    assert name_native_code(profile) is profile


@pytest.mark.fuzz
@given(st.data())
def test_a_damaged_profile_is_named_or_untouched(data: st.DataObject) -> None:
    body = bytearray(gzip.decompress(profile_of((mapped_qsort(), PYTHON_FRAME))))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert name_native_code(gzip.compress(bytes(body)))

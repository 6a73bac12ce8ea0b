"""Names of the functions in a shared library, from its symbol table: little-endian ELF of 64 bits, as in elf(5)."""

import struct
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_MAGIC = b"\x7fELF\x02\x01"
_LOADED, _SYMTAB, _DYNSYM, _FUNCTION = 1, 2, 11, 2


@dataclass(frozen=True, slots=True)
class _Segment:
    offset: int
    address: int
    size: int


class Symbols:
    """The functions of one file; a file that is no such library has none."""

    def __init__(self, file: Path) -> None:
        self._segments: list[_Segment] = []
        self._starts: array[int] = array("Q")
        self._functions: list[tuple[int, int, int]] = []  # address, size, where its name is
        self._names = b""
        try:
            data = file.read_bytes()
            if data.startswith(_MAGIC):
                self._read(data)
        except (OSError, struct.error):
            self._functions.clear()
        self._functions.sort()
        self._starts.extend(address for address, _, _ in self._functions)

    def name_at(self, offset: int) -> str:
        """The function, as the linker names it, that is at an offset in the file; empty where none is."""
        for segment in self._segments:
            if segment.offset <= offset < segment.offset + segment.size:
                return self._name_of(offset - segment.offset + segment.address)
        return ""

    def _name_of(self, address: int) -> str:
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return ""
        start, size, name = self._functions[index]
        # A function in assembler may have no size.
        if address >= start + max(size, 1) and size:
            return ""
        return self._names[name : self._names.index(b"\0", name)].decode("utf-8", "replace")

    def _read(self, data: bytes) -> None:
        header = _HEADER.unpack_from(data)
        segments_at, sections_at, segment_count, section_count = header[5], header[6], header[10], header[12]
        for number in range(segment_count):
            kind, _, offset, address, _, size, _, _ = _SEGMENT.unpack_from(data, segments_at + number * _SEGMENT.size)
            if kind == _LOADED:
                self._segments.append(_Segment(offset, address, size))
        sections = [_SECTION.unpack_from(data, sections_at + number * _SECTION.size) for number in range(section_count)]
        # A stripped library keeps the names of what it exports.
        for kind in (_SYMTAB, _DYNSYM):
            for section in sections:
                if section[1] == kind and not self._functions:
                    self._read_functions(data, section, sections[section[6]])

    def _read_functions(self, data: bytes, table: tuple[int, ...], names: tuple[int, ...]) -> None:
        self._names = data[names[4] : names[4] + names[5]]
        symbols = _SYMBOL.iter_unpack(data[table[4] : table[4] + table[5] // _SYMBOL.size * _SYMBOL.size])
        self._functions = [
            (address, size, name) for name, info, _, _, address, size in symbols if info & 0xF == _FUNCTION and address
        ]

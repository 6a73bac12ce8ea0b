"""Names of the functions in a shared library, from its symbol table."""

import struct
from array import array
from bisect import bisect_right
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

# A stripped library keeps the names of what it exports.
_TABLES = (".symtab", ".dynsym")


class Symbols:
    """The functions of one file; a file that is no such library has none."""

    def __init__(self, file: Path) -> None:
        self._segments: list[tuple[int, int, int]] = []  # offset in the file, size there, address
        self._functions: list[tuple[int, int, str]] = []  # address, size, name
        try:
            if file.is_file():
                with file.open("rb") as stream:
                    self._read(ELFFile(stream))
        # What pyelftools raises for a file that is cut short or contradicts itself.
        except (OSError, ELFError, struct.error, ValueError, KeyError, TypeError, AttributeError, AssertionError):
            self._functions.clear()
        self._functions.sort()
        self._starts = array("Q", (address for address, _, _ in self._functions))

    def name_at(self, offset: int) -> str:
        """The function, as the linker names it, that is at an offset in the file; empty where none is."""
        for start, size, address in self._segments:
            if start <= offset < start + size:
                return self._name_of(offset - start + address)
        return ""

    def _name_of(self, address: int) -> str:
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return ""
        start, size, name = self._functions[index]
        # A function in assembler may have no size.
        return name if not size or address < start + size else ""

    def _read(self, elf: ELFFile) -> None:
        self._segments = [
            (segment["p_offset"], segment["p_filesz"], segment["p_vaddr"]) for segment in elf.iter_segments("PT_LOAD")
        ]
        for name in _TABLES:
            table = elf.get_section_by_name(name)
            if isinstance(table, SymbolTableSection) and not self._functions:
                self._functions = [
                    (symbol["st_value"], symbol["st_size"], symbol.name)
                    for symbol in table.iter_symbols()
                    if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_value"]
                ]

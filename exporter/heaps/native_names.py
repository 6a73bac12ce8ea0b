"""Names for the native code in a subject's profiles, from its libraries; done here, so that the subject pays nothing.

A profile in pprof's format may say of code only where it is: at which address, in which file that is mapped where.
"""

import gzip
import zlib
from pathlib import Path

from google.protobuf.message import DecodeError

from exporter.heaps.pprof_dump import unpacked
from exporter.heaps.proto.profile_pb2 import Function, Line, Mapping, Profile
from exporter.heaps.symbols import Symbols


def name_native_code(profile: bytes) -> bytes:
    """Return a profile in which code has the name of its function, or of its file, where it had none.

    One that can't be read, or has nothing to name, is returned as it is.
    """
    try:
        message = Profile.FromString(unpacked(profile))
        return gzip.compress(message.SerializeToString()) if _name(message) else profile
    except (DecodeError, zlib.error, IndexError, KeyError):
        return profile


def _name(profile: Profile) -> bool:
    """Name what has no name; tells whether there was something. Raises IndexError, KeyError for what isn't there."""
    mappings = {mapping.id: mapping for mapping in profile.mapping}
    libraries: dict[str, Symbols] = {}
    functions: dict[tuple[str, int], int] = {}
    unnamed = [location for location in profile.location if location.mapping_id and not location.line]
    for location in unnamed:
        mapping = mappings[location.mapping_id]
        name = _name_at(location.address, mapping, profile.string_table[mapping.filename], libraries)
        key = (name, mapping.filename)
        if key not in functions:
            functions[key] = _add_function(profile, name, mapping.filename)
        location.line.append(Line(function_id=functions[key]))
        mapping.has_functions = True  # or pprof would look for them itself
    return bool(unnamed)


def _name_at(address: int, mapping: Mapping, file: str, libraries: dict[str, Symbols]) -> str:
    if file not in libraries:
        libraries[file] = Symbols(Path(file))
    return libraries[file].name_at(address - mapping.memory_start + mapping.file_offset) or f"[{Path(file).name}]"


def _add_function(profile: Profile, name: str, file: int) -> int:
    number = max((function.id for function in profile.function), default=0) + 1
    text = len(profile.string_table)
    profile.string_table.append(name)
    profile.function.append(Function(id=number, name=text, system_name=text, filename=file))
    return number

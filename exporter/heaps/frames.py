"""Stacks as a reader wants them: names cleaned up, and only those frames that say whose code allocated."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_MOST_LIBRARY_FRAMES = 3
_MOST_OWN_FRAMES = 6
_MOST_PYTHON_FRAMES = 4

# How rustc writes punctuation in symbols of its first mangling.
_ESCAPES = {
    "$LT$": "<",
    "$GT$": ">",
    "$u20$": " ",
    "$C$": ",",
    "$RF$": "&",
    "$BP$": "*",
    "$LP$": "(",
    "$RP$": ")",
    "$u7b$": "{",
    "$u7d$": "}",
    "$u5b$": "[",
    "$u5d$": "]",
    "$u27$": "'",
    "$u3b$": ";",
}
_HASH = re.compile(r"::h[0-9a-f]{16}$")
_LOCAL_SYMBOL = re.compile(r"^_ZN(.*?)(?:17h[0-9a-f]{16})?E(?:\.\w+)*$")
_TYPE_PATH = re.compile(r"(?:[\w{}#]+::)+(?=[A-Z])")
_BRACED = re.compile(r"::\{[^}]*\}")
_STANDARD_LIBRARY = re.compile(r"^[<&]*(?:dyn |impl )?(?:alloc|core|std|hashbrown)::|^_?_R[A-Z]")


@dataclass(frozen=True, slots=True)
class Frame:
    """A function, by a name that fits on a line, and where it is; ``line`` is 0 where that isn't known."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        place = f"  {self.file}:{self.line}" if self.file and self.line else f"  {self.file}" if self.file else ""
        return self.function + place


def informative_frames(stack: Iterable[tuple[str, str, int]]) -> tuple[Frame, ...]:
    """Of a stack, innermost frame first, what names the code: the libraries' last few calls, then the program's own.

    What allocators, standard libraries and the interpreter put in between is left out. A stack of libraries alone
    keeps the innermost of them.
    """
    library: list[Frame] = []
    own: list[Frame] = []
    python: list[Frame] = []
    for function, file, line in stack:
        if file.endswith(".py") or (file.startswith("<") and file != "<unknown>"):  # <string>, <frozen os>
            python.append(Frame(function, short_file(file), line))
        elif _is_own(file):
            own.append(Frame(short_name(function), file, line))
        elif not own and not _is_plumbing(function, file):
            library.append(Frame(short_name(function), short_file(file), line if file != "<unknown>" else 0))
    if not own and not python:
        return _without_repeats(library)[:_MOST_OWN_FRAMES]
    kept = _without_repeats(library)[-_MOST_LIBRARY_FRAMES:] if own else ()
    return (*kept, *_without_repeats(own)[:_MOST_OWN_FRAMES], *python[:_MOST_PYTHON_FRAMES])


def short_name(name: str) -> str:
    """A Rust function's name without hashes, escapes and the paths of the types in it."""
    if found := _LOCAL_SYMBOL.match(name):
        name = "::".join(_path_segments(found[1])) or name
    name = _HASH.sub("", name)
    for escape, text in _ESCAPES.items():
        name = name.replace(escape, text)
    name = name.replace("..", "::")
    if name.startswith("_<"):
        name = name[1:]
    base, bracket, types = name.partition("<")
    if not bracket or not base:
        return _TYPE_PATH.sub("", _without_braces(name)) if not base else name
    return f"{base}<{_short_types(types)}"


def _short_types(types: str) -> str:
    """``tracing::Instrumented<spark_wallet::wallet::{impl#4}::run::{async_fn#0}>`` as ``Instrumented<wallet::run>``."""
    types = _TYPE_PATH.sub("", _without_braces(types))
    return re.sub(r"(?:\w+::)+(\w+::\w+)(?=[,>]|$)", r"\1", types)


def _without_braces(text: str) -> str:
    return _BRACED.sub("", text)


def _path_segments(mangled: str) -> list[str]:
    """The segments of a path, each written after its length: ``5bytes8BytesMut``; nothing if it isn't that."""
    segments = []
    while mangled:
        digits = re.match(r"\d+", mangled)
        if digits is None:
            return []
        end = digits.end() + int(digits[0])
        segments.append(mangled[digits.end() : end])
        mangled = mangled[end:]
    return segments


def _is_own(file: str) -> bool:
    """Whether a source file is the SDK's own: cargo's downloads and the toolchain have absolute paths of their kind."""
    foreign = ("/registry/src/", "/git/checkouts/", "/rustc/", "library/")
    return file.endswith(".rs") and not any(part in file for part in foreign)


def _is_plumbing(function: str, file: str) -> bool:
    """Whether a frame is of the standard library, of C (libc, the interpreter, ffi) or unknown."""
    if "/rustc/" in file or file.startswith("library/"):
        return True
    # All Rust has a path, in the name or, by its debug information, to a file.
    is_c = file.endswith((".c", ".h", ".S")) or (not file.endswith(".rs") and "::" not in short_name(function))
    return is_c or bool(_STANDARD_LIBRARY.match(short_name(function)))


def short_file(file: str) -> str:
    """A file without what only says where this machine keeps it."""
    if file == "<unknown>":
        return ""
    for marker in ("/site-packages/", "/registry/src/", "/git/checkouts/"):
        _, found, after = file.rpartition(marker)
        if found:
            return after.partition("/")[2] if marker == "/registry/src/" else after
    return "/".join(file.rsplit("/", 3)[-3:]) if file.startswith("/") else file


def _without_repeats(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Frames without those that a function of the same name has called; blocks of code have no names of their own."""
    kept: list[Frame] = []
    for frame in frames:
        if not kept or kept[-1].function != frame.function or frame.function.startswith("{"):
            kept.append(frame)
    return tuple(kept)

"""The files of the live page and of the report, as they are in the package."""

import re
from importlib.resources import files
from posixpath import dirname, join, normpath

_ROOT = files("exporter.publish") / "static"
_IMPORT = re.compile(r'^import \{((?:\s*\w+\s*,)*\s*\w+,?\s*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:class|const|function) (\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^ *(?:/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_ANY_MODULE_SYNTAX = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def read_bytes(name: str) -> bytes:
    """Return a file's content; ``name`` is its path below ``static/``."""
    return (_ROOT / name).read_bytes()


def read_text(name: str) -> str:
    """Return a file's text; ``name`` is its path below ``static/``."""
    return (_ROOT / name).read_text("utf-8")


def names_in(folder: str) -> list[str]:
    """Return the paths below ``static/`` of the files in one of its folders."""
    return sorted(f"{folder}/{found.name}" for found in (_ROOT / folder).iterdir() if found.is_file())


def inlined(entry: str) -> str:
    """Return an ES module and all that it imports as one script for a page that can load nothing.

    Each module becomes a function that is called once and returns what the module exports: names that two modules
    share stay apart, and comments stay behind. Raises ValueError where a module imports or exports in another way
    than this can take along: ``import { name } from "./file.js"``, and ``export`` before a class, a constant or a
    function.
    """
    modules = "\n".join(_as_function(name) for name in _with_imports(entry))
    return f'(() => {{\n"use strict";\nconst modules = {{}};\n{modules}\n}})();'


def _with_imports(entry: str) -> list[str]:
    """Return the module and all that it imports, each after those that it imports itself."""
    found: list[str] = []

    def visit(name: str) -> None:
        for _, target in _IMPORT.findall(read_text(name)):
            visit(_resolved(name, target))
        if name not in found:
            found.append(name)

    visit(entry)
    return found


def _as_function(name: str) -> str:
    source = _COMMENT.sub("", read_text(name))
    exported = ", ".join(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(lambda found: _as_constant(name, *found.groups()), source))
    if left := _ANY_MODULE_SYNTAX.search(body):
        raise ValueError(f"{name} can't be inlined: {left.group()}")
    return f'modules["{name}"] = (() => {{\n{body}return {{ {exported} }};\n}})();'


def _as_constant(name: str, imported: str, target: str) -> str:
    return f'const {{{imported}}} = modules["{_resolved(name, target)}"];'


def _resolved(name: str, target: str) -> str:
    return normpath(join(dirname(name), target))

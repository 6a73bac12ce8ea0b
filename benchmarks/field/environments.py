"""An environment of its own for each subject: a venv, a Go module, a folder of Node modules."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .cases import HERE, Subject

_PROGRAMS = HERE / "subjects"
_LONGEST_STEP_SEC = 600
_FOR_DRIVERS = "psutil>=7.2,<8"  # all that the agent of a driver needs beside the exporter's own source


def make(subject: Subject, directory: Path) -> list[str]:
    """Make what is missing of the environment of ``subject`` in ``directory``; the command that starts the subject.

    Raises SystemExit with the tool's own words when a tool fails.
    """
    home = directory / subject.name
    home.mkdir(parents=True, exist_ok=True)
    return {"python": _python, "go": _go, "node": _node}[subject.language](subject, home)


def _python(subject: Subject, home: Path) -> list[str]:
    interpreter, requirements = home / "venv" / "bin" / "python", home / "requirements.txt"
    wanted = "\n".join((*subject.requirements, _FOR_DRIVERS)) + "\n"
    if not interpreter.exists():
        _step("uv", "venv", "--quiet", "--python", sys.executable, str(home / "venv"))
    if not requirements.exists() or requirements.read_text(encoding="utf-8") != wanted:
        requirements.write_text(wanted, encoding="utf-8")
        install = ("uv", "pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(interpreter))
        _step(*install, "--requirements", str(requirements))
    return [str(interpreter), str(_PROGRAMS / "python" / f"{subject.program}.py")]


def _go(subject: Subject, home: Path) -> list[str]:
    binary = home / "subject"
    for package in ("steady", subject.program):
        shutil.copytree(_PROGRAMS / "go" / package, home / package, dirs_exist_ok=True)
    if not (home / "go.mod").exists():
        (home / "go.mod").write_text(f"module field\n\ngo {subject.go}\n", encoding="utf-8")
        if subject.requirements:
            _step("go", "get", *subject.requirements, within=home)
    _step("go", "build", "-o", str(binary), f"./{subject.program}", within=home)
    return [str(binary)]


def _node(subject: Subject, home: Path) -> list[str]:
    for name in ("steady.mjs", f"{subject.program}.mjs"):
        shutil.copy(_PROGRAMS / "node" / name, home / name)
    if not (home / "package.json").exists():
        (home / "package.json").write_text(json.dumps({"private": True}), encoding="utf-8")
        if subject.requirements:
            quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--save-exact")
            _step("npm", "install", *quietly, *subject.requirements, within=home)
    return ["node", str(home / f"{subject.program}.mjs")]


def _step(*command: str, within: Path | None = None) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    ended = subprocess.run(
        command, cwd=within, env=environment, capture_output=True, text=True, timeout=_LONGEST_STEP_SEC, check=False
    )
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {(ended.stderr or ended.stdout).strip()}")

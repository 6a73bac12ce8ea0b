"""Getting the Rust driver built: from the tag or from a copy of the SDK, and what is said where it can't be."""

import asyncio
import re
import tomllib
from pathlib import Path

import pytest

from exporter.drivers.rust_binding import SDK_SOURCE, SOURCES, command
from exporter.errors import ConfigError

# In place of cargo: what it gets to build, and with which version, is what it makes.
CARGO = """#!/bin/sh
while [ $# -gt 1 ]; do
  case "$1" in --config) version=$2;; --manifest-path) manifest=$2;; --target-dir) target=$2;; esac
  shift
done
mkdir -p "$target/release"
{ echo "${version#env.SDK_VERSION=}"; grep breez-sdk-spark "$manifest"; } > "$target/release/memtest-rust-driver"
"""
FAILING_CARGO = "#!/bin/sh\necho 'failed to resolve address for github.com' >&2\nexit 101\n"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(SDK_SOURCE, raising=False)
    install(CARGO, tmp_path, monkeypatch)


def install(cargo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "cargo"
    program.parent.mkdir(exist_ok=True)
    program.write_text(cargo)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def build() -> tuple[str, int]:
    """What was built, and how often that was said."""
    said: list[str] = []
    (program,) = asyncio.run(command("", said.append))
    return Path(program).read_text(), len(said)


def sdk_copy(directory: Path) -> Path:
    source = directory / "spark-sdk"
    (source / "crates" / "breez-sdk" / "core" / "src").mkdir(parents=True)
    for name in ("Cargo.toml", "crates/breez-sdk/core/Cargo.toml", "crates/breez-sdk/core/src/lib.rs"):
        (source / name).write_text("")
    return source


def test_it_is_built_once_from_the_tag_and_the_program_alone_is_kept(tmp_path: Path) -> None:
    built, said = build()
    version, dependency = built.splitlines()
    assert f"tag = {version}" in dependency
    assert said == 1
    assert build() == (built, 0)
    (made,) = (tmp_path / "cache" / "memtest-exporter").iterdir()
    assert [path.name for path in made.iterdir()] == ["memtest-rust-driver"]
    assert not (SOURCES / "target").exists()


def test_a_copy_of_the_sdk_is_built_anew_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = sdk_copy(tmp_path)
    monkeypatch.setenv(SDK_SOURCE, str(source))
    built, said = build()
    assert f'path = "{source}/crates/breez-sdk/core"' in built
    assert "git =" not in built
    assert 'features = ["sqlite"]' in built
    assert said == 1
    (source / "target").mkdir()
    (source / "target" / "of-cargo").write_text("")
    assert build() == (built, 0)
    (source / "crates" / "breez-sdk" / "core" / "src" / "lib.rs").write_text("// changed")
    assert build() == (built, 1)


def test_a_directory_that_is_no_copy_of_the_sdk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SDK_SOURCE, str(tmp_path))
    with pytest.raises(ConfigError, match=rf"{SDK_SOURCE} is '{tmp_path}': .* name a copy of breez/spark-sdk"):
        build()


def test_a_build_that_fails_says_why_and_what_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(FAILING_CARGO, tmp_path, monkeypatch)
    with pytest.raises(ConfigError, match=rf"exit code 101 \(failed to resolve .*\); it takes Rust .* {SDK_SOURCE}"):
        build()
    assert not list((tmp_path / "cache" / "memtest-exporter").iterdir())


def test_a_missing_cargo_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"driver 'rust' can't be built: there is no program 'cargo'; it takes Rust"):
        build()


def test_the_lock_file_pins_the_sdk_and_all_that_it_takes_from_git() -> None:
    wanted = tomllib.loads((SOURCES / "Cargo.toml").read_text())["dependencies"]["breez-sdk-spark"]
    packages = tomllib.loads((SOURCES / "Cargo.lock").read_text())["package"]
    names = {package["name"] for package in packages}
    sdk = next(package["source"] for package in packages if package["name"] == "breez-sdk-spark")
    assert sdk.startswith(f"git+{wanted['git']}?tag={wanted['tag']}#")
    for source in {package["source"] for package in packages if package.get("source", "").startswith("git+")}:
        assert re.search(r"\?(tag|rev)=\S+#[0-9a-f]{40}$", source)
    assert {taken.split()[0] for package in packages for taken in package.get("dependencies", ())} <= names

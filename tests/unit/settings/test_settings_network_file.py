"""The network file, and what is said of a wrong one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.settings.network_file import parse_network_file, read_network_file

FILE = {
    "network": "regtest",
    "operators": [{"id": 0, "identifier": "01", "address": "https://127.0.0.1:4", "identity_public_key": "02"}],
    "ssp": {"base_url": "http://127.0.0.1:1"},
    "chain": {"url": "http://127.0.0.1:2"},
    "faucet": {"url": "http://127.0.0.1:3"},
}


def test_reads_what_the_network_prints(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(FILE))
    assert read_network_file(path) == FILE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("[]", r"Expected `object`, got `array`"),
        ("[" * 100_000, "is not"),
        ("{}", "missing required field `network`"),
        (json.dumps(FILE | {"spp": 1}), "unknown field `spp`"),
        (json.dumps(FILE | {"faucet": "http://x"}), r"Expected `object`, got `str` - at `\$.faucet`"),
        (json.dumps(FILE | {"faucet": {"url": "ftp://x"}}), "matching regex"),
    ],
)
def test_says_what_is_wrong_and_how_to_make_one(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "network.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"{said}.*; make the file with 'exporter network'"):
        read_network_file(path)


def test_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent' can't be read \(No such file or directory\): say 'local'"):
        read_network_file(tmp_path / "absent")


@given(st.binary(max_size=50))
def test_any_bytes_parse_or_are_refused_with_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_network_file(text)

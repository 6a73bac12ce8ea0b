"""The network file, and what is said of a wrong one."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from network_files import network_file
from operator_clients import with_network

from exporter.errors import ConfigError
from exporter.settings.network_file import parse_network_file, read_network_file

FILE = network_file()
TEXT = json.dumps(FILE).encode()
MUTATIONS = 10_000


def test_reads_what_the_network_prints(tmp_path: Path) -> None:
    path = tmp_path / "network.json"

    async def check(network: dict[str, Any]) -> None:
        path.write_text(json.dumps(network))
        assert read_network_file(path) == network

    with_network(check)


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
        (json.dumps(FILE | {"faucet": {"url": "http://x:99999"}}), r"give a URL such as .* - at `\$.faucet`"),
        (json.dumps(FILE | {"threshold": 4}), "threshold is 4, and there are 3 operators"),
        (json.dumps(FILE | {"coordinator_identifier": "0" * 64}), "none of the operators"),
        (json.dumps(FILE | {"ca_cert_pem": "PEM"}), "ca_cert_pem is no certificate"),
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


@pytest.mark.fuzz
def test_a_mutated_file_is_taken_or_refused_in_one_sentence() -> None:
    chance = random.Random(11)
    refused = 0
    for _ in range(MUTATIONS):
        complaint = refusal(mutated(chance))
        refused += bool(complaint)
        assert "\n" not in complaint
    assert refused > MUTATIONS * 0.8


def refusal(text: bytes) -> str:
    """What is said against the file; nothing when it is taken."""
    try:
        parse_network_file(text)
    except ValueError as error:
        return str(error)
    return ""


def mutated(chance: random.Random) -> bytes:
    """The file with a few bytes changed, or with one value in it replaced, removed or doubled."""
    if chance.random() < 0.5:
        text = bytearray(TEXT)
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(text))
            text[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        return bytes(text)
    document = json.loads(TEXT)
    place: Any = document
    while True:
        key = chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
        if chance.random() < 0.5 or not isinstance(place[key], dict | list):
            break
        place = place[key]
    others: list[Any] = [
        None,
        True,
        -1,
        10**400,
        1e308,
        "",
        "\ud800",
        "x" * 5000,
        [],
        {},
        [[]] * 50,
        "http://[",
        float("nan"),
    ]
    match chance.randrange(3):
        case 0:
            del place[key]
        case 1:
            place[key] = chance.choice(others)
        case _ if isinstance(place, dict):
            place[f"{key}s"] = place[key]
        case _:
            place.append(chance.choice(others))
    return json.dumps(document).encode("utf-8", "surrogatepass")

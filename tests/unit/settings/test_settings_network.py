"""The network's settings: they survive the way to the child process, and nonsense is refused with a reason."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.settings.network import (
    ChainSettings,
    FaucetLogin,
    FaultSettings,
    NetworkSettings,
    dump,
    load,
    login_from,
)

seconds = st.floats(0, 1e6)
outages = st.tuples(st.floats(1e-3, 1e6), st.floats(0.01, 0.99)).map(lambda pair: (pair[0], pair[0] * pair[1]))
faults = st.builds(
    lambda latency, rate, outage: FaultSettings(latency, rate, *outage),
    seconds,
    st.floats(0, 1, exclude_max=True),
    outages | st.just((0.0, 0.0)),
)
every_setting = st.builds(
    NetworkSettings,
    port=st.integers(0, 65535),
    faucet=st.none() | st.builds(FaucetLogin, st.text(), st.text()),
    chain=st.builds(ChainSettings, st.floats(1e-3, 1e6), st.integers(1, 100)),
    faults=faults,
)


@given(every_setting)
def test_settings_survive_the_way_to_a_child(settings: NetworkSettings) -> None:
    line = dump(settings)
    assert line.count(b"\n") == 1
    assert load(line) == settings


def test_what_is_left_out_has_its_default() -> None:
    assert load(b"{}") == NetworkSettings()
    assert load(b'{"faults": {"error_rate": 0.5}}') == NetworkSettings(faults=FaultSettings(error_rate=0.5))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b"[" * 100_000, "wrong"),
        (b'{"ports": 1}', "no setting ports"),
        (b'{"chain": 5}', "Expected `object`, got `int`"),
        (b'{"faults": {"rate": 1}}', "no setting rate"),
        (b'{"faucet": {"username": "x"}}', "missing required field `password`"),
        (b'{"faults": {"error_rate": "often"}}', "Expected `float`, got `str`"),
        (b'{"port": 70000}', "port is 70000: give 0 to 65535"),
    ],
)
def test_refuses_what_are_no_settings(line: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(line)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"latency_seconds": -1.0}, "latency is -1s: give 0s or more"),
        ({"error_rate": 1.0}, "error-rate is 1: give a share"),
        ({"error_rate": -0.1}, "error-rate is -0.1"),
        ({"outage_every_seconds": 5.0}, "set both or neither"),
        ({"outage_for_seconds": 5.0}, "set both or neither"),
        ({"outage_every_seconds": 5.0, "outage_for_seconds": 5.0}, "never ends"),
        ({"outage_every_seconds": -5.0, "outage_for_seconds": 5.0}, "outage-every is -5s: give 0s or more"),
    ],
)
def test_refuses_faults_that_cannot_be(given: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        FaultSettings(**given)
    with pytest.raises(ConfigError, match=said):
        load(json.dumps({"faults": given}).encode())


def test_refuses_a_chain_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="block-interval is 0s"):
        ChainSettings(block_seconds=0)
    with pytest.raises(ConfigError, match="confirmations is 0: give 1 or more"):
        ChainSettings(confirmations=0)


def test_the_login_comes_from_the_environment_or_a_file_and_is_not_shown(tmp_path: Path) -> None:
    login = login_from({"FAUCET_USERNAME": "user", "FAUCET_PASSWORD": "hush"})
    assert login == FaucetLogin("user", "hush")
    assert "hush" not in repr(NetworkSettings(faucet=login))
    (tmp_path / "password").write_text("from-file\n")
    from_file = {"FAUCET_USERNAME": "user", "FAUCET_PASSWORD_FILE": str(tmp_path / "password")}
    assert login_from(from_file) == FaucetLogin("user", "from-file")
    with pytest.raises(ConfigError, match=r"FAUCET_USERNAME is not set: .*; FAUCET_PASSWORD is not set: "):
        login_from({})
    with pytest.raises(ConfigError, match=r"FAUCET_PASSWORD is not set: set it, or FAUCET_PASSWORD_FILE"):
        login_from({"FAUCET_USERNAME": "user", "FAUCET_PASSWORD": ""})

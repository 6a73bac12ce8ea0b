"""Wallets and seeds."""

import re

import pytest

from exporter.errors import ConfigError
from exporter.settings.load import WorkloadSettings
from exporter.workload.wallets import driver_config, make_seeds, wallet_pairs

ALICE, BOB = "a1" * 32, "B0" * 32


def test_seeds_are_made_where_none_are_given() -> None:
    first, second = make_seeds(WorkloadSettings()), make_seeds(WorkloadSettings())
    assert first.keys() == {"alice", "bob"}
    assert all(re.fullmatch("[0-9a-f]{64}", seed) for seed in first.values())
    assert len({*first.values(), *second.values()}) == 4


def test_given_seeds_are_used_and_further_pairs_derived_from_them() -> None:
    seeds = make_seeds(WorkloadSettings(pairs=3), ALICE, BOB)
    assert list(seeds) == ["alice", "bob", "alice-2", "bob-2", "alice-3", "bob-3"]
    assert seeds["alice"] == ALICE
    assert seeds["bob"] == BOB.lower()
    assert len(set(seeds.values())) == 6
    assert seeds == make_seeds(WorkloadSettings(pairs=3), ALICE, BOB)


@pytest.mark.parametrize("seed", ["", "a1", "x" * 64, "a1" * 33, "0x" + "a1" * 31])
def test_a_malformed_seed_is_refused_without_being_shown(seed: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        make_seeds(WorkloadSettings(), ALICE, seed)
    assert "BOB_SEED is not 64 hex digits" in str(refusal.value)
    assert not seed or seed not in str(refusal.value)


def test_pairs_and_configuration_agree() -> None:
    settings = WorkloadSettings(pairs=2, prefer_spark=False)
    config = driver_config(settings, {"network": "regtest"}, "/x", make_seeds(settings))
    assert {name for pair in wallet_pairs(settings) for name in pair} == config["wallets"].keys()
    assert config["prefer_spark"] is False

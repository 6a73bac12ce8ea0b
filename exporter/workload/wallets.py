"""The wallets of a load: their names and seeds, and the configuration that a driver gets."""

import hashlib
import re
import secrets
from collections.abc import Mapping

from exporter.checked import Json
from exporter.errors import ConfigError
from exporter.scenarios import scenarios_for
from exporter.settings.load import WorkloadSettings

_SEED = re.compile(r"[0-9a-fA-F]{64}")


def wallet_pairs(settings: WorkloadSettings) -> tuple[tuple[str, str], ...]:
    """The wallets that pay each other: (alice, bob), (alice-2, bob-2), …"""
    further = (pair for scenario in scenarios_for(settings) for pair in scenario.further_pairs())
    return (("alice", "bob"), *further)


def make_seeds(settings: WorkloadSettings, alice: str | None = None, bob: str | None = None) -> dict[str, str]:
    """Seeds by wallet (64 hex digits): alice, bob, alice-2, bob-2, …, and those of scenarios; random if none is given.

    The further wallets' seeds are derived from the first pair's, so that with given seeds their money is found again.
    Raises ConfigError for a malformed seed, without showing it.
    """
    for name, seed in (("ALICE_SEED", alice), ("BOB_SEED", bob)):
        if seed is not None and not _SEED.fullmatch(seed):
            raise ConfigError(f"{name} is not 64 hex digits; make one with `openssl rand -hex 32`")
    first = (alice or secrets.token_hex(32), bob or secrets.token_hex(32))
    seeds = {}
    for pair in wallet_pairs(settings):
        for name, seed in zip(pair, first, strict=True):
            seeds[name] = seed.lower() if name in ("alice", "bob") else _derived(name, seed)
    further = (name for scenario in scenarios_for(settings) for name in scenario.further_wallets())
    return seeds | {name: _derived(name, first[0]) for name in further}


def _derived(name: str, seed: str) -> str:
    return hashlib.sha256(f"{name}:{seed}".encode()).hexdigest()


def driver_config(
    settings: WorkloadSettings,
    network: Mapping[str, Json],
    storage_dir: str,
    seeds: Mapping[str, str],
    options: Mapping[str, Json] | None = None,
    server_storage: str = "",
) -> dict[str, Json]:
    """The configuration object of a driver: the network file, where to store, which wallets, the driver's options."""
    return {
        "network": dict(network),
        "storage_dir": storage_dir,
        "wallets": dict(seeds),
        "prefer_spark": settings.prefer_spark,
        "options": dict(options or {}),
        **({"server_storage": server_storage} if server_storage else {}),
    }

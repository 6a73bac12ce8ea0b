"""The wallets of a load: their names and seeds, and the configuration that a driver gets."""

from collections.abc import Mapping

from exporter.drivers.protocol import Json
from exporter.workload.settings import WorkloadSettings


def make_seeds(settings: WorkloadSettings, alice: str | None = None, bob: str | None = None) -> dict[str, str]:
    """Seeds by wallet (64 hex digits): alice, bob, alice-2, bob-2, …; random where none is given.

    With given seeds the further pairs are derived from them, so that their money is found again.
    Raises ConfigError for a malformed seed, without showing it.
    """
    raise NotImplementedError


def driver_config(
    settings: WorkloadSettings, network: Mapping[str, Json], storage_dir: str, seeds: Mapping[str, str]
) -> dict[str, Json]:
    """The configuration object of a driver: the network file, where to store, which wallets."""
    raise NotImplementedError

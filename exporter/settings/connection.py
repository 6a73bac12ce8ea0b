"""How a run's SDK gets to its network: the network file, the faucet, and whose wallets pay."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from exporter.settings.credentials import faucet_login, read_credentials
from exporter.settings.faucet import FaucetSettings
from exporter.settings.run import HOSTED_NETWORK


@dataclass(frozen=True, slots=True)
class Connection:
    """A network and how to use it; without seeds the wallets are new ones."""

    network: Mapping[str, Any]
    faucet: FaucetSettings
    alice_seed: str | None = field(default=None, repr=False)
    bob_seed: str | None = field(default=None, repr=False)

    @classmethod
    def to_file(cls, file: Mapping[str, Any], login: tuple[str | None, str | None] = (None, None)) -> Self:
        """Use the network that a network file describes."""
        return cls(file, FaucetSettings(file["faucet"]["url"], *login))

    @classmethod
    def to_network(cls, network: str, environment: Mapping[str, str] = os.environ, *, faucet_url: str = "") -> Self:
        """Use the hosted network, with another faucet if one is given, or the one that the file ``network`` describes.

        Raises ConfigError for a wrong file, and for credentials that are missing or malformed.
        """
        if network == HOSTED_NETWORK:
            given = {"FAUCET_URL": faucet_url, "FAUCET_URL_FILE": ""} if faucet_url else {}
            credentials = read_credentials({**environment, **given})
            # Without operators the SDK takes its own addresses.
            return cls({"network": "regtest"}, credentials.faucet, credentials.alice_seed, credentials.bob_seed)
        from exporter.settings.network_file import read_network_file  # msgspec, for those who have a file

        return cls.to_file(read_network_file(Path(network)), faucet_login(environment))

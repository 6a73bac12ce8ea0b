"""The network file: the JSON object with which ``exporter network`` tells an SDK how to connect."""

import json
from collections.abc import Mapping
from pathlib import Path

from exporter.checked import Json
from exporter.errors import ConfigError

_REQUIRED = ("network", "operators", "ssp", "chain", "faucet")


def read_network_file(path: Path) -> Mapping[str, Json]:
    """Read the object that ``exporter network`` has printed; raises ConfigError with the remedy."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"network {path} can't be read: {error.strerror}; "
            "say 'local' or 'regtest', or name a file that 'exporter network' has printed"
        ) from error
    try:
        return parse_network_file(text)
    except ValueError as error:
        raise ConfigError(f"network {path} {error}; make the file with 'exporter network'") from error


def parse_network_file(text: bytes) -> Mapping[str, Json]:
    """Parse the object; raises ValueError saying what is wrong with it."""
    try:
        network = json.loads(text)
    except ValueError as error:
        raise ValueError("is not JSON") from error
    if not isinstance(network, dict):
        raise ValueError("is not a JSON object")
    missing = [key for key in _REQUIRED if key not in network]
    if missing:
        raise ValueError(f"lacks {', '.join(missing)}")
    return network

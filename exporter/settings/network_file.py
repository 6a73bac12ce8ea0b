"""The network file: the JSON object with which ``exporter network`` tells an SDK how to connect."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from exporter.errors import ConfigError
from exporter.settings.files import read_file

_MOST_BYTES = 1024 * 1024  # 100 times of what `exporter network` prints
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[^/\s]")]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signing operator: where it serves gRPC and gRPC-web."""

    id: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    identifier: Text
    address: Url
    identity_public_key: Text
    web_address: Url | None = None


class Ssp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The service provider's GraphQL API."""

    base_url: Url
    identity_public_key: Text = ""
    schema_endpoint: str = ""


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The Bitcoin chain's HTTP API."""

    url: Url
    api: str = "esplora"


class Faucet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where wallets get their money."""

    url: Url


class NetworkFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file, as it has to be; it is handed on to drivers as it was read."""

    network: Text
    operators: list[Operator]
    ssp: Ssp
    chain: Chain
    faucet: Faucet
    coordinator_identifier: str = ""
    threshold: Annotated[int, msgspec.Meta(ge=1, lt=2**31)] = 1
    ca_cert_pem: str = ""
    refusing_address: str = ""


def read_network_file(path: Path) -> Mapping[str, Any]:
    """Read the object that ``exporter network`` has printed; raises ConfigError with the remedy."""
    try:
        text = read_file(path, _MOST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"network {str(path)!r} can't be read ({error.strerror}): "
            "say 'local' or 'regtest', or name a file that 'exporter network' has printed"
        ) from None
    try:
        return parse_network_file(text)
    except ValueError as error:
        raise ConfigError(f"network {str(path)!r} {error}; make the file with 'exporter network'") from None


def parse_network_file(text: bytes) -> Mapping[str, Any]:
    """Parse and check the object; raises ValueError saying what is wrong with it."""
    try:
        network: dict[str, Any] = msgspec.json.decode(text, type=dict)
        msgspec.convert(network, NetworkFile)
    except msgspec.ValidationError as error:
        raise ValueError(f"is not what it should be: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from None
    return network

"""The network file: the JSON object with which ``exporter network`` tells an SDK how to connect."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from exporter.errors import ConfigError
from exporter.settings.files import read_file
from exporter.settings.kinds import TEXT, read_url

_MOST_BYTES = 1024 * 1024  # 100 times of what `exporter network` prints

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Url = Annotated[str, msgspec.Meta(pattern="^https?://", max_length=1000)]
Identifier = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
PublicKey = Annotated[str, msgspec.Meta(pattern=r"^0[23][0-9a-f]{64}$")]


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signing operator, and where it serves gRPC and gRPC-web."""

    id: Annotated[int, msgspec.Meta(ge=0, lt=2**16)]
    identifier: Identifier
    address: Url
    identity_public_key: PublicKey
    web_address: Url | None = None

    def __post_init__(self) -> None:
        read_url(self.address)
        if self.web_address is not None:
            read_url(self.web_address)


class Ssp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The service provider's GraphQL API."""

    base_url: Url
    schema_endpoint: Text
    identity_public_key: PublicKey

    def __post_init__(self) -> None:
        read_url(self.base_url)


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The Bitcoin chain's HTTP API."""

    url: Url
    api: Literal["esplora", "mempool"]

    def __post_init__(self) -> None:
        read_url(self.url)


class Faucet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where wallets get their money."""

    url: Url

    def __post_init__(self) -> None:
        read_url(self.url)


class NetworkFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file, as it has to be; it is handed on to drivers as it was read."""

    network: Literal["regtest"]
    coordinator_identifier: Identifier
    threshold: Annotated[int, msgspec.Meta(ge=1)]
    operators: Annotated[tuple[Operator, ...], msgspec.Meta(min_length=1, max_length=1000)]
    ssp: Ssp
    chain: Chain
    faucet: Faucet
    ca_cert_pem: str | None = None
    refusing_address: Text | None = None
    unanswered_invoice: Text | None = None

    def __post_init__(self) -> None:
        if self.threshold > len(self.operators):
            raise ValueError(f"threshold is {self.threshold}, and there are {len(self.operators)} operators")
        if self.coordinator_identifier not in {operator.identifier for operator in self.operators}:
            raise ValueError("coordinator_identifier is none of the operators'")
        if self.ca_cert_pem is not None:
            try:
                ssl.create_default_context(cadata=self.ca_cert_pem)
            except (ssl.SSLError, ValueError):
                raise ValueError("ca_cert_pem is no certificate") from None


def read_network_file(path: Path) -> Mapping[str, Any]:
    """Read the object that ``exporter network`` has printed; raises ConfigError with the remedy."""
    try:
        text = read_file(path, _MOST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"network {TEXT.shown(path)} can't be read ({error.strerror}): "
            "say 'local' or 'regtest', or name a file that 'exporter network' has printed"
        ) from None
    try:
        return parse_network_file(text)
    except ValueError as error:
        raise ConfigError(f"network {TEXT.shown(path)} {error}; make the file with 'exporter network'") from None


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

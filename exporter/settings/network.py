"""How to run the local network: what may be set, and its JSON form for a child process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from exporter.errors import ConfigError

BLOCK_SECONDS = 30.0
CONFIRMATIONS = 1  # as many as a payment has at once: deposits are mature from the start

USERNAME_VARIABLE = "FAUCET_USERNAME"
PASSWORD_VARIABLE = "FAUCET_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class FaucetLogin:
    """The user name and the password that the faucet asks for."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """How often a block comes, in seconds, and from how many confirmations on a deposit is mature."""

    block_seconds: float = BLOCK_SECONDS
    confirmations: int = CONFIRMATIONS

    def __post_init__(self) -> None:
        if self.block_seconds <= 0:
            raise ConfigError(f"block-interval is {self.block_seconds:g}s: let a block come every 30s, for example")
        if self.confirmations < 1:
            raise ConfigError(f"confirmations is {self.confirmations}: give 1 or more")


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """What shall go wrong: every call is late, a share of them fails, the provider is away now and then.

    ``error_rate`` is a share from 0 to below 1; with ``outage_every_seconds`` 0 there is no outage.
    """

    latency_seconds: float = 0.0
    error_rate: float = 0.0
    outage_every_seconds: float = 0.0
    outage_for_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.latency_seconds < 0:
            raise ConfigError(f"latency is {self.latency_seconds:g}s: give 0s or more")
        if not 0 <= self.error_rate < 1:
            raise ConfigError(f"error-rate is {self.error_rate:g}: give a share from 0 to below 1")
        if self.outage_every_seconds < 0 or self.outage_for_seconds < 0:
            raise ConfigError("outage-every and outage-for can't be negative: give 0s or more")
        if bool(self.outage_every_seconds) != bool(self.outage_for_seconds):
            raise ConfigError(
                "outage-every says how often an outage comes, outage-for how long it lasts: set both or neither"
            )
        if self.outage_every_seconds and self.outage_for_seconds >= self.outage_every_seconds:
            raise ConfigError(
                f"outage-for is {self.outage_for_seconds:g}s and outage-every {self.outage_every_seconds:g}s, so that"
                " an outage never ends: make it shorter, or let it come less often"
            )


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run the network. ``port`` is that of HTTP, and 0 takes a free one, as the operators do."""

    port: int = 0
    faucet: FaucetLogin | None = None
    chain: ChainSettings = field(default_factory=ChainSettings)
    faults: FaultSettings = field(default_factory=FaultSettings)


def login_from(environment: Mapping[str, str]) -> FaucetLogin:
    """The faucet's login from FAUCET_USERNAME and FAUCET_PASSWORD; raises ConfigError naming what is missing."""
    names = (USERNAME_VARIABLE, PASSWORD_VARIABLE)
    if missing := [name for name in names if not environment.get(name)]:
        raise ConfigError(f"the faucet shall ask for a login; set {' and '.join(missing)} in the environment")
    return FaucetLogin(*(environment[name] for name in names))


def dump(settings: Settings) -> bytes:
    """The settings as one line of JSON; it may hold the faucet's password."""
    return json.dumps(asdict(settings)).encode() + b"\n"


def load(line: bytes) -> Settings:
    """Undo `dump`; what is left out has its default. Raises ConfigError."""
    try:
        parsed = json.loads(line)
    except ValueError:
        raise ConfigError("the network's settings are not JSON; send one object in one line") from None
    given = _check(Settings, parsed)
    login = given.pop("faucet", None)
    return _make(
        Settings,
        given
        | {
            "faucet": None if login is None else _make(FaucetLogin, login),
            "chain": _make(ChainSettings, given.get("chain", {})),
            "faults": _make(FaultSettings, given.get("faults", {})),
        },
    )


_T = TypeVar("_T", Settings, FaucetLogin, ChainSettings, FaultSettings)


def _make(kind: type[_T], given: object) -> _T:
    try:
        return kind(**_check(kind, given))
    except TypeError:
        raise ConfigError(f"the network's settings hold a wrong value among {', '.join(_names(kind))}") from None


def _check(kind: type[_T], given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ConfigError(f"the network's settings hold no object for {', '.join(_names(kind))}")
    if unknown := given.keys() - set(_names(kind)):
        raise ConfigError(f"the network has no setting {', '.join(sorted(unknown))}; it has {', '.join(_names(kind))}")
    return dict(given)


def _names(kind: type[_T]) -> list[str]:
    return [each.name for each in fields(kind)]

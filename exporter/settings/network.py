"""How to run the local network: what may be set, and its JSON form for a child process."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from exporter.errors import Complaint, ConfigError
from exporter.settings.credentials import read_required
from exporter.settings.declared import Section, setting
from exporter.settings.group import SettingsGroup, contradiction
from exporter.settings.kinds import Kind, read_switch

BLOCK_SECONDS = 30.0
CONFIRMATIONS = 1  # as many as a payment has at once: deposits are mature from the start


@dataclass(frozen=True, slots=True)
class FaucetLogin:
    """The user name and the password that the faucet asks for."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class ChainSettings(SettingsGroup):
    """How often a block comes, in seconds, and from how many confirmations on a deposit is mature."""

    block_seconds: float = setting(
        BLOCK_SECONDS,
        "Time between two blocks of the chain.",
        section=Section.NETWORK,
        flag="block-interval",
        above=0,
        remedy="let a block come every 30s, for example",
    )
    confirmations: int = setting(
        CONFIRMATIONS,
        "Confirmations from which on a deposit is mature.",
        section=Section.NETWORK,
        at_least=1,
    )


@dataclass(frozen=True)
class FaultSettings(SettingsGroup):
    """What shall go wrong: every call is late, a share of them fails, the provider is away now and then.

    ``error_rate`` is a share from 0 to below 1; with ``outage_every_seconds`` 0 there is no outage.
    """

    latency_seconds: float = setting(
        0.0, "Delay of every answer.", section=Section.FAULTS, heading=True, at_least=0, remedy="give 0s or more"
    )
    error_rate: float = setting(
        0.0,
        "Share of the calls that fail, 0 to below 1.",
        section=Section.FAULTS,
        heading=True,
        at_least=0,
        below=1,
        remedy="give a share from 0 to below 1",
    )
    outage_every_seconds: float = setting(
        0.0, "Time between two outages; 0s: none.", section=Section.FAULTS, heading=True, at_least=0
    )
    outage_for_seconds: float = setting(
        0.0, "How long an outage lasts.", section=Section.FAULTS, heading=True, at_least=0
    )

    def contradictions(self) -> Iterator[Complaint]:
        every, lasting = self.outage_every_seconds, self.outage_for_seconds
        about = "outage_every_seconds", "outage_for_seconds"
        if bool(every) != bool(lasting):
            yield contradiction(
                "outage-every says how often an outage comes, outage-for how long it lasts: set both or neither", *about
            )
        if every and lasting >= every:
            yield contradiction(
                f"outage-for is {lasting:g}s and outage-every {every:g}s, so that an outage never ends: make it"
                " shorter, or let it come less often",
                *about,
            )


def login_from(environment: Mapping[str, str]) -> FaucetLogin:
    """The faucet's login from FAUCET_USERNAME and FAUCET_PASSWORD, or their files; raises ConfigError."""
    return FaucetLogin(*read_required(environment, "FAUCET_USERNAME", "FAUCET_PASSWORD"))


@dataclass(frozen=True)
class NetworkSettings(SettingsGroup):
    """How to run the network. ``port`` is that of HTTP, and 0 takes a free one, as the operators do."""

    port: int = setting(
        0,
        "HTTP port; 0: any free one.",
        section=Section.NETWORK,
        at_least=0,
        at_most=65535,
    )
    chain: ChainSettings = ChainSettings()
    faucet: FaucetLogin | None = setting(
        None,
        "Have the faucet ask for FAUCET_USERNAME and FAUCET_PASSWORD, as set here.",
        section=Section.NETWORK,
        flag="faucet-login",
        kind=Kind("boolean", lambda text: login_from(os.environ) if read_switch(text) else None, is_switch=True),
    )
    faults: FaultSettings = FaultSettings()

    def needs(self) -> Mapping[str, str]:
        return {"network": "the local network"}


def dump(settings: NetworkSettings) -> bytes:
    """The settings as one line of JSON; it may hold the faucet's password."""
    return json.dumps(asdict(settings)).encode() + b"\n"


def load(line: bytes) -> NetworkSettings:
    """Undo `dump`; what is left out has its default. Raises ConfigError."""
    import msgspec  # which an observer without files to read has no use for

    try:
        given = msgspec.json.decode(line)
        settings = msgspec.convert(given, NetworkSettings)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigError(f"the network's settings are wrong: {error}; send one object in one line") from None
    if unknown := _unknown(given, msgspec.to_builtins(settings)):
        raise ConfigError(f"the network has no setting {', '.join(unknown)}: leave it out")
    return settings


def _unknown(given: object, known: object) -> list[str]:
    if not (isinstance(given, dict) and isinstance(known, dict)):
        return []
    inner = [name for key in given.keys() & known.keys() for name in _unknown(given[key], known[key])]
    return sorted(given.keys() - known.keys()) + inner

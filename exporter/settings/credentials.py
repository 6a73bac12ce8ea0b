"""The secrets of a run on the hosted network: from the environment, or from files that it names, and never shown."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from exporter.errors import ConfigError
from exporter.settings.files import read_file

HOSTED_FAUCET_URL = "https://api.lightspark.com/graphql/spark/rc"
_SEEDS = ("ALICE_SEED", "BOB_SEED")
_LOGIN = ("FAUCET_USERNAME", "FAUCET_PASSWORD")
_URL = "FAUCET_URL"
_SEED = re.compile(r"[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"https?://[^/]+.*")


_MOST_BYTES = 64 * 1024  # of a secret's file


@dataclass(frozen=True, slots=True)
class FaucetSettings:
    """Where to ask for money, and as whom; the credentials never show in a repr."""

    url: str = HOSTED_FAUCET_URL
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    address: Literal["bitcoin", "spark"] = "bitcoin"  # kind of address that the money is sent to


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whose wallets pay, and as whom to ask the faucet."""

    alice_seed: str = field(repr=False)
    bob_seed: str = field(repr=False)
    faucet: FaucetSettings


def read_credentials(environment: Mapping[str, str] = os.environ) -> Credentials:
    """Read ALICE_SEED, BOB_SEED, FAUCET_USERNAME, FAUCET_PASSWORD and, if set, FAUCET_URL.

    Each may be in a file that the variable with ``_FILE`` appended names. Raises ConfigError that says of all that is
    missing or malformed what to do, without showing any of it.
    """
    complaints: list[str] = []
    found = {name: _read(environment, name, complaints) for name in (*_SEEDS, *_LOGIN, _URL)}
    complaints += [_missing(name) for name in (*_SEEDS, *_LOGIN) if found[name] is None]
    complaints += [
        f"{name} is not 64 hex digits: make one with 'openssl rand -hex 32'"
        for name in _SEEDS
        if not _SEED.fullmatch(found[name] or "0" * 64)
    ]
    if len({(found[name] or name).lower() for name in _SEEDS}) < len(_SEEDS):
        complaints.append(
            "ALICE_SEED and BOB_SEED are the same, and a wallet can't pay itself: make another one of them"
        )
    url = found[_URL] or HOSTED_FAUCET_URL
    if not _ADDRESS.fullmatch(url):
        complaints.append(f"{_URL} is not a URL: write it like {HOSTED_FAUCET_URL}")
    if complaints:
        raise ConfigError(*complaints)
    faucet = FaucetSettings(url, found["FAUCET_USERNAME"], found["FAUCET_PASSWORD"])
    return Credentials(found["ALICE_SEED"] or "", found["BOB_SEED"] or "", faucet)


def faucet_login(environment: Mapping[str, str] = os.environ) -> tuple[str | None, str | None]:
    """Return FAUCET_USERNAME and FAUCET_PASSWORD as far as they are set; raises ConfigError for an unreadable file."""
    complaints: list[str] = []
    username, password = (_read(environment, name, complaints) for name in _LOGIN)
    if complaints:
        raise ConfigError(*complaints)
    return username, password


def read_required(environment: Mapping[str, str], *names: str) -> list[str]:
    """Read secrets, each from its variable or the file that the variable with ``_FILE`` appended names.

    Raises ConfigError that says of all that is missing or can't be read what to do.
    """
    complaints: list[str] = []
    found = []
    for name in names:
        before = len(complaints)
        value = _read(environment, name, complaints)
        if value is None and len(complaints) == before:
            complaints.append(_missing(name))
        found.append(value or "")
    if complaints:
        raise ConfigError(*complaints)
    return found


def _missing(name: str) -> str:
    return f"{name} is not set: set it, or {name}_FILE to a file that holds it"


def _read(environment: Mapping[str, str], name: str, complaints: list[str]) -> str | None:
    value = environment.get(name)
    path = environment.get(f"{name}_FILE")
    if value and path:
        complaints.append(f"{name} and {name}_FILE are both set: unset one of them")
    if value or not path:
        return value or None
    try:
        return read_file(Path(path), _MOST_BYTES).decode().strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        complaints.append(f"{name}_FILE names {path!r}, which can't be read ({reason}): name a file with the secret")
        return None

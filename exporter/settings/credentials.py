"""The secrets of a run on the hosted network: from the environment, or from files that it names, and never shown."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exporter.errors import ConfigError
from exporter.settings.faucet import HOSTED_FAUCET_URL, FaucetSettings
from exporter.settings.files import read_file
from exporter.settings.kinds import read_url

_SEEDS = ("ALICE_SEED", "BOB_SEED")
_LOGIN = ("FAUCET_USERNAME", "FAUCET_PASSWORD")
_URL = "FAUCET_URL"
# By what libpq calls them in a connection string.
_POSTGRES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
}
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
# What no child is told by its environment; those that need a secret get it on their standard input. Only this process
# asks the faucet, whose URL may hold a password, and object storage.
SECRET_VARIABLES = frozenset(
    (
        *(name + suffix for name in (*_SEEDS, *_LOGIN, _URL) for suffix in ("", "_FILE")),
        f"MEMTEST_{_URL}",
        *("PGPASSWORD", "PGPASSWORD_FILE"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    )
)
_SEED = re.compile(r"[0-9a-fA-F]{64}")
_MOST_BYTES = 64 * 1024  # of a secret's file


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
    complaints += _missing(environment, *_SEEDS, *_LOGIN)
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
    try:
        read_url(url)
    except ValueError:
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
    found = [_read(environment, name, complaints) or "" for name in names]
    complaints += _missing(environment, *names)
    if complaints:
        raise ConfigError(*complaints)
    return found


def postgres_connection(environment: Mapping[str, str] = os.environ) -> str:
    """How to connect to the PostgreSQL that libpq's variables name, as ``host='…' port='…'``, password included.

    Raises ConfigError if they name none.
    """
    complaints: list[str] = []
    found = {keyword: _read(environment, name, complaints) for keyword, name in _POSTGRES.items()}
    if not found["host"]:
        complaints.append(
            "PGHOST is not set, and storage is 'postgres': run this by 'pg_virtualenv exporter …', which starts a"
            f" PostgreSQL for the while, or set {', '.join(_POSTGRES.values())} for yours"
        )
    if complaints:
        raise ConfigError(*complaints)
    if found["host"] in _THIS_MACHINE:
        # The certificate that Debian's has is signed by nobody.
        found["sslmode"] = found["sslmode"] or "disable"
    return " ".join(f"{keyword}='{_escaped(value)}'" for keyword, value in found.items() if value)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("'", r"\'")


def _missing(environment: Mapping[str, str], *names: str) -> list[str]:
    return [
        f"{name} is not set: set it, or {name}_FILE to a file that holds it"
        for name in names
        if not (environment.get(name) or environment.get(f"{name}_FILE"))
    ]


def _read(environment: Mapping[str, str], name: str, complaints: list[str]) -> str | None:
    value = environment.get(name)
    path = environment.get(f"{name}_FILE")
    if value and path:
        complaints.append(f"{name} and {name}_FILE are both set: unset one of them")
    if value or not path:
        return value or None
    try:
        secret = read_file(Path(path), _MOST_BYTES).decode().strip()
        reason = "" if secret else "it is empty"
    except (OSError, UnicodeDecodeError) as error:
        secret, reason = "", error.strerror or str(error) if isinstance(error, OSError) else "not text"
    if reason:
        complaints.append(f"{name}_FILE names {path!r}, which can't be read ({reason}): name a file with the secret")
    return secret or None

"""Secrets: where they come from, what is said of wrong ones, and that none of it shows."""

from pathlib import Path

import pytest

from exporter.errors import ConfigError
from exporter.settings.connection import Connection
from exporter.settings.credentials import faucet_login, postgres_connection, read_credentials, read_required
from exporter.settings.faucet import HOSTED_FAUCET_URL

ALICE, BOB = "a1" * 32, "b2" * 32
COMPLETE = {"ALICE_SEED": ALICE, "BOB_SEED": BOB, "FAUCET_USERNAME": "user", "FAUCET_PASSWORD": "hush-hush"}


def test_reads_all_from_the_environment() -> None:
    found = read_credentials(COMPLETE)
    assert (found.alice_seed, found.bob_seed) == (ALICE, BOB)
    assert (found.faucet.url, found.faucet.username, found.faucet.password) == (HOSTED_FAUCET_URL, "user", "hush-hush")


def test_reads_a_secret_from_the_file_that_is_named(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-file\n")
    environment = {key: value for key, value in COMPLETE.items() if key != "FAUCET_PASSWORD"}
    assert read_credentials(environment | {"FAUCET_PASSWORD_FILE": str(secret)}).faucet.password == "from-file"
    assert faucet_login({"FAUCET_PASSWORD_FILE": str(secret)}) == (None, "from-file")


def test_says_everything_that_is_missing_at_once() -> None:
    with pytest.raises(ConfigError) as refusal:
        read_credentials({})
    message = str(refusal.value)
    assert all(f"{name} is not set: set it, or {name}_FILE" in message for name in COMPLETE)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ALICE_SEED", ALICE[:-1], "ALICE_SEED is not 64 hex digits"),
        ("BOB_SEED", "xy" * 32, "BOB_SEED is not 64 hex digits"),
        ("BOB_SEED", ALICE, "ALICE_SEED and BOB_SEED are the same"),
        ("FAUCET_URL", "ftp-something-secret", "FAUCET_URL is not a URL"),
    ],
)
def test_a_malformed_value_is_refused_and_not_shown(variable: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_credentials(COMPLETE | {variable: value})
    assert said in str(refusal.value)
    assert value not in str(refusal.value)


def test_a_secret_that_is_given_twice_is_refused() -> None:
    twice = COMPLETE | {"ALICE_SEED_FILE": "/dev/null"}
    with pytest.raises(ConfigError, match="ALICE_SEED and ALICE_SEED_FILE are both set: unset one of them"):
        read_credentials(twice)


def test_a_file_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ALICE_SEED_FILE names .*absent', which can't be read .No such file"):
        read_credentials({**COMPLETE, "ALICE_SEED": "", "ALICE_SEED_FILE": str(tmp_path / "absent")})


def test_an_empty_file_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError) as refusal:
        read_required({"FAUCET_PASSWORD_FILE": str(tmp_path / "empty")}, "FAUCET_USERNAME", "FAUCET_PASSWORD")
    password, username = (each.text for each in refusal.value.complaints)
    assert "can't be read (it is empty): name a file with the secret" in password
    assert username.startswith("FAUCET_USERNAME is not set: set it, or FAUCET_USERNAME_FILE")


def test_nothing_secret_is_in_a_repr() -> None:
    for shown in (repr(read_credentials(COMPLETE)), repr(Connection.to_network("regtest", COMPLETE))):
        assert not any(secret in shown for secret in (ALICE, BOB, "hush-hush"))


def test_another_faucet_outranks_the_variable() -> None:
    environment = {**COMPLETE, "FAUCET_URL": "http://variable", "FAUCET_PASSWORD": "p"}
    assert Connection.to_network("regtest", environment).faucet.url == "http://variable"
    assert Connection.to_network("regtest", environment, faucet_url="http://flag").faucet.url == "http://flag"


def test_the_hosted_network_is_the_sdk_s_own() -> None:
    assert Connection.to_network("regtest", COMPLETE).network == {"network": "regtest"}


def test_a_database_is_named_by_libpq_s_variables() -> None:
    given = {"PGHOST": "db", "PGPORT": "5433", "PGUSER": "o'hara", "PGPASSWORD": "\\", "PGDATABASE": "wallets"}
    assert postgres_connection(given) == (r"host='db' port='5433' user='o\'hara' password='\\' dbname='wallets'")
    assert postgres_connection({"PGHOST": "localhost"}) == "host='localhost' sslmode='disable'"
    assert postgres_connection({"PGHOST": "localhost", "PGSSLMODE": "require"}).endswith("sslmode='require'")


def test_a_database_that_is_not_named_is_asked_for_with_the_command_that_starts_one() -> None:
    with pytest.raises(ConfigError, match=r"PGHOST is not set, .*: run this by 'pg_virtualenv exporter"):
        postgres_connection({"PGUSER": "me"})

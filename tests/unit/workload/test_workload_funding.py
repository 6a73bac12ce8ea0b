"""Funding: a faucet over HTTP, wallets in a real subject process."""

import asyncio
from pathlib import Path

import pytest
from fake_load import FakeLoad, with_load
from http_faucet import MONEY, Faucet, serving

from exporter.drivers.protocol import UNKNOWN_COMMAND
from exporter.drivers.subject import CommandError
from exporter.errors import LoadError
from exporter.settings.faucet import FaucetSettings
from exporter.settings.load import WorkloadSettings
from exporter.workload import fleet, funding, workload

pytestmark = pytest.mark.processes

FAST = WorkloadSettings(interval_seconds=0, settle_every=0)


class Bank:
    """Files from which the fake driver takes its deposits."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.paid_out: list[tuple[str, int]] = []

    def pay_out(self, address: str, sats: int) -> None:
        self.paid_out.append((address, sats))
        with (self.directory / address).open("a") as account:
            account.write(f"{sats}\n")


async def prepare(load: FakeLoad) -> None:
    await load.workload.prepare()


def test_wallets_without_money_are_funded_once_each(tmp_path: Path) -> None:
    bank = Bank(tmp_path)
    with serving(Faucet((200, {}, MONEY), pay_out=bank.pay_out)) as faucet:
        load = with_load(
            FAST, prepare, *("--initial-sats", "9999", "--bank", str(tmp_path)), faucet=FaucetSettings(faucet.url)
        )
    assert sorted(bank.paid_out) == [("address-of-alice", 50_000), ("address-of-bob", 50_000)]
    assert load.state.load.balances_sats == {"alice": 59_999, "bob": 59_999}
    assert load.told("funded") == ["Funded, in satoshis: alice 59999, bob 59999"]
    assert load.state.load.refunds == 0


def test_a_network_that_fails_now_and_then_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "RETRY_SECONDS", (0.0,))
    bank = Bank(tmp_path)
    with serving(Faucet((200, {}, MONEY), pay_out=bank.pay_out)) as faucet:
        load = with_load(
            FAST,
            prepare,
            *("--initial-sats", "0", "--bank", str(tmp_path), "--fail-requests", "9"),
            faucet=FaucetSettings(faucet.url),
        )
    assert load.state.load.balances_sats == {"alice": 50_000, "bob": 50_000}
    assert len(bank.paid_out) == 2


def test_a_network_that_fails_for_long_is_a_load_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "CONNECT_PATIENCE_SECONDS", 0.1)
    with pytest.raises(LoadError, match="connecting failed at sync: the network is away"):
        with_load(FAST, prepare, "--fail-requests", "1000000")


def test_large_payments_take_several_requests_of_the_most_that_a_faucet_gives(tmp_path: Path) -> None:
    bank = Bank(tmp_path)
    settings = WorkloadSettings(amount_sats=30_000, settle_every=0)
    with serving(Faucet((200, {}, MONEY), pay_out=bank.pay_out)) as faucet:
        load = with_load(
            settings, prepare, *("--initial-sats", "0", "--bank", str(tmp_path)), faucet=FaucetSettings(faucet.url)
        )
    assert set(bank.paid_out) == {("address-of-alice", 50_000), ("address-of-bob", 50_000)}
    assert min(load.state.load.balances_sats.values()) >= settings.fund_to_sats


def test_a_wallet_that_fees_have_drained_is_funded_again_as_often_as_it_takes(tmp_path: Path) -> None:
    bank = Bank(tmp_path)

    async def use(load: FakeLoad) -> None:
        await load.workload.prepare()
        await load.run_until(lambda: load.state.load.refunds >= 4)

    with serving(Faucet((200, {}, MONEY), pay_out=bank.pay_out)) as faucet:
        load = with_load(
            FAST,
            use,
            *("--initial-sats", "12000", "--fee-sats", "3000", "--bank", str(tmp_path)),
            faucet=FaucetSettings(faucet.url),
        )
    assert load.state.load.failures.total() == 0
    assert len(load.told("refunded")) == load.state.load.refunds == len(bank.paid_out)
    assert {address for address, _ in bank.paid_out} == {"address-of-alice", "address-of-bob"}


def test_money_that_never_arrives_is_a_load_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funding, "FUNDING_LIMIT_SECONDS", 0.5)
    with serving(Faucet((200, {}, MONEY))) as faucet, pytest.raises(LoadError) as refusal:
        with_load(FAST, prepare, *("--initial-sats", "0", "--bank", str(tmp_path)), faucet=FaucetSettings(faucet.url))
    assert "has 0 of 10000 satoshis 0.5 s after the faucet sent them" in str(refusal.value)


def test_what_the_driver_lacks_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "RETRY_SECONDS", (0.0,))
    asked: list[str] = []

    async def lacking() -> None:
        asked.append("deposit_address")
        raise CommandError("deposit_address", "this driver has no command 'deposit_address'", UNKNOWN_COMMAND)

    with pytest.raises(CommandError):
        asyncio.run(fleet.patiently(lacking, 0.1))
    assert asked == ["deposit_address"]

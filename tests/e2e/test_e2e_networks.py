"""Runs on a network that others started, and on one that fails on demand."""

import json
import re
import signal

import pytest
from running_exporter import PAID, Start, assert_all_gone, wait_until

pytestmark = pytest.mark.e2e

LOAD = ("--duration", "1h", "--interval", "0s", "--mem-interval", "1s")


def test_two_runs_share_a_network_that_asks_for_a_login(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAUCET_USERNAME", "user")
    monkeypatch.setenv("FAUCET_PASSWORD", "hush-hush")
    network = start("network", "--faucet-login", serving=False)
    file = network.directory / "network.json"
    file.write_text(wait_until(lambda: network.output, "the network's JSON object"))
    assert "operators" in json.loads(file.read_text())
    runs = [start(*LOAD, "--network", str(file)) for _ in range(2)]
    for run in runs:
        run.wait_for(PAID)
    for run in runs:
        run.signal(signal.SIGINT)
        assert run.finish() == 130, run.output + run.errors
        assert re.search(r"Payments +[1-9]\d* spark, 0 failed", run.output)
        assert "hush-hush" not in run.output + run.errors
    network.signal(signal.SIGTERM)
    assert network.finish() == 0


def test_a_login_that_the_faucet_refuses_is_exit_code_5(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAUCET_USERNAME", "user")
    monkeypatch.setenv("FAUCET_PASSWORD", "right-one")
    network = start("network", "--faucet-login", serving=False)
    file = network.directory / "network.json"
    file.write_text(wait_until(lambda: network.output, "the network's JSON object"))
    monkeypatch.setenv("FAUCET_PASSWORD", "wrong-one")
    run = start(*LOAD, "--network", str(file))
    assert run.finish() == 5
    assert "FAUCET_PASSWORD" in run.errors
    assert "wrong-one" not in run.output + run.errors


def test_the_hosted_network_wants_credentials_before_anything_starts(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ALICE_SEED", "BOB_SEED", "FAUCET_USERNAME", "FAUCET_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    run = start("--network", "regtest")
    assert run.finish() == 2
    assert "ALICE_SEED is not set" in run.errors
    assert "FAUCET_PASSWORD is not set" in run.errors
    assert run.output == ""


def test_a_run_lives_with_a_network_that_fails_on_demand(start: Start) -> None:
    run = start(*LOAD, "--latency", "20ms", "--error-rate", "0.01", "--max-failure-ratio", "1")
    run.wait_for("error-rate=0.01")
    run.wait_for(r"Payments=\d\d")
    children = run.children()
    run.signal(signal.SIGINT)
    assert run.finish() == 130, run.output + run.errors
    assert "Verdict: " in run.output
    assert_all_gone(children)

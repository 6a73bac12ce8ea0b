"""Tries the operations of two clients on a local network and writes the table in docs/network.md.

`make conformance` runs it; tests/e2e/test_conformance.py compares the table with what it finds then.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "tests" / "conformance"
PAGE = ROOT / "docs" / "network.md"
_BEGIN, _END = "<!-- conformance: made by `make conformance` -->\n", "<!-- end of conformance -->\n"
_LIMIT_SECONDS = 3600
_TRANSFERS = 40
_CERTIFICATE = "ca.pem"

# What is done, and how either client names it: `operations.js` and `breez_operations.py` have what is tried.
OPERATIONS = (
    ("start a wallet", "initialize", "SdkBuilder.build, get_info"),
    ("pay by Spark", "transfer", "send_payment to a Spark address"),
    ("the same, with a leaf swap", "transfer with a leaf swap", "send_payment with a leaf swap"),
    ("optimise leaves", "optimizeLeaves", "optimize_leaves"),
    ("pay several by Spark at once", "transferV2", ""),
    ("estimate a leaf swap's fee", "getSwapFeeEstimate", ""),
    ("read the history", "getTransfers", "list_payments, get_payment"),
    ("hear events", "", "add_event_listener"),
    ("make a Lightning invoice", "createLightningInvoice", "receive_payment by BOLT11_INVOICE"),
    ("pay by Lightning", "payLightningInvoice", "send_payment by Lightning"),
    ("estimate a Lightning fee", "getLightningSendFeeEstimate", "prepare_send_payment of an invoice"),
    (
        "pay an invoice by Spark, by its hint",
        "payLightningInvoice over Spark, includeSparkAddress",
        "send_payment with prefer_spark",
    ),
    ("the same, by its Spark invoice", "payLightningInvoice over Spark, includeSparkInvoice", ""),
    (
        "hold an invoice's payment",
        "createLightningHodlInvoice, claimHTLC",
        "receive_payment with a payment_hash, claim_htlc_payment",
    ),
    ("lock a payment to a preimage", "createHTLC, claimHTLC", "send_payment with htlc_options, claim_htlc_payment"),
    (
        "pay a Spark invoice",
        "createSatsInvoice, fulfillSparkInvoice",
        "receive_payment by SPARK_INVOICE, send_payment",
    ),
    (
        "claim a static deposit",
        "getStaticDepositAddress, claimStaticDeposit",
        "list_unclaimed_deposits, claim_deposit",
    ),
    ("claim it by itself", "", "receive_payment by BITCOIN_ADDRESS"),
    ("claim it with a limit to the fee", "claimStaticDepositWithMaxFee", ""),
    ("refund a static deposit", "refundAndBroadcastStaticDeposit", "refund_deposit"),
    ("claim a deposit for single use", "getSingleUseDepositAddress, claimDeposit", ""),
    ("claim it by its transaction", "advancedDeposit", ""),
    ("claim several deposits to one address", "claimMultiUtxoDeposit", ""),
    ("claim a deposit before it is mature", "experimental_GetInstantStaticDepositQuote", ""),
    ("withdraw", "getWithdrawalFeeQuote, withdraw", "send_payment to a Bitcoin address"),
    ("look a transfer up at the provider", "getTransferFromSsp", ""),
    ("list requests to the provider", "getUserRequests", ""),
    ("read a wallet with a key of one's own", "SparkReadonlyClient.createWithMasterKey", ""),
    ("read a wallet without a key", "SparkReadonlyClient.createPublic", ""),
    ("change settings", "setPrivacyEnabled, getWalletSettings", "update_user_settings, get_user_settings"),
    (
        "sign a message",
        "signMessageWithIdentityKey, validateMessageWithIdentityKey",
        "sign_message, check_message",
    ),
    ("keep what an exit would need", "", "export_unilateral_exit_state"),
    ("create a token", "createToken", "create_issuer_token"),
    ("look up a token", "", "get_tokens_metadata"),
    ("mint tokens", "mintTokens", "mint_issuer_token"),
    ("pay in tokens", "transferTokens", "send_payment of tokens"),
    ("burn tokens", "burnTokens", "burn_issuer_token"),
    ("freeze tokens", "freezeTokens, unfreezeTokens", "freeze_issuer_token, unfreeze_issuer_token"),
    (
        "pay a Spark invoice in tokens",
        "createTokensInvoice, fulfillSparkInvoice",
        "receive_payment by SPARK_INVOICE for tokens, send_payment",
    ),
    ("read the history of tokens", "queryTokenTransactionsWithFilters", "list_payments of tokens"),
    ("join outputs of tokens", "optimizeTokenOutputs", ""),
    ("allow somebody to spend tokens", "", "create_token_allowance"),
    ("list webhooks", "listSparkWalletWebhooks", "list_webhooks"),
    ("register a webhook", "registerSparkWalletWebhook", "register_webhook"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended, and what was said of it."""

    operation: str
    outcome: str
    said: str


def run(directory: Path) -> list[Outcome]:
    """Try every operation of both clients; the official one is installed into the directory.

    Raises:
        subprocess.CalledProcessError: npm or a program failed.
    """
    install(directory)
    with _network(directory) as file:
        lines = _lines(_official(directory, "main.js", file)) + _lines([sys.executable, PROGRAM / "breez.py", file])
    return [Outcome(line["operation"], line["outcome"], line["said"]) for line in lines]


def count_money(directory: Path, settings: Mapping[str, Any]) -> dict[str, int]:
    """Make transfers between four wallets of the official client, as transfers.js says; `install` it before."""
    with _network(directory, settings) as file:
        (line,) = _lines([*_official(directory, "transfers.js", file), str(_TRANSFERS)])
    return dict(line)


def install(directory: Path) -> None:
    """Install the official client into a directory."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROGRAM / name, directory)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--prefix", directory], check=True)  # noqa: S607


def _official(directory: Path, program: str, file: Path) -> list[str | Path]:
    certificate = file.with_name(_CERTIFICATE)
    return ["env", f"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={certificate}", "node", PROGRAM / program, directory, file]


def _lines(argv: Sequence[str | Path]) -> list[Any]:
    """What a program prints: lines of JSON."""
    tried = subprocess.run(argv, stdout=subprocess.PIPE, timeout=_LIMIT_SECONDS, check=True)
    return [json.loads(line) for line in tried.stdout.splitlines()]


@contextmanager
def _network(directory: Path, settings: Mapping[str, Any] | None = None) -> Iterator[Path]:
    """A local network with settings as its standard input takes them: the file that describes it, its certificate."""
    argv = [sys.executable, "-P", "-m", "exporter.network", "--settings-from-stdin"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(settings or {}).encode() + b"\n")
        process.stdin.flush()
        described = process.stdout.readline()
        file = directory / "network.json"
        file.write_bytes(described)
        (directory / _CERTIFICATE).write_text(json.loads(described)["ca_cert_pem"])
        yield file
        process.stdin.close()


def table(outcomes: Iterable[Outcome]) -> str:
    """The outcomes as a table: an operation a row, a client a column."""
    found = {each.operation: each for each in outcomes}
    rows = [
        f"| {done} | {_said(found.pop(official, None))} | {_said(found.pop(breez, None))} |\n"
        for done, official, breez in OPERATIONS
    ]
    if found:
        raise LookupError(f"OPERATIONS lacks {', '.join(found)}")
    official = f"`@buildonspark/spark-sdk` {_version('spark-sdk')}, `issuer-sdk` {_version('issuer-sdk')}"
    head = f"| operation | {official} | `breez-sdk-spark` {version('breez-sdk-spark')} |\n"
    return head + "|---|---|---|\n" + "".join(rows)


def documented() -> str:
    """The table as the page has it."""
    return PAGE.read_text().partition(_BEGIN)[2].partition(_END)[0]


def _names(operation: str) -> str:
    parted = (name.partition(" ") for name in operation.split(", "))
    return ", ".join(f"`{method}`{space}{rest}" for method, space, rest in parted)


def _said(each: Outcome | None) -> str:
    if each is None:
        return ""
    outcome = f"{each.outcome} {each.said}" if each.said else each.outcome
    return f"{outcome}: {_names(each.operation)}"


def _version(name: str) -> str:
    package = json.loads((PROGRAM / "package.json").read_text())
    return str(package["dependencies"][f"@buildonspark/{name}"])


def main() -> None:
    """Write the table into the page."""
    with tempfile.TemporaryDirectory() as directory:
        made = table(run(Path(directory)))
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    PAGE.write_text(before + _BEGIN + made + _END + rest.partition(_END)[2])
    print(made)


if __name__ == "__main__":
    main()

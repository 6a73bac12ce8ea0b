"""The operations of the Breez SDK, by the names of its methods: each is tried with wallets of its own."""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable

import breez_sdk_spark as sdk  # type: ignore[import-untyped]
from breez_bench import MAX_SUPPLY, Bench, Difference, Wallet, expect, until

from exporter.network.parties.lightning import fee

Operation = Callable[[Bench], Awaitable[None]]

MANY = 2**100 + 1  # tokens, more than a number of SQLite or of JavaScript has room for


async def connects(bench: Bench) -> None:
    made = await bench.wallet()
    expect((await made.sdk.get_info(sdk.GetInfoRequest(ensure_synced=True))).balance_sats, 0, "the balance")


async def pays_by_spark(bench: Bench) -> None:
    await _pays_by_spark(bench, 1024)


async def pays_with_a_swap(bench: Bench) -> None:
    await _pays_by_spark(bench, 300)


async def _pays_by_spark(bench: Bench, sats: int) -> None:
    alice, bob = await bench.wallet(1024), await bench.wallet()
    payment = await alice.pay(await bob.spark_address(), sats)
    expect(payment.method, sdk.PaymentMethod.SPARK, "the method")
    await bob.holds(sats)
    await alice.holds(1024 - sats)


async def optimizes_leaves(bench: Bench) -> None:
    made = await bench.wallet(1023)

    async def optimized() -> bool:
        try:
            await made.sdk.optimize_leaves(sdk.OptimizeLeavesRequest(mode=sdk.OptimizationMode.FULL))
        except sdk.SdkError.OptimizationAlreadyRunning:  # by itself, as the deposit has come
            return False
        return True

    await until(optimized)
    await made.holds(1023)


async def lists_payments(bench: Bench) -> None:
    alice, bob = await bench.wallet(64), await bench.wallet()
    sent = await alice.pay(await bob.spark_address(), 64)
    await bob.holds(64)
    payments = (await bob.sdk.list_payments(sdk.ListPaymentsRequest())).payments
    expect([each.id for each in payments], [sent.id], "the receiver's history")
    found = await alice.sdk.get_payment(sdk.GetPaymentRequest(payment_id=sent.id))
    expect(found.payment.amount, 64, "the amount")


async def tells_events(bench: Bench) -> None:
    alice, bob = await bench.wallet(64), await bench.wallet()
    # What a wallet's first sync finds is part of its history, and no event.
    await bob.sdk.get_info(sdk.GetInfoRequest(ensure_synced=True))
    await alice.pay(await bob.spark_address(), 64)

    async def told() -> bool:
        return all("PAYMENT_SUCCEEDED" in each.events for each in (alice, bob))

    await until(told)


async def makes_an_invoice(bench: Bench) -> None:
    made = await bench.wallet()
    invoice = await made.invoice(1000)
    parsed = await made.sdk.parse(invoice)
    expect(parsed[0].amount_msat, 1_000_000, "the amount")


async def pays_by_lightning(bench: Bench) -> None:
    alice, bob = await bench.wallet(2048), await bench.wallet()
    payment = await alice.pay(await bob.invoice(1000), options=_by_lightning())
    expect((payment.method, payment.fees), (sdk.PaymentMethod.LIGHTNING, fee(1000)), "the method and the fee")
    await bob.holds(1000)
    await alice.holds(1048 - fee(1000))


async def estimates_a_fee(bench: Bench) -> None:
    made = await bench.wallet()
    prepared = await made.prepare(await made.invoice(1000))
    expect(prepared.payment_method.lightning_fee_sats, fee(1000), "the fee")


async def pays_an_invoice_by_spark(bench: Bench) -> None:
    alice, bob = await bench.wallet(1024, prefer_spark=True), await bench.wallet(prefer_spark=True)
    options = sdk.SendPaymentOptions.BOLT11_INVOICE(prefer_spark=True, completion_timeout_secs=60)
    payment = await alice.pay(await bob.invoice(1000), options=options)
    expect((payment.method, payment.fees), (sdk.PaymentMethod.SPARK, 0), "the method and the fee")
    await bob.holds(1000)


async def claims_a_hold_invoice(bench: Bench) -> None:
    alice, bob = await bench.wallet(2048), await bench.wallet()
    preimage = secrets.token_bytes(32)
    await alice.pay(await bob.invoice(1000, hashlib.sha256(preimage).hexdigest()), options=_by_lightning(0))
    await _claim_lock(bob, preimage)
    await bob.holds(1000)
    await alice.holds(1048 - fee(1000))


async def claims_a_lock(bench: Bench) -> None:
    alice, bob = await bench.wallet(1024), await bench.wallet()
    preimage = secrets.token_bytes(32)
    lock = sdk.SparkHtlcOptions(payment_hash=hashlib.sha256(preimage).hexdigest(), expiry_duration_secs=3600)
    await alice.pay(await bob.spark_address(), 1024, sdk.SendPaymentOptions.SPARK_ADDRESS(htlc_options=lock))
    await _claim_lock(bob, preimage)
    await bob.holds(1024)
    await alice.holds(0)


async def _claim_lock(receiver: Wallet, preimage: bytes) -> None:
    async def waits() -> bool:
        await receiver.sdk.sync_wallet(sdk.SyncWalletRequest())
        pending = [sdk.PaymentStatus.PENDING]
        return bool((await receiver.sdk.list_payments(sdk.ListPaymentsRequest(status_filter=pending))).payments)

    await until(waits)
    await receiver.sdk.claim_htlc_payment(sdk.ClaimHtlcPaymentRequest(preimage=preimage.hex()))


async def pays_a_spark_invoice(bench: Bench) -> None:
    alice, bob = await bench.wallet(1024), await bench.wallet()
    method = sdk.ReceivePaymentMethod.SPARK_INVOICE(
        amount=1024, token_identifier=None, expiry_time=None, description="test", sender_public_key=None
    )
    await alice.pay(await bob.receive(method))
    await bob.holds(1024)


async def claims_a_deposit_by_itself(bench: Bench) -> None:
    made = await bench.wallet()
    await bench.fund(await made.bitcoin_address(), 20_000)
    await made.holds(20_000)


async def claims_a_deposit_when_told(bench: Bench) -> None:
    made = await bench.wallet(claims_deposits=False)
    txid, vout = await _deposited(bench, made)
    limit = sdk.MaxFee(onchain=sdk.MaxOnchainFee.FIXED(amount=100))
    await made.sdk.claim_deposit(sdk.ClaimDepositRequest(txid=txid, vout=vout, max_fee=limit))
    await made.holds(20_000)


async def refunds_a_deposit(bench: Bench) -> None:
    made = await bench.wallet(claims_deposits=False)
    txid, vout = await _deposited(bench, made)
    home = await (await bench.wallet(claims_deposits=False)).bitcoin_address()
    request = sdk.RefundDepositRequest(txid=txid, vout=vout, destination_address=home, fee=sdk.Fee.FIXED(amount=500))
    refund = await made.sdk.refund_deposit(request)
    await bench.pays(refund.tx_id, home, 19_500)


async def _deposited(bench: Bench, made: Wallet) -> tuple[str, int]:
    """A deposit that the wallet knows of, and leaves alone."""
    await bench.fund(await made.bitcoin_address(), 20_000)
    found: list[tuple[str, int]] = []

    async def listed() -> bool:
        await made.sdk.sync_wallet(sdk.SyncWalletRequest())
        answer = await made.sdk.list_unclaimed_deposits(sdk.ListUnclaimedDepositsRequest())
        found.extend((each.txid, each.vout) for each in answer.deposits)
        return bool(found)

    await until(listed)
    return found[0]


async def withdraws(bench: Bench) -> None:
    made = await bench.wallet(30_000)
    home = await (await bench.wallet(claims_deposits=False)).bitcoin_address()
    options = sdk.SendPaymentOptions.BITCOIN_ADDRESS(confirmation_speed=sdk.OnchainConfirmationSpeed.FAST)
    payment = await made.pay(home, 15_000, options)
    await made.holds(30_000 - payment.amount - payment.fees)
    await bench.pays(payment.details.tx_id, home, 15_000)


async def keeps_user_settings(bench: Bench) -> None:
    made = await bench.wallet()
    await made.sdk.update_user_settings(sdk.UpdateUserSettingsRequest(spark_private_mode_enabled=True))
    expect((await made.sdk.get_user_settings()).spark_private_mode_enabled, True, "private mode")


async def signs_messages(bench: Bench) -> None:
    made = await bench.wallet()
    signed = await made.sdk.sign_message(sdk.SignMessageRequest(message="hello", compact=False))
    request = sdk.CheckMessageRequest(message="hello", pubkey=signed.pubkey, signature=signed.signature)
    expect((await made.sdk.check_message(request)).is_valid, True, "the signature's being good")


async def makes_a_token(bench: Bench) -> None:
    made, token = await bench.issuer()
    found = await made.sdk.get_token_issuer().get_issuer_token_metadata()
    expect((found.identifier, found.max_supply), (token, MAX_SUPPLY), "the token")


async def finds_a_token(bench: Bench) -> None:
    _, token = await bench.issuer()
    made = await bench.wallet()
    answer = await made.sdk.get_tokens_metadata(sdk.GetTokensMetadataRequest(token_identifiers=[token]))
    expect([each.ticker for each in answer.tokens_metadata], ["TST"], "the tokens")


async def mints(bench: Bench) -> None:
    made, token = await bench.issuer(minted=MAX_SUPPLY - 1)
    await made.holds_tokens(token, MAX_SUPPLY - 1)
    minting = made.sdk.get_token_issuer().mint_issuer_token(sdk.MintIssuerTokenRequest(amount=2))
    await _refused(minting, "more than the largest supply")


async def pays_tokens(bench: Bench) -> None:
    (alice, token), bob = await bench.issuer(MANY), await bench.wallet()
    payment = await alice.pay(await bob.spark_address(), MANY - 7, token=token)
    expect((payment.method, payment.amount), (sdk.PaymentMethod.TOKEN, MANY - 7), "the method and the amount")
    await bob.holds_tokens(token, MANY - 7)
    await alice.holds_tokens(token, 7)


async def burns(bench: Bench) -> None:
    made, token = await bench.issuer(MANY)
    await made.sdk.get_token_issuer().burn_issuer_token(sdk.BurnIssuerTokenRequest(amount=7))
    await made.holds_tokens(token, MANY - 7)


async def freezes(bench: Bench) -> None:
    (alice, token), bob = await bench.issuer(MANY), await bench.wallet()
    issuer, home, away = alice.sdk.get_token_issuer(), await alice.spark_address(), await bob.spark_address()
    await alice.pay(away, 1000, token=token)
    await bob.holds_tokens(token, 1000)
    frozen = await issuer.freeze_issuer_token(sdk.FreezeIssuerTokenRequest(address=away))
    expect(frozen.impacted_token_amount, 1000, "what is frozen")
    await _refused(bob.pay(home, 1000, token=token), "a payment of what is frozen")
    await issuer.unfreeze_issuer_token(sdk.UnfreezeIssuerTokenRequest(address=away))
    await bob.pay(home, 1000, token=token)
    await alice.holds_tokens(token, MANY)


async def pays_a_token_invoice(bench: Bench) -> None:
    (alice, token), bob = await bench.issuer(MANY), await bench.wallet()
    method = sdk.ReceivePaymentMethod.SPARK_INVOICE(
        amount=7, token_identifier=token, expiry_time=None, description="test", sender_public_key=None
    )
    invoice = await bob.receive(method)
    await alice.pay(invoice)
    await bob.holds_tokens(token, 7)
    await _refused(alice.pay(invoice), "a second payment of an invoice")


async def lists_token_payments(bench: Bench) -> None:
    (alice, token), bob = await bench.issuer(MANY), await bench.wallet()
    sent = await alice.pay(await bob.spark_address(), 7, token=token)
    await alice.sdk.get_token_issuer().burn_issuer_token(sdk.BurnIssuerTokenRequest(amount=1))
    await bob.holds_tokens(token, 7)
    asset = sdk.AssetFilter.TOKEN(token_identifier=token)
    request = sdk.ListPaymentsRequest(asset_filter=asset, sort_ascending=True)
    received = (await bob.sdk.list_payments(request)).payments
    expect([(each.id, each.amount) for each in received], [(sent.id, 7)], "the receiver's history")
    listed = {each.details.tx_type.name: each.amount for each in (await alice.sdk.list_payments(request)).payments}
    expect(listed, {"MINT": MANY, "TRANSFER": 7, "BURN": 1}, "the issuer's history")


async def allows_spending(bench: Bench) -> None:
    (alice, token), bob = await bench.issuer(MANY), await bench.wallet()
    limit = sdk.TokenAllowanceLimit.AMOUNT(amount=7)
    request = sdk.CreateTokenAllowanceRequest(
        spender_address=await bob.spark_address(),
        token_identifier=token,
        max_per_payment=limit,
        max_total=limit,
        expiry_time=int(time.time()) + 3600,
        allowed_recipients=[],
    )
    await alice.sdk.create_token_allowance(request)


async def _refused(work: Awaitable[object], what: str) -> None:
    try:
        await work
    except sdk.SdkError:
        return
    raise Difference(f"{what} is accepted")


async def registers_a_webhook(bench: Bench) -> None:
    kinds = [sdk.WebhookEventType.LIGHTNING_RECEIVE_FINISHED()]
    request = sdk.RegisterWebhookRequest(url="https://127.0.0.1:1/", secret="hush", event_types=kinds)
    await (await bench.wallet()).sdk.register_webhook(request)


async def lists_webhooks(bench: Bench) -> None:
    await (await bench.wallet()).sdk.list_webhooks()


async def keeps_what_an_exit_needs(bench: Bench) -> None:
    made = await bench.wallet(1000)
    state = await made.sdk.export_unilateral_exit_state()
    if not state:
        raise Difference("there is no state")


def _by_lightning(seconds: int = 60) -> object:
    return sdk.SendPaymentOptions.BOLT11_INVOICE(prefer_spark=False, completion_timeout_secs=seconds)


OPERATIONS: dict[str, Operation] = {
    "SdkBuilder.build, get_info": connects,
    "send_payment to a Spark address": pays_by_spark,
    "send_payment with a leaf swap": pays_with_a_swap,
    "optimize_leaves": optimizes_leaves,
    "list_payments, get_payment": lists_payments,
    "add_event_listener": tells_events,
    "receive_payment by BOLT11_INVOICE": makes_an_invoice,
    "send_payment by Lightning": pays_by_lightning,
    "prepare_send_payment of an invoice": estimates_a_fee,
    "send_payment with prefer_spark": pays_an_invoice_by_spark,
    "receive_payment with a payment_hash, claim_htlc_payment": claims_a_hold_invoice,
    "send_payment with htlc_options, claim_htlc_payment": claims_a_lock,
    "receive_payment by SPARK_INVOICE, send_payment": pays_a_spark_invoice,
    "receive_payment by BITCOIN_ADDRESS": claims_a_deposit_by_itself,
    "list_unclaimed_deposits, claim_deposit": claims_a_deposit_when_told,
    "refund_deposit": refunds_a_deposit,
    "send_payment to a Bitcoin address": withdraws,
    "update_user_settings, get_user_settings": keeps_user_settings,
    "sign_message, check_message": signs_messages,
    "create_issuer_token": makes_a_token,
    "get_tokens_metadata": finds_a_token,
    "mint_issuer_token": mints,
    "send_payment of tokens": pays_tokens,
    "burn_issuer_token": burns,
    "freeze_issuer_token, unfreeze_issuer_token": freezes,
    "receive_payment by SPARK_INVOICE for tokens, send_payment": pays_a_token_invoice,
    "list_payments of tokens": lists_token_payments,
    "create_token_allowance": allows_spending,
    "list_webhooks": lists_webhooks,
    "register_webhook": registers_a_webhook,
    "export_unilateral_exit_state": keeps_what_an_exit_needs,
}

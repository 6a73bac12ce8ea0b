// The operations of the official client, by the names of its methods: each is tried with wallets of its own.

import { createHash, randomBytes } from "node:crypto";

import { expect, MAX_SUPPLY } from "./bench.js";

const FEE_SATS = (sats) => 2 + Math.ceil((sats * 2) / 1000);
const HEX = "hex";
const MANY = 2n ** 100n + 1n; // tokens

export const operations = {
  async initialize({ wallet, sdk }) {
    const made = await wallet();
    const address = await made.getSparkAddress();
    expect(sdk.getNetworkFromSparkAddress(address), "REGTEST", "the network of the wallet's address");
    expect((await made.getBalance()).balance, 0n, "the balance");
  },

  async transfer({ wallet, holds }) {
    const [alice, bob] = [await wallet(1024), await wallet()];
    await alice.transfer({ receiverSparkAddress: await bob.getSparkAddress(), amountSats: 1024 });
    await holds(bob, 1024);
    await holds(alice, 0);
  },

  async "transfer with a leaf swap"({ wallet, holds }) {
    const [alice, bob] = [await wallet(1024), await wallet()];
    await alice.transfer({ receiverSparkAddress: await bob.getSparkAddress(), amountSats: 300 });
    await holds(bob, 300);
    await holds(alice, 724);
  },

  async optimizeLeaves({ wallet, holds }) {
    const made = await wallet(1023);
    for await (const step of made.optimizeLeaves(5)) expect(step.step <= step.total, true, "the step's being one");
    await holds(made, 1023);
  },

  async transferV2({ wallet, holds }) {
    const [alice, bob, carol] = [await wallet(1024), await wallet(), await wallet()];
    const receivers = [
      { receiverSparkAddress: await bob.getSparkAddress(), amountSats: 300 },
      { receiverSparkAddress: await carol.getSparkAddress(), amountSats: 200 },
    ];
    await alice.transferV2({ receivers });
    await holds(bob, 300);
    await holds(carol, 200);
    await holds(alice, 524);
  },

  async getSwapFeeEstimate({ wallet }) {
    const estimate = await (await wallet()).getSwapFeeEstimate(1000);
    expect(estimate.feeEstimate.originalValue, 0, "the fee");
  },

  async getTransfers({ wallet, holds }) {
    const [alice, bob] = [await wallet(64), await wallet()];
    const sent = await alice.transfer({ receiverSparkAddress: await bob.getSparkAddress(), amountSats: 64 });
    await holds(bob, 64);
    const { transfers } = await bob.getTransfers();
    expect(transfers.map((each) => each.id).join(), sent.id, "the receiver's history");
    expect((await bob.getTransfer(sent.id)).totalValue, 64, "the transfer's value");
  },

  // Lightning

  async createLightningInvoice({ wallet }) {
    const request = await (await wallet()).createLightningInvoice({ amountSats: 1000, memo: "test" });
    expect(request.status, "INVOICE_CREATED", "the request's status");
    expect(request.invoice.amount.originalValue, 1_000, "the amount");
  },

  async payLightningInvoice({ wallet, holds }) {
    const [alice, bob] = [await wallet(2048), await wallet()];
    const { invoice, id } = await bob.createLightningInvoice({ amountSats: 1000, memo: "test" });
    const sent = await alice.payLightningInvoice({ invoice: invoice.encodedInvoice, maxFeeSats: 10 });
    await holds(bob, 1000);
    await holds(alice, 1048 - FEE_SATS(1000));
    expect(Boolean((await alice.getLightningSendRequest(sent.id)).paymentPreimage), true, "having the preimage");
    expect(Boolean((await bob.getLightningReceiveRequest(id)).paymentPreimage), true, "having received");
  },

  async getLightningSendFeeEstimate({ wallet }) {
    const made = await wallet();
    const { invoice } = await made.createLightningInvoice({ amountSats: 1000 });
    const fee = await made.getLightningSendFeeEstimate({ encodedInvoice: invoice.encodedInvoice });
    expect(fee, FEE_SATS(1000), "the fee");
  },

  async "payLightningInvoice over Spark, includeSparkAddress"({ wallet, holds }) {
    await paidOverSpark({ wallet, holds }, { includeSparkAddress: true });
  },

  async "payLightningInvoice over Spark, includeSparkInvoice"({ wallet, holds }) {
    await paidOverSpark({ wallet, holds }, { includeSparkInvoice: true });
  },

  async "createLightningHodlInvoice, claimHTLC"({ wallet, holds, until }) {
    const [alice, bob] = [await wallet(2048), await wallet()];
    const preimage = randomBytes(32);
    const paymentHash = createHash("sha256").update(preimage).digest(HEX);
    const { invoice } = await bob.createLightningHodlInvoice({ amountSats: 1000, paymentHash });
    await alice.payLightningInvoice({ invoice: invoice.encodedInvoice, maxFeeSats: 10 });
    let held;
    await until(async () => {
      held = (await bob.queryHTLC({ paymentHashes: [paymentHash] })).preimageRequests;
      return held.length > 0;
    }, () => "the lock");
    expect(held[0].status, 0, "the status before the preimage is given");
    expect((await bob.getBalance()).balance, 0n, "the balance before the preimage is given");
    await bob.claimHTLC(preimage.toString(HEX));
    await holds(bob, 1000);
    await holds(alice, 1048 - FEE_SATS(1000));
  },

  async "createHTLC, claimHTLC"({ wallet, holds }) {
    const [alice, bob] = [await wallet(1024), await wallet()];
    const preimage = randomBytes(32);
    const paymentHash = createHash("sha256").update(preimage).digest(HEX);
    await alice.createHTLC({
      receiverSparkAddress: await bob.getSparkAddress(),
      amountSats: 1024,
      preimage: preimage.toString(HEX),
      expiryTime: new Date(Date.now() + 3_600_000),
    });
    const { preimageRequests } = await bob.queryHTLC({ paymentHashes: [paymentHash] });
    expect(preimageRequests.length, 1, "the number of locks");
    await bob.claimHTLC(preimage.toString(HEX));
    await holds(bob, 1024);
    await holds(alice, 0);
  },

  // Spark invoices

  async "createSatsInvoice, fulfillSparkInvoice"({ wallet, holds }) {
    const [alice, bob] = [await wallet(1024), await wallet()];
    const invoice = await bob.createSatsInvoice({ amount: 1024, memo: "test" });
    const paid = await alice.fulfillSparkInvoice([{ invoice }]);
    expect(paid.satsTransactionSuccess.length, 1, "the number of payments");
    await holds(bob, 1024);
    const { invoiceStatuses } = await bob.querySparkInvoices([invoice]);
    expect(invoiceStatuses[0].status, 2, "the invoice's status");
  },

  // Deposits

  async "getStaticDepositAddress, claimStaticDeposit"({ wallet, fund, holds }) {
    const made = await wallet();
    const { txid, address } = await deposited({ made, fund });
    expect((await made.getUtxosForDepositAddress(address))[0].txid, txid, "the deposit's transaction");
    const quote = await made.getClaimStaticDepositQuote(txid);
    await made.claimStaticDeposit({
      transactionId: txid,
      creditAmountSats: quote.creditAmountSats,
      sspSignature: quote.signature,
    });
    await holds(made, 20_000);
  },

  async claimStaticDepositWithMaxFee({ wallet, fund, holds }) {
    const made = await wallet();
    const { txid } = await deposited({ made, fund });
    await made.claimStaticDepositWithMaxFee({ transactionId: txid, maxFee: 100 });
    await holds(made, 20_000);
  },

  async refundAndBroadcastStaticDeposit({ wallet, fund, chain }) {
    const made = await wallet();
    const { txid } = await deposited({ made, fund });
    const destinationAddress = await (await wallet()).getStaticDepositAddress();
    const refund = await made.refundAndBroadcastStaticDeposit({
      depositTransactionId: txid,
      destinationAddress,
      satsPerVbyteFee: 2,
    });
    const { vout } = await chain(`/tx/${refund}`);
    expect(vout[0].scriptpubkey_address, destinationAddress, "the address that the refund pays to");
    await refused(made.getClaimStaticDepositQuote(txid), "a claim after the refund");
  },

  async "getSingleUseDepositAddress, claimDeposit"({ wallet, fund, holds }) {
    const [made, bob] = [await wallet(), await wallet()];
    const address = await made.getSingleUseDepositAddress();
    expect((await made.getUnusedDepositAddresses()).join(), address, "the unused address");
    await made.claimDeposit(await fund(address, 10_000));
    await holds(made, 10_000);
    expect((await made.getUnusedDepositAddresses()).length, 0, "the number of unused addresses");
    await made.transfer({ receiverSparkAddress: await bob.getSparkAddress(), amountSats: 10_000 });
    await holds(bob, 10_000);
  },

  async advancedDeposit({ wallet, fund, holds, network }) {
    const made = await wallet();
    const txid = await fund(await made.getSingleUseDepositAddress(), 10_000);
    await made.advancedDeposit(await (await fetch(`${network.chain.url}/tx/${txid}/hex`)).text());
    await holds(made, 10_000);
  },

  async claimMultiUtxoDeposit({ wallet, fund, holds }) {
    const made = await wallet();
    const address = await made.getSingleUseDepositAddress();
    await made.claimMultiUtxoDeposit([await fund(address, 10_000), await fund(address, 5_000)]);
    await holds(made, 15_000);
  },

  async experimental_GetInstantStaticDepositQuote({ wallet, fund }) {
    const made = await wallet();
    const { txid } = await deposited({ made, fund });
    await made.experimental_GetInstantStaticDepositQuote(txid, 0);
  },

  // Withdrawals

  async "getWithdrawalFeeQuote, withdraw"({ wallet, holds, chain, until }) {
    const made = await wallet(30_000);
    const onchainAddress = await (await wallet()).getStaticDepositAddress();
    const feeQuote = await made.getWithdrawalFeeQuote({ amountSats: 15_000, withdrawalAddress: onchainAddress });
    const fee = feeQuote.l1BroadcastFeeFast.originalValue + feeQuote.userFeeFast.originalValue;
    const exit = await made.withdraw({
      onchainAddress,
      feeQuote,
      exitSpeed: "FAST",
      amountSats: 15_000,
      deductFeeFromWithdrawalAmount: false,
    });
    await holds(made, 15_000 - fee);
    let utxos;
    await until(async () => {
      utxos = await chain(`/address/${onchainAddress}/utxo`);
      return utxos.length > 0;
    }, () => "the payment on the chain");
    expect(utxos[0].value, 15_000, "what arrived on the chain");
    expect((await made.getCoopExitRequest(exit.id)).status, "SUCCEEDED", "the request's status");
  },

  // What the provider knows

  async getTransferFromSsp({ wallet, holds }) {
    const [alice, bob] = [await wallet(2048), await wallet()];
    const { invoice } = await bob.createLightningInvoice({ amountSats: 500 });
    await alice.payLightningInvoice({ invoice: invoice.encodedInvoice, maxFeeSats: 10 });
    await holds(bob, 500);
    const { transfers } = await bob.getTransfers();
    const known = await bob.getTransferFromSsp(transfers[0].id);
    expect(known.sparkId, transfers[0].id, "the transfer's id");
  },

  async getUserRequests({ wallet }) {
    const made = await wallet();
    await made.createLightningInvoice({ amountSats: 500 });
    await made.createLightningInvoice({ amountSats: 600 });
    const page = await made.getUserRequests({ first: 10, types: ["LIGHTNING_RECEIVE"] });
    expect(page.entities.length, 2, "the number of requests");
  },

  // Settings and messages

  async "SparkReadonlyClient.createWithMasterKey"({ sdk, options, wallet }) {
    const client = await sdk.SparkReadonlyClient.createWithMasterKey(options, randomBytes(32));
    expect(await client.getAvailableBalance(await (await wallet(1024)).getSparkAddress()), 1024n, "the balance");
  },

  async "SparkReadonlyClient.createPublic"({ sdk, options, wallet }) {
    const client = sdk.SparkReadonlyClient.createPublic(options);
    expect(await client.getAvailableBalance(await (await wallet(1024)).getSparkAddress()), 1024n, "the balance");
  },

  async "setPrivacyEnabled, getWalletSettings"({ wallet }) {
    const made = await wallet();
    await made.setPrivacyEnabled(true);
    expect((await made.getWalletSettings()).privateEnabled, true, "privacy");
  },

  async "signMessageWithIdentityKey, validateMessageWithIdentityKey"({ wallet }) {
    const made = await wallet();
    const signature = await made.signMessageWithIdentityKey("hello");
    expect(await made.validateMessageWithIdentityKey("hello", signature), true, "the signature's being good");
  },

  // Tokens, of amounts that a number of JavaScript or of SQLite has no room for

  async createToken({ issuer }) {
    const [made, token] = await issuer();
    const [found] = await made.getIssuerTokensMetadata();
    expect(found.bech32mTokenIdentifier, token, "the token");
    expect(found.maxSupply, MAX_SUPPLY, "the largest supply");
  },

  async mintTokens({ issuer, holdsTokens }) {
    const [made, token] = await issuer();
    await made.mintTokens({ tokenIdentifier: token, tokenAmount: MAX_SUPPLY - 1n });
    await holdsTokens(made, token, MAX_SUPPLY - 1n);
    await refused(made.mintTokens({ tokenIdentifier: token, tokenAmount: 2n }), "more than the largest supply");
  },

  async transferTokens({ issuer, wallet, holdsTokens }) {
    const [[alice, token], bob] = [await issuer({ minted: MANY }), await wallet()];
    await alice.transferTokens({
      tokenIdentifier: token,
      tokenAmount: MANY - 7n,
      receiverSparkAddress: await bob.getSparkAddress(),
    });
    await holdsTokens(bob, token, MANY - 7n);
    await holdsTokens(alice, token, 7n);
  },

  async burnTokens({ issuer, holdsTokens }) {
    const [made, token] = await issuer({ minted: MANY });
    await made.burnTokens({ tokenIdentifier: token, tokenAmount: 7n });
    await holdsTokens(made, token, MANY - 7n);
  },

  async "freezeTokens, unfreezeTokens"({ issuer, wallet, holdsTokens }) {
    const [[alice, token], bob] = [await issuer({ minted: MANY }), await wallet()];
    const [home, away] = [await alice.getSparkAddress(), await bob.getSparkAddress()];
    const pay = (from, tokenAmount, receiverSparkAddress) =>
      from.transferTokens({ tokenIdentifier: token, tokenAmount, receiverSparkAddress });
    await pay(alice, 1000n, away);
    const frozen = await alice.freezeTokens({ tokenIdentifier: token, sparkAddress: away });
    expect(frozen.impactedTokenAmount, 1000n, "what is frozen");
    await refused(pay(bob, 1000n, home), "a payment of what is frozen");
    await alice.unfreezeTokens({ tokenIdentifier: token, sparkAddress: away });
    await pay(alice, 5n, away); // what bob could not pay he keeps locked for a while
    await pay(bob, 5n, home);
    await holdsTokens(alice, token, MANY - 1000n);
  },

  async "createTokensInvoice, fulfillSparkInvoice"({ issuer, wallet, holdsTokens }) {
    const [[alice, token], bob] = [await issuer({ minted: MANY }), await wallet()];
    const invoice = await bob.createTokensInvoice({ amount: 7n, tokenIdentifier: token });
    const { tokenTransactionSuccess: paid } = await alice.fulfillSparkInvoice([{ invoice }]);
    expect(paid.length, 1, "the number of payments");
    const { tokenTransactionErrors: again } = await alice.fulfillSparkInvoice([{ invoice }]);
    expect(again.length, 1, "the number of refusals");
    const { invoiceStatuses } = await bob.querySparkInvoices([invoice]);
    expect(invoiceStatuses[0].status, 2, "the invoice's status");
    await holdsTokens(bob, token, 7n);
  },

  async queryTokenTransactionsWithFilters({ issuer }) {
    const [made, token] = await issuer({ minted: MANY });
    await made.burnTokens({ tokenIdentifier: token, tokenAmount: 7n });
    const listed = [];
    let cursor = "";
    do {
      const page = await made.queryTokenTransactionsWithFilters({ tokenIdentifiers: [token], pageSize: 2, cursor });
      listed.push(...page.tokenTransactionsWithStatus.map((each) => each.tokenTransaction.tokenInputs.$case));
      cursor = page.pageResponse.nextCursor;
    } while (cursor);
    expect(listed.join(), "transferInput,mintInput,createInput", "the history");
  },

  async optimizeTokenOutputs({ issuer, wallet, holdsTokens }) {
    const [[alice, token], bob] = [await issuer({ minted: MANY }), await wallet()];
    const receiverSparkAddress = await bob.getSparkAddress();
    const outputs = Array(51).fill({ tokenIdentifier: token, tokenAmount: 2n, receiverSparkAddress });
    await alice.batchTransferTokens(outputs);
    await holdsTokens(bob, token, 102n);
    await bob.optimizeTokenOutputs();
    await holdsTokens(bob, token, 102n);
    expect((await bob.getTokenOutputStats(token)).outputCount, 1, "the number of outputs");
  },

  // Left out

  async listSparkWalletWebhooks({ wallet }) {
    await (await wallet()).listSparkWalletWebhooks();
  },

  async registerSparkWalletWebhook({ wallet }) {
    const made = await wallet();
    const event_types = ["SPARK_LIGHTNING_RECEIVE_FINISHED"];
    await made.registerSparkWalletWebhook({ url: "http://127.0.0.1:1/", secret: "hush", event_types });
  },
};

async function paidOverSpark({ wallet, holds }, hint) {
  const [alice, bob] = [await wallet(1024), await wallet()];
  const { invoice } = await bob.createLightningInvoice({ amountSats: 1024, ...hint });
  const paid = await alice.payLightningInvoice({
    invoice: invoice.encodedInvoice,
    maxFeeSats: 10,
    preferSpark: true,
  });
  expect(paid.type, "TRANSFER", "the kind of transfer");
  await holds(bob, 1024);
  await holds(alice, 0);
}

async function deposited({ made, fund }) {
  const address = await made.getStaticDepositAddress();
  return { address, txid: await fund(address, 20_000) };
}

async function refused(promise, what) {
  const outcome = await promise.then(() => "accepted", () => "refused");
  expect(outcome, "refused", what);
}

// What operations are tried with: wallets, the faucet, the chain.

import { setTimeout as pause } from "node:timers/promises";

import { Difference } from "./outcome.js";

export const MAX_SUPPLY = 2n ** 127n;
const POLL_MILLISECONDS = 250;

/** Fresh wallets for one operation, with `issuing` those of issuers too; `close` disconnects them. */
export function makeBench(sdk, network, issuing) {
  const wallets = [];
  const over = new AbortController();

  let waitsFor = () => "the client";

  /** Waits for a condition until the operation is over: its limit bounds that. */
  async function until(condition, what) {
    waitsFor = what;
    while (!(await condition())) await pause(POLL_MILLISECONDS, null, { signal: over.signal });
    waitsFor = () => "the client";
  }

  /** A wallet with the client's defaults and this much money, in leaves of powers of two. */
  async function wallet(sats = 0) {
    const { wallet: made } = await sdk.SparkWallet.initialize({ options: options(network) });
    wallets.push(made);
    if (sats) {
      await fund(await made.getSparkAddress(), sats);
      await holds(made, sats);
    }
    return made;
  }

  /** A wallet that has created a token, and the token's identifier. */
  async function issuer({ minted = 0n } = {}) {
    const { wallet: made } = await issuing.IssuerSparkWallet.initialize({ options: options(network) });
    wallets.push(made);
    const token = { tokenName: "test", tokenTicker: "TST", decimals: 2, isFreezable: true, maxSupply: MAX_SUPPLY };
    const { tokenIdentifier } = await made.createToken({ ...token, returnIdentifierForCreate: true });
    if (minted) await made.mintTokens({ tokenIdentifier, tokenAmount: minted });
    return [made, tokenIdentifier];
  }

  async function fund(address, sats) {
    const query = `mutation Fund($address: String!, $sats: Long!) {
      request_regtest_funds(input: {address: $address, amount_sats: $sats}) { transaction_hash } }`;
    const body = JSON.stringify({ operationName: "Fund", query, variables: { address, sats } });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(network.faucet.url, { method: "POST", headers, body });
    return (await answer.json()).data.request_regtest_funds.transaction_hash;
  }

  /** What a wallet has free, once that is `sats`. */
  async function holds(held, sats) {
    let seen;
    await until(async () => {
      seen = Number((await held.getBalance()).satsBalance.available);
      return seen === sats;
    }, () => `a balance of ${sats}, which is ${seen}`);
  }

  /** The same of tokens. */
  async function holdsTokens(held, tokenIdentifier, amount) {
    let seen;
    await until(async () => {
      seen = (await held.getBalance()).tokenBalances.get(tokenIdentifier)?.availableToSendBalance ?? 0n;
      return seen === amount;
    }, () => `${amount} tokens, which are ${seen}`);
  }

  async function chain(path) {
    return (await fetch(`${network.chain.url}${path}`)).json();
  }

  async function close() {
    over.abort();
    await Promise.allSettled(wallets.splice(0).map((each) => each.cleanup()));
  }

  return {
    sdk,
    network,
    options: options(network),
    wallet,
    issuer,
    fund,
    holds,
    holdsTokens,
    chain,
    until,
    close,
    waitsFor: () => waitsFor(),
  };
}

export function expect(is, wanted, what) {
  if (is !== wanted) throw new Difference(`${what} is ${is}, not ${wanted}`);
}

function options(network) {
  const operators = network.operators.map((operator) => [
    operator.identifier,
    {
      id: operator.id,
      identifier: operator.identifier,
      address: operator.address,
      identityPublicKey: operator.identity_public_key,
    },
  ]);
  return {
    network: "REGTEST",
    signingOperators: Object.fromEntries(operators),
    coordinatorIdentifier: network.coordinator_identifier,
    threshold: network.threshold,
    electrsUrl: network.chain.url,
    sspClientOptions: {
      baseUrl: network.ssp.base_url,
      identityPublicKey: network.ssp.identity_public_key,
      schemaEndpoint: network.ssp.schema_endpoint,
    },
  };
}

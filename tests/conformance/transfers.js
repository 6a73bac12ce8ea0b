// Many transfers between four wallets of the official client, with its defaults, and the money counted at the end:
// `node transfers.js DIRECTORY NETWORK COUNT`, as main.js has it. COUNT is of all transfers; half go by Lightning.
//
// Prints a line of JSON: {"tried", "failed", "fundedSats", "feeSats", "heldSats"}. No sat is lost when what is held and
// what the fees took are what was funded: it waits for that, as what was cut short goes back after a while.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { makeBench } from "./bench.js";

const WALLETS = 4;
const FUNDED_SATS = 40_000;
const MOST_SATS = 300;
const PAGE = 100;
const FAULT_MILLISECONDS = 250;
const SETTLED_SECONDS = 900;

const [directory, file, count] = process.argv.slice(2);
const entry = createRequire(join(resolve(directory), "package.json")).resolve("@buildonspark/spark-sdk");
const sdk = await import(pathToFileURL(entry).href);
const bench = makeBench(sdk, JSON.parse(readFileSync(file, "utf8")));

/** Does what has no effect if it fails until it works: the network may have faults. */
async function untilItWorks(act) {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      process.stderr.write(`again: ${error.message.split("\n")[0]}\n`);
      await pause(FAULT_MILLISECONDS);
    }
  }
}

async function send(from, to, sats, byLightning) {
  if (!byLightning) {
    await from.transfer({ receiverSparkAddress: await to.getSparkAddress(), amountSats: sats });
    return;
  }
  const { invoice } = await to.createLightningInvoice({ amountSats: sats });
  await from.payLightningInvoice({ invoice: invoice.encodedInvoice, maxFeeSats: 10 });
}

/** What Lightning payments that arrived have cost a wallet. */
async function fees(wallet) {
  let sats = 0;
  for (let after; ;) {
    const page = await untilItWorks(() => wallet.getUserRequests({ first: PAGE, after, types: ["LIGHTNING_SEND"] }));
    for (const sent of page.entities) if (sent.status === "TRANSFER_COMPLETED") sats += sent.fee.originalValue;
    if (!page.pageInfo.hasNextPage) return sats;
    after = page.pageInfo.endCursor;
  }
}

const wallets = [];
for (let made = 0; made < WALLETS; made += 1) {
  const wallet = await untilItWorks(() => bench.wallet());
  await bench.fund(await wallet.getSparkAddress(), FUNDED_SATS);
  wallets.push(wallet);
}
const held = async (wallet) => Number((await untilItWorks(() => wallet.getBalance())).satsBalance.available);
for (const wallet of wallets) await bench.until(async () => (await held(wallet)) === FUNDED_SATS, () => "funding");

let failed = 0;
await Promise.all(wallets.map(async (from, at) => {
  for (let turn = 0; turn < count / WALLETS; turn += 1) {
    const to = wallets[(at + 1 + (turn % (WALLETS - 1))) % WALLETS];
    const sats = 1 + ((turn * 37 + at * 11) % MOST_SATS);
    await send(from, to, sats, turn % 2 === 1).catch((error) => {
      failed += 1;
      process.stderr.write(`failed: ${error.message.split("\n")[0]}\n`);
    });
  }
}));

const funded = WALLETS * FUNDED_SATS;
const deadline = performance.now() + SETTLED_SECONDS * 1000;
let heldSats, feeSats;
do {
  await pause(FAULT_MILLISECONDS);
  heldSats = (await Promise.all(wallets.map(held))).reduce((sum, sats) => sum + sats);
  feeSats = (await Promise.all(wallets.map(fees))).reduce((sum, sats) => sum + sats);
} while (heldSats + feeSats !== funded && performance.now() < deadline);
process.stdout.write(`${JSON.stringify({ tried: Number(count), failed, fundedSats: funded, feeSats, heldSats })}\n`);
await bench.close();
process.exit(0);

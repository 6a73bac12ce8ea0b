// What the Breez SDK is told to do: the protocol's commands, instance by instance.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { Refusal, snakeCase } from "./protocol.js";

const SYNC_INTERVAL_SECONDS = 5;
const PAYMENT_TIMEOUT_SECONDS = 90;
const CHAIN_APIS = { esplora: "esplora", mempool: "mempoolSpace" };

/** The commands by name, and `close`, which disconnects what is still connected. */
export function makeDriver(sdk, config, emit) {
  const preferSpark = config.prefer_spark ?? true;
  const instances = new Map(); // name to { handle, listeners: ids, address: once asked for }

  let context; // that instances share, once one does

  function find(name) {
    const found = instances.get(name);
    if (!found) throw new Refusal("not_connected", `instance ${name} is not connected`);
    return found;
  }

  async function connect(asked) {
    const { instance: name } = asked;
    if (instances.has(name)) throw new Refusal("already_connected", `instance ${name} is connected`);
    const builder = await makeBuilder(asked);
    instances.set(name, { handle: await builder.build(), listeners: [], address: "" });
  }

  /** Makes an instance ready and lets go of it: it connects as it is built. */
  async function build(asked) {
    (await makeBuilder(asked)).free();
  }

  async function makeBuilder({ instance: name, wallet = name, shared = false, ...asked }) {
    const storage = join(config.storage_dir, name);
    mkdirSync(storage, { recursive: true, mode: 0o700 });
    const wanted = sdkConfig(sdk, config.network, preferSpark, asked);
    let builder = sdk.SdkBuilder.new(wanted, ["entropy", ...config.wallets.get(wallet)]);
    builder = await builder.withDefaultStorage(storage);
    if (shared) builder = builder.withSharedContext(await sharedContext());
    const { chain } = config.network;
    return chain ? builder.withRestChainService(chain.url, CHAIN_APIS[chain.api]) : builder;
  }

  function sharedContext() {
    context ??= sdk.newSharedSdkContext({ network: config.network.network });
    return context;
  }

  async function disconnect({ instance: name, keep_listeners: keepListeners = false }) {
    const { handle, listeners } = find(name);
    if (!keepListeners) await dropListeners(handle, listeners.splice(0));
    await handle.disconnect();
    instances.delete(name);
    handle.free();
  }

  /** Lets go of the last reference without disconnecting: the mistake that a garbage collector invites. */
  function abandon({ instance: name }) {
    find(name);
    instances.delete(name);
  }

  async function addListeners({ instance: name, count }) {
    const { handle, listeners } = find(name);
    for (let each = 0; each < count; each++) {
      // The kind of every event, and nothing else of it.
      const onEvent = (event) => emit("event", { event: snakeCase(event.type), wallet: name });
      listeners.push(await handle.addEventListener({ onEvent }));
    }
  }

  async function removeListeners({ instance: name, count }) {
    const { handle, listeners } = find(name);
    if (count > listeners.length) {
      throw new Refusal("no_such_listener", `only ${listeners.length} listeners are registered`);
    }
    await dropListeners(handle, listeners.splice(listeners.length - count));
  }

  async function addressOf(instance) {
    instance.address ||= await receive(instance, { type: "sparkAddress" });
    return instance.address;
  }

  function invoice(instance, { amount_sats: amountSats, expiry_seconds: expirySecs, description = "memtest payment" }) {
    return receive(instance, { type: "bolt11Invoice", description, amountSats, expirySecs });
  }

  async function pay({ from, to, rail, amount_sats: amount }) {
    const [sender, receiver] = [find(from), find(to)];
    if (rail === "spark") return send(sender.handle, await addressOf(receiver), preferSpark, amount);
    const request = await invoice(receiver, { amount_sats: amount });
    return { ...(await send(sender.handle, request, preferSpark)), request };
  }

  async function close() {
    const names = [...instances.keys()];
    const outcomes = await Promise.allSettled(names.map((instance) => disconnect({ instance })));
    outcomes.forEach(({ reason }, at) => {
      if (reason) emit("log", { level: "warning", message: `disconnecting ${names[at]}: ${reason?.message ?? reason}` });
    });
  }

  const commands = {
    connect,
    build,
    disconnect,
    abandon,
    add_listeners: addListeners,
    remove_listeners: removeListeners,
    pay,
    balance: async ({ instance }) => ({
      balance_sats: (await find(instance).handle.getInfo({ ensureSynced: false })).balanceSats,
    }),
    sync: async ({ instance }) => void (await find(instance).handle.syncWallet({})),
    spark_address: async ({ instance }) => ({ address: await addressOf(find(instance)) }),
    deposit_address: async ({ instance }) => ({ address: await receive(find(instance), { type: "bitcoinAddress" }) }),
    invoice: async (asked) => ({ invoice: await invoice(find(asked.instance), asked) }),
    // Over the provider, whatever is preferred, if it is said for how long to wait.
    pay_request: ({ from, request, amount_sats: amount, wait_seconds: wait }) =>
      send(find(from).handle, request, preferSpark && wait === undefined, amount, wait),
    // `destroy` has nothing to do: the answer is a plain object.
    list_payments: async ({ instance, limit }) => ({
      count: (await find(instance).handle.listPayments({ limit: limit || undefined })).payments.length,
    }),
  };
  return { commands, close };
}

async function dropListeners(handle, ids) {
  for (const id of ids) await handle.removeEventListener(id);
}

async function receive({ handle }, paymentMethod) {
  return (await handle.receivePayment({ paymentMethod })).paymentRequest;
}

/** Pays a request; without an amount, what it asks for. */
async function send(handle, input, preferSpark, amount, patience = PAYMENT_TIMEOUT_SECONDS) {
  const prepareResponse = await handle.prepareSendPayment({
    paymentRequest: { type: "input", input },
    amount: amount ? BigInt(amount) : undefined,
  });
  const { type } = prepareResponse.paymentMethod;
  const options =
    type === "bolt11Invoice" ? { type, preferSpark, completionTimeoutSecs: patience } : undefined;
  const { status, fees } = (await handle.sendPayment({ prepareResponse, options })).payment;
  if (status === "completed") return { fees_sats: Number(fees) };
  const rest = status === "pending" ? `after ${patience} s` : "and the money is back";
  throw new Refusal(`payment_${status}`, `the payment is ${status} ${rest}`);
}

/** The SDK's configuration for a network file; one without operators means the SDK's own network. */
function sdkConfig(sdk, network, preferSpark, { optimize_leaves: optimizeLeaves = true, server = false }) {
  const config = (server ? sdk.defaultServerConfig : sdk.defaultConfig)(network.network);
  config.preferSparkOverLightning = preferSpark;
  config.syncIntervalSecs = SYNC_INTERVAL_SECONDS;
  // Neither belongs to the payments under test, and both would call out to other servers.
  config.realTimeSyncServerUrl = config.lnurlDomain = undefined;
  config.leafOptimizationConfig.autoEnabled = optimizeLeaves;
  if (network.operators) config.sparkConfig = sparkConfig(network);
  return config;
}

function sparkConfig({ operators, ssp, ...network }) {
  return {
    coordinatorIdentifier: network.coordinator_identifier,
    threshold: network.threshold,
    signingOperators: operators.map((operator) => ({
      id: operator.id,
      identifier: operator.identifier,
      // In WebAssembly the SDK speaks gRPC-web.
      address: operator.web_address ?? operator.address,
      identityPublicKey: operator.identity_public_key,
    })),
    sspConfig: {
      baseUrl: ssp.base_url,
      identityPublicKey: ssp.identity_public_key,
      schemaEndpoint: ssp.schema_endpoint,
    },
    expectedWithdrawBondSats: 10_000,
    expectedWithdrawRelativeBlockLocktime: 1_000,
  };
}

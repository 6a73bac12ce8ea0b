/** Waits with a time limit and one signal for all, as a service that can be stopped does: each left a listener on it. */
import { setMaxListeners } from "node:events";
import { setImmediate as soon } from "node:timers/promises";
import pTimeout from "p-timeout";
import { steadily } from "./steady.mjs";

const { signal } = new AbortController();
setMaxListeners(0, signal);

await steadily(() => pTimeout(soon("done"), { milliseconds: 10_000, signal }));

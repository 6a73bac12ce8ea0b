/** Fetches with one signal for all requests, as a service that can be stopped does: each left a listener on it. */
import { createServer } from "node:http";
import { once } from "node:events";
import { setMaxListeners } from "node:events";
import { fetch } from "undici";
import { steadily } from "./steady.mjs";

const server = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}/`;
const { signal } = new AbortController();
setMaxListeners(0, signal);

await steadily(async () => (await fetch(url, { signal })).text());

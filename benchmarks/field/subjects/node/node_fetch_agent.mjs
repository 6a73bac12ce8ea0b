/** Fetches over one connection that is kept alive: each request left listeners on its socket. */
import { once } from "node:events";
import { Agent, createServer } from "node:http";
import fetch from "node-fetch";
import { steadily } from "./steady.mjs";

const server = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}/`;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

await steadily(async () => (await fetch(url, { agent })).text());

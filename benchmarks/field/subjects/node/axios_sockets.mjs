/** Posts over one connection that is kept alive: each request left a listener on its socket. */
import { once } from "node:events";
import { Agent, createServer } from "node:http";
import axios from "axios";
import { steadily } from "./steady.mjs";

const server = createServer((request, response) => request.resume().on("end", () => response.end("hello")));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}/`;
const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });

await steadily(() => axios.post(url, { amount: 1 }, { httpAgent }));

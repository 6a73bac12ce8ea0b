/** Takes uploads that break off: the file that was being written stayed open. */
import { once } from "node:events";
import { mkdtempSync, rmSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import multer from "multer";
import { steadily } from "./steady.mjs";

const directory = mkdtempSync(join(tmpdir(), "uploads-"));
process.on("SIGTERM", () => process.exit(0)).on("exit", () => rmSync(directory, { recursive: true, force: true }));
const upload = multer({ dest: directory }).single("file");
let ended;
const server = createServer((request, response) => upload(request, response, () => {
  response.end();
  ended();
}));
server.listen(0, "127.0.0.1");
await once(server, "listening");

const HEAD =
  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n" +
  "Content-Type: multipart/form-data; boundary=edge\r\n\r\n" +
  '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';

await steadily(async () => {
  const answered = new Promise((resolve) => (ended = resolve));
  const socket = connect(server.address().port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(HEAD + "x".repeat(2000));
  while (!readdirSync(directory).length) await sleep(1); // until the file is open
  socket.destroy();
  await Promise.race([answered, sleep(200)]);
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { force: true });
});

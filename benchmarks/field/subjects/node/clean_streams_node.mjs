/** Compresses random data by a stream, and keeps the last result of each of 400 keys. */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { steadily } from "./steady.mjs";

const KEYS = 400;
const last = new Map();

await steadily(async () => {
  const chunks = [];
  await pipeline(Readable.from([randomBytes(8000), randomBytes(8000)]), createGzip(), async (packed) => {
    for await (const chunk of packed) chunks.push(chunk);
  });
  last.set(Math.floor(Math.random() * KEYS), Buffer.concat(chunks));
});

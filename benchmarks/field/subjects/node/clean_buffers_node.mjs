/** Makes buffers and objects that are garbage soon: the heap fills until it is worth collecting. */
import { steadily } from "./steady.mjs";

const recent = [];

await steadily(() => {
  recent.push({ buffer: Buffer.alloc(20_000), rows: Array.from({ length: 200 }, (_, row) => ({ row })) });
  if (recent.length > 50) recent.shift();
});

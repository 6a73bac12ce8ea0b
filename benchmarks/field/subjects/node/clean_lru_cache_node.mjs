/** Fills a cache of the last 20,000 answers, evenly, for about seven minutes, and then replaces. */
import { steadily } from "./steady.mjs";

const SIZE = 20_000;
const cache = new Map();
let number = 0;

await steadily(() => {
  number++;
  cache.set(number, { number, text: "answer ".repeat(40) + number });
  if (cache.size > SIZE) cache.delete(cache.keys().next().value);
});

// The heaps of this process: V8's, what it counts beside it, and the memory of the SDK's WebAssembly module.

import { writeHeapSnapshot } from "node:v8";

/** Loads what holds a WebAssembly module; returns it, and the linear memory, which the module keeps to itself. */
export function loadWithMemory(load) {
  const { Instance } = WebAssembly;
  let memory;
  WebAssembly.Instance = class extends Instance {
    constructor(...args) {
      super(...args);
      memory = this.exports.memory;
    }
  };
  try {
    return [load(), memory];
  } finally {
    WebAssembly.Instance = Instance;
  }
}

/**
 * Reads the heaps. They do not overlap: V8 counts linear memory as external, from which it is taken here.
 * Linear memory is what the module has asked for, whether in use or not, and never shrinks.
 */
export function readHeaps(memory) {
  const { heapUsed, external } = process.memoryUsage();
  const wasm = memory.buffer.byteLength;
  return {
    heap_bytes: { node: heapUsed, node_external: external - wasm, wasm },
    event_loop_handles: process.getActiveResourcesInfo().length,
  };
}

/** A full collection, and another of what the first one's finalizers have let go of. */
export async function collectGarbage() {
  globalThis.gc();
  await new Promise((resolve) => setImmediate(resolve)); // finalizers run as a task of their own
  globalThis.gc();
}

/**
 * The commands that dump the heap, of which the last dump goes to `last`. The process stands still meanwhile.
 * A dump holds what texts of JavaScript say, so a secret must not be one.
 */
export function heapDumps(last) {
  return {
    heap_dump: ({ path }) => void writeHeapSnapshot(path),
    end_heap_dump: () => void writeHeapSnapshot(last),
  };
}

// The agent in a Node.js program that is watched: every few seconds it tells the observer of V8's heap.
//
// Node.js loads it at its start, by --require in NODE_OPTIONS. It keeps nothing alive, and what goes wrong in it costs
// readings only. A worker thread's heap is its own, and is not told.
//
// V8 leaves garbage that has grown old for minutes, and a heap full of it grows like one that leaks. So garbage is
// collected before each reading; the agent rests for 200 times as much as that took of the processor, by all threads,
// and what follows it: the program compiles some code anew, and its caches are cold. While the program waits for a
// processor, as on a busy machine, its time stands still: the rest is longer by as much as it waited since the reading
// before, within a limit, so that there are readings enough to judge by.
'use strict';

const SHARE_OF_TIME = 200;
const AFTERWARDS = 5; // ms
const LONGEST_WAITING = 15000; // ms

function start() {
  const { isMainThread } = require('worker_threads');
  if (!isMainThread) return;
  const { readFileSync } = require('fs');
  const { connect } = require('net');
  const { join } = require('path');
  const { getHeapStatistics, setFlagsFromString } = require('v8');
  const { runInNewContext } = require('vm');
  // As they are now, whatever the program puts in their place.
  const { cpuUsage, uptime } = process;
  const { stringify } = JSON;
  const delay = setTimeout;

  const socket = join(__dirname, 'socket');
  const pace = Number(readFileSync(join(__dirname, 'pace'), 'utf8')) * 1000;

  const collector = () => {
    if (typeof globalThis.gc === 'function') return globalThis.gc;
    setFlagsFromString('--expose-gc');
    try {
      return runInNewContext('gc');
    } finally {
      setFlagsFromString('--no-expose-gc');
    }
  };

  let collect;
  const read = () => {
    collect = collect || collector(); // as Node.js 10 reads it
    collect();
    const heap = getHeapStatistics();
    return { node: heap.used_heap_size, node_external: heap.external_memory };
  };

  // How long the main thread has waited for a processor so far, in ns: the second number there.
  const waited = () => {
    try {
      return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) || 0;
    } catch {
      return 0; // not every kernel counts it
    }
  };

  let before = { at: 0, waited: 0 };
  // How many times as long as its own time the clock's was since the last call.
  const slowness = () => {
    const now = { at: uptime() * 1e3, waited: waited() / 1e6 };
    const [passed, lost] = [now.at - before.at, now.waited - before.waited];
    before = now;
    return passed / Math.max(passed - lost, 1);
  };

  const tell = () => {
    try {
      const began = cpuUsage();
      const sizes = read();
      const { user, system } = cpuUsage(began);
      const rest = SHARE_OF_TIME * ((user + system) / 1e3 + AFTERWARDS);
      const pause = Math.max(rest, Math.min(rest * slowness(), LONGEST_WAITING));
      const message = stringify({ heap_bytes: sizes, pause_seconds: pause / 1000 });
      const connection = connect(socket, () => connection.end(`${message}\n`));
      connection.on('error', () => {});
      connection.unref();
      delay(tell, pause).unref();
    } catch {
      // The process is the program's, and there is nobody to tell.
    }
  };

  delay(tell, Math.min(pace, 500)).unref();
}

try {
  start();
} catch {
  // The process is the program's, and there is nobody to tell.
}

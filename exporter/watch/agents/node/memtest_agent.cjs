// The agent in a Node.js program that is watched: every second or so it tells the observer of V8's heap.
//
// Node.js loads it at its start, by --require in NODE_OPTIONS. It keeps nothing alive, and what goes wrong in it costs
// readings only. A worker thread's heap is its own, and is not told.
//
// V8 leaves garbage that has grown old for minutes, and a heap full of it grows like one that leaks. So garbage is
// collected before each reading; the agent rests for 200 times as much as that took of the processor, by all threads.
'use strict';

const SHARE_OF_TIME = 200;

function start() {
  const { isMainThread } = require('worker_threads');
  if (!isMainThread) return;
  const { readFileSync } = require('fs');
  const { connect } = require('net');
  const { join } = require('path');
  const { getHeapStatistics, setFlagsFromString } = require('v8');
  const { runInNewContext } = require('vm');
  // As they are now, whatever the program puts in their place.
  const { cpuUsage } = process;
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

  const tell = () => {
    let pause = pace;
    try {
      const began = cpuUsage();
      const sizes = read();
      const { user, system } = cpuUsage(began);
      pause = Math.max(pace, (SHARE_OF_TIME * (user + system)) / 1e3);
      const message = stringify({ heap_bytes: sizes, pause_seconds: pause / 1000 });
      const connection = connect(socket, () => connection.end(`${message}\n`));
      connection.on('error', () => {});
      connection.unref();
    } catch {
      return; // the process is the program's, and there is nobody to tell
    }
    delay(tell, pause).unref();
  };

  delay(tell, Math.min(pace, 500)).unref();
}

try {
  start();
} catch {
  // The process is the program's, and there is nobody to tell.
}

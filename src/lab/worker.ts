/** The worker that runs one lab. Everything in it is bundled into one file: keep its imports small. */
import { expose } from 'comlink';
import type { Host } from './driver';
import { LabSession } from './session';

// A message to oneself is a macrotask without the 4 ms that nested timers are held back for.
const channel = new MessageChannel();
const work: (() => void)[] = [];
channel.port1.onmessage = () => work.shift()?.();

const host: Host = {
  now: () => performance.now(),
  soon(task) {
    work.push(task);
    channel.port2.postMessage(null);
  },
  later(ms, task) {
    const id = setTimeout(task, ms);
    return () => clearTimeout(id);
  },
};

expose(new LabSession(host, (error) => console.error('a simulated program failed', error)));

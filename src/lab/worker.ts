/** The worker that runs one lab. What it imports is fetched before the first prompt: keep it small. Programs come when they are run. */
import { expose, wrap } from 'comlink';
import { useLazyCode } from '../engine/world/lazy';
import type { Host } from './driver';
import type { SessionListener, WorkerStart } from './protocol';
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

useLazyCode();

// The page need not ask: what is told before it listens waits in the port.
const { port1, port2 } = new MessageChannel();
self.postMessage(port2, { transfer: [port2] });
const page = wrap<SessionListener>(port1);
const { lab, saved } = JSON.parse(self.name) as WorkerStart;
const bug = (error: unknown): void => console.error('a simulated program failed', error);
expose(new LabSession(lab, saved, page as unknown as SessionListener, host, bug));

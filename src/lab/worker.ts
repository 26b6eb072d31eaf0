/** The worker that runs one lab. What it imports is fetched before the first prompt: keep it small. Programs come when they are run. */
import { expose } from 'comlink';
import { useLazyCode } from '../engine/world/lazy';
import type { Host } from './driver';
import type { WorkerStart } from './protocol';
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

addEventListener(
  'message',
  ({ data: { lab, saved } }: MessageEvent<WorkerStart>) =>
    expose(new LabSession(lab, saved, host, (error) => console.error('a simulated program failed', error))),
  { once: true },
);

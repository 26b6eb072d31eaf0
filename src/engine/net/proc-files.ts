/** Files below /proc/net that parts of the kernel add when they are loaded (proc_create_net). */
import type { NetNamespace } from './namespace';

const files = new WeakMap<NetNamespace, Map<string, () => string>>();

/** The added files of a namespace: path below /proc/net to the function that makes its text. */
export function netFiles(ns: NetNamespace): Map<string, () => string> {
  let map = files.get(ns);
  if (map === undefined) files.set(ns, (map = new Map()));
  return map;
}

const writable = new WeakMap<NetNamespace, Map<string, (text: string) => void>>();

/** Those of them that can be written: path to what takes the text (it may throw an Errno). */
export function writableNetFiles(ns: NetNamespace): Map<string, (text: string) => void> {
  let map = writable.get(ns);
  if (map === undefined) writable.set(ns, (map = new Map()));
  return map;
}

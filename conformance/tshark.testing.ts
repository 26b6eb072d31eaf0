/** tshark as a judge of captures: of the tests beside this file. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileNode } from '../src/engine/host';
import type { World } from '../src/engine/world';
import { createWorld } from '../src/engine/world';

/** Why tests are left out where there is no tshark. */
export const skip = spawnSync('tshark', ['--version']).error ? 'tshark is not installed here' : false;

/** Makes tshark look at checksums, which decides what it takes apart further, too. */
export const CHECKS = ['ip', 'tcp', 'udp'].flatMap((p) => ['-o', `${p}.check_checksum:TRUE`]);
const BAD = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'].map((p) => `${p}.checksum.status == "Bad"`).join(' || ');

/** The lines that tshark prints of a capture. */
export function tshark(file: string, args: readonly string[]): string[] {
  const output = execFileSync('tshark', ['-r', file, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return output.split('\n').filter((line) => line !== '');
}

/** One line a packet, all occurrences of a field joined by commas. @param filter a display filter; all packets without it */
export function fields(file: string, names: readonly string[], filter?: string): string[] {
  return tshark(file, [
    ...(filter === undefined ? [] : ['-Y', filter]),
    '-T',
    'fields',
    ...names.flatMap((f) => ['-e', f]),
  ]);
}

/** The packets that are malformed or have a wrong checksum. */
export function complaints(file: string): string[] {
  return tshark(file, [...CHECKS, '-Y', `_ws.malformed || ${BAD}`]);
}

/** Hands `look` a file with each of these contents; they are gone afterwards. */
export function withFiles(contents: readonly Uint8Array[], look: (...files: string[]) => void): void {
  const dir = mkdtempSync(path.join(tmpdir(), 'ftp-tshark-'));
  try {
    const files = contents.map((_, i) => path.join(dir, `${i}.pcap`));
    for (const [i, file] of files.entries()) writeFileSync(file, contents[i]!);
    look(...files);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The contents of /tmp/`name` on a machine. */
export function fileIn(world: World, machine: string, name: string): Uint8Array {
  const { init } = world.machine(machine);
  const tmp = init.root.lookup('tmp', init);
  assert.ok(tmp && 'lookup' in tmp);
  const node = (tmp as { lookup(name: string): unknown }).lookup(name);
  assert.ok(node instanceof FileNode);
  return node.contents;
}

/** Runs `script` in a fresh world and hands the file /tmp/x.pcap that it captures to `look`. */
export function captured(script: string, look: (file: string) => void): void {
  const world = createWorld('recorder', 'tshark');
  const { status, screen } = world.exec({ machine: 'vm' }, script);
  assert.equal(status, 0, screen);
  withFiles([fileIn(world, 'vm', 'x.pcap')], (file) => look(file!));
}

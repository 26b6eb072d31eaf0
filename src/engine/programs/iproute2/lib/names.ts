/**
 * The numbers that iproute2 prints by name. The program has some names of its own; the files of /etc/iproute2 add to them
 * and overrule them (lib/rt_names.c of iproute2 6.1). `-N` prints numbers.
 */
import { decode, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import { FileNode } from '../../../host';
import { readUnsigned } from './args';

/** What a number names: a routing table, a route's origin, a route's scope, a group of links, a realm. */
export type NumberKind = 'table' | 'protocol' | 'scope' | 'group' | 'realm';

/** Where names of a kind are kept: the file, and a directory of more. */
const FILES: Readonly<Record<NumberKind, { file: string; directory?: string; max: number }>> = {
  table: { file: '/etc/iproute2/rt_tables', directory: '/etc/iproute2/rt_tables.d', max: 0xffffffff },
  protocol: { file: '/etc/iproute2/rt_protos', directory: '/etc/iproute2/rt_protos.d', max: 255 },
  scope: { file: '/etc/iproute2/rt_scopes', max: 255 },
  group: { file: '/etc/iproute2/group', max: 0x7fffffff },
  realm: { file: '/etc/iproute2/rt_realms', max: 255 },
};

/** What the program knows without any file. */
const BUILT_IN: Readonly<Record<NumberKind, readonly (readonly [number, string])[]>> = {
  table: [
    [253, 'default'],
    [254, 'main'],
    [255, 'local'],
  ],
  protocol: [
    [0, 'unspec'],
    [1, 'redirect'],
    [2, 'kernel'],
    [3, 'boot'],
    [4, 'static'],
    [8, 'gated'],
    [9, 'ra'],
    [10, 'mrt'],
    [11, 'zebra'],
    [12, 'bird'],
    [13, 'dnrouted'],
    [14, 'xorp'],
    [15, 'ntk'],
    [16, 'dhcp'],
    [17, 'mrouted'],
    [18, 'keepalived'],
    [42, 'babel'],
    [186, 'bgp'],
    [187, 'isis'],
    [188, 'ospf'],
    [189, 'rip'],
    [192, 'eigrp'],
  ],
  scope: [
    [0, 'global'],
    [200, 'site'],
    [253, 'link'],
    [254, 'host'],
    [255, 'nowhere'],
  ],
  group: [[0, 'default']],
  realm: [[0, 'unknown']],
};

/** Names of one run of a program; each file is read when it is first needed. */
export class Names {
  private readonly maps = new Map<NumberKind, Map<number, string>>();

  constructor(
    private readonly sys: Sys,
    private readonly options: { readonly numeric: boolean },
  ) {}

  private map(kind: NumberKind): Map<number, string> {
    let map = this.maps.get(kind);
    if (map !== undefined) return map;
    this.maps.set(kind, (map = new Map(BUILT_IN[kind])));
    const { file, directory } = FILES[kind];
    this.load(map, file);
    if (directory !== undefined)
      for (const name of this.list(directory)) if (/.\.conf$/.test(name)) this.load(map, `${directory}/${name}`);
    return map;
  }

  private list(path: string): string[] {
    try {
      return this.sys.files.readdir(path);
    } catch (e) {
      if (isErrno(e)) return [];
      throw e;
    }
  }

  /** Lines of a number and a name; nothing is taken from a damaged file behind the damage. */
  private load(map: Map<number, string>, path: string): void {
    let text: string;
    try {
      const { inode } = this.sys.files.stat(path);
      text = inode instanceof FileNode ? decode(inode.contents) : '';
    } catch (e) {
      if (isErrno(e)) return;
      throw e;
    }
    for (const line of text.split('\n')) {
      if (/^\s*(#.*)?$/.test(line)) continue;
      const m = /^\s*(0x[0-9a-f]+|\d+)\s+(\S+)(\s+#.*)?\s*$/i.exec(line);
      if (!m) return;
      map.set(Number(m[1]), m[2]!);
    }
  }

  /** How a number of a kind is printed: its name, or its digits where it has none. */
  name(kind: NumberKind, n: number): string {
    return this.options.numeric ? String(n) : (this.map(kind).get(n) ?? String(n));
  }

  /** The number that a word on the command line means; undefined when it means none. */
  read(kind: NumberKind, text: string): number | undefined {
    for (const [n, name] of this.map(kind)) if (name === text) return n;
    return readUnsigned(text, FILES[kind].max);
  }

  /** `TO` or `FROM/TO` as one number, that of origin in the upper 16 bits; undefined when they are none (get_rt_realms_or_raw). */
  readRealms(text: string): number | undefined {
    const raw = readUnsigned(text, 0xffffffff);
    const [to = '', from] = text.split('/').reverse();
    const upper = from === undefined ? 0 : from === '' ? undefined : this.read('realm', from);
    const lower = to === '' ? 0 : this.read('realm', to);
    if (upper === undefined || lower === undefined) return raw;
    return ((upper << 16) | lower) >>> 0;
  }
}

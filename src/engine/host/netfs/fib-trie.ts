/**
 * The routing trie as /proc/net/fib_trie and fib_triestat show it: a level-compressed trie that inflates and halves its nodes by the
 * rules of net/ipv4/fib_trie.c. It is built for showing only.
 */
import type { NetNamespace, RouteInfo } from '../../net';
import { formatIp4 } from '../../wire';

interface Leaf {
  readonly leaf: true;
  readonly key: number;
  readonly pos: 0;
  readonly bits: 0;
  readonly routes: RouteInfo[];
}

interface Node {
  readonly leaf: false;
  readonly key: number;
  readonly pos: number;
  readonly bits: number;
  readonly children: (Node | Leaf | null)[];
}

function empty(n: Node): number {
  return n.children.filter((c) => c === null).length;
}

function isFull(parent: Node, child: Node | Leaf | null): child is Node {
  return child !== null && !child.leaf && child.pos + child.bits === parent.pos;
}

function full(n: Node): number {
  return n.children.filter((c) => isFull(n, c)).length;
}

function indexIn(n: { pos: number; bits: number }, key: number): number {
  return Math.floor(key / 2 ** n.pos) % 2 ** n.bits;
}

function makeNode(key: number, pos: number, bits: number): Node {
  const size = 2 ** (pos + bits);
  return {
    leaf: false,
    key: Math.floor(key / size) * size,
    pos,
    bits,
    children: new Array<null>(2 ** bits).fill(null),
  };
}

/** Puts `child` below `n` where its key belongs; two children in one slot get a node of their own. */
function place(n: Node, child: Node | Leaf): void {
  const i = indexIn(n, child.key);
  n.children[i] = join(n.children[i] ?? null, child);
}

function join(a: Node | Leaf | null, b: Node | Leaf): Node | Leaf {
  if (!a) return b;
  const differing = 31 - Math.clz32((a.key ^ b.key) >>> 0);
  const n = makeNode(a.key, differing, 1);
  place(n, a);
  place(n, b);
  return n;
}

/** Splits each child by one more bit. */
function inflate(n: Node): Node {
  const bigger = makeNode(n.key, n.pos - 1, n.bits + 1);
  for (const child of n.children) {
    if (!child) continue;
    if (!isFull(n, child)) {
      place(bigger, child);
      continue;
    }
    if (child.bits === 1) {
      for (const grand of child.children) if (grand) place(bigger, grand);
      continue;
    }
    for (const half of [0, 1]) {
      const part = makeNode(child.key + half * 2 ** (child.pos + child.bits - 1), child.pos, child.bits - 1);
      const from = half * 2 ** (child.bits - 1);
      for (let i = 0; i < part.children.length; i++) part.children[i] = child.children[from + i] ?? null;
      const kept = resize(part, false);
      if (kept) place(bigger, kept);
    }
  }
  return bigger;
}

/** Joins children in pairs. */
function halve(n: Node): Node {
  const smaller = makeNode(n.key, n.pos + 1, n.bits - 1);
  for (let i = 0; i < n.children.length; i += 2) {
    const low = n.children[i] ?? null;
    const high = n.children[i + 1] ?? null;
    if (!low || !high) {
      smaller.children[i / 2] = low ?? high;
      continue;
    }
    const pair = makeNode(low.key, n.pos, 1);
    pair.children[0] = low;
    pair.children[1] = high;
    smaller.children[i / 2] = resize(pair, false);
  }
  return smaller;
}

function resize(node: Node, root: boolean): Node | Leaf | null {
  let n = node;
  let work = 10;
  const shouldInflate = (): boolean => {
    const length = n.children.length;
    const used = length - empty(n) + full(n);
    return used > 1 && n.pos > 0 && 50 * used >= length * (root ? 30 : 50);
  };
  const shouldHalve = (): boolean => {
    const length = n.children.length;
    const used = length - empty(n);
    return used > 1 && n.bits > 1 && 100 * used < length * (root ? 15 : 25);
  };
  while (work > 0 && shouldInflate()) {
    n = inflate(n);
    work--;
  }
  if (work < 10) return n;
  work = 10;
  while (work > 0 && shouldHalve()) {
    n = halve(n);
    work--;
  }
  const used = n.children.length - empty(n);
  if (used < 2) return n.children.find((c) => c !== null) ?? null;
  return n;
}

type Tree = Node | Leaf | null;

function insert(tree: Tree, leaf: Leaf, root: boolean): Tree {
  if (!tree) return leaf;
  const outside = tree.leaf
    ? true
    : Math.floor(leaf.key / 2 ** (tree.pos + tree.bits)) !== Math.floor(tree.key / 2 ** (tree.pos + tree.bits));
  if (tree.leaf || outside) {
    const joined = join(tree, leaf) as Node;
    return resize(joined, root);
  }
  const i = indexIn(tree, leaf.key);
  tree.children[i] = insert(tree.children[i] ?? null, leaf, false);
  return resize(tree, root);
}

function build(routes: readonly RouteInfo[]): Tree {
  const leaves = new Map<number, Leaf>();
  let tree: Tree = null;
  for (const r of routes) {
    const key = r.dst as number;
    const known = leaves.get(key);
    if (known) known.routes.push(r);
    else {
      const leaf: Leaf = { leaf: true, key, pos: 0, bits: 0, routes: [r] };
      leaves.set(key, leaf);
      tree = insert(tree, leaf, true);
    }
  }
  for (const leaf of leaves.values()) leaf.routes.sort((a, b) => b.dstLength - a.dstLength);
  return tree;
}

const SCOPES: Readonly<Record<number, string>> = {
  0: 'universe',
  200: 'site',
  253: 'link',
  254: 'host',
  255: 'nowhere',
};

function show(tree: Tree, depth: number): string {
  if (!tree) return '';
  const indent = (n: number): string => '   '.repeat(Math.max(0, n));
  if (tree.leaf) {
    let text = `${indent(depth)}  |-- ${formatIp4(tree.key)}\n`;
    for (const r of tree.routes) {
      const tos = r.tos === 0 ? '' : ` tos=${r.tos}`;
      text += `${indent(depth + 1)}  /${r.dstLength} ${SCOPES[r.scope] ?? `scope=${r.scope}`} ${r.type.toUpperCase()}${tos}\n`;
    }
    return text;
  }
  const length = 32 - tree.pos - tree.bits;
  let text = `${indent(depth)}  +-- ${formatIp4(tree.key)}/${length} ${tree.bits} ${full(tree)} ${empty(tree)}\n`;
  for (const child of tree.children) if (child) text += show(child, depth + 1);
  return text;
}

/** The tables of a namespace by number; main and local share one trie until a rule is added (fib_unmerge). */
function tables(net: NetNamespace): [number, RouteInfo[]][] {
  const all = net.routes.list({ family: 'inet' });
  const byTable = new Map<number, RouteInfo[]>();
  for (const r of all) byTable.set(r.table, [...(byTable.get(r.table) ?? []), r]);
  const rules = net.rules.list('inet');
  const merged =
    rules.length === 3 && rules.every((r) => r.action === 'lookup' && r.src === undefined && r.fwmark === undefined);
  if (merged) {
    const shared = [...(byTable.get(255) ?? []), ...(byTable.get(254) ?? [])];
    byTable.set(254, shared);
    byTable.set(255, shared);
  }
  return [...byTable].filter(([, r]) => r.length > 0).sort((a, b) => a[0] - b[0]);
}

function title(table: number): string {
  return table === 254 ? 'Main:\n' : table === 255 ? 'Local:\n' : `Id ${table}:\n`;
}

/** /proc/net/fib_trie */
export function fibTrie(net: NetNamespace): string {
  return tables(net)
    .map(([table, routes]) => title(table) + show(build(routes), 0))
    .join('');
}

/** /proc/net/fib_triestat */
export function fibTrieStat(net: NetNamespace): string {
  let text = 'Basic info: size of leaf: 48 bytes, size of tnode: 40 bytes.\n';
  for (const [table, routes] of tables(net)) {
    let leaves = 0;
    let prefixes = 0;
    let depths = 0;
    let deepest = 0;
    let nodes = 0;
    let pointers = 0;
    let nulls = 0;
    const sizes = new Map<number, number>();
    const walk = (t: Tree, depth: number): void => {
      if (!t) return;
      if (t.leaf) {
        leaves++;
        prefixes += t.routes.length;
        depths += depth;
        deepest = Math.max(deepest, depth);
        return;
      }
      nodes++;
      sizes.set(t.bits, (sizes.get(t.bits) ?? 0) + 1);
      pointers += t.children.length;
      nulls += empty(t);
      for (const c of t.children) walk(c, depth + 1);
    };
    walk(build(routes), 0);
    const average = leaves === 0 ? 0 : Math.floor((depths * 100) / leaves);
    text += `${title(table)}\tAver depth:     ${Math.floor(average / 100)}.${String(average % 100).padStart(2, '0')}\n`;
    text += `\tMax depth:      ${deepest}\n\tLeaves:         ${leaves}\n\tPrefixes:       ${prefixes}\n`;
    text += `\tInternal nodes: ${nodes}\n\t`;
    for (const [bits, n] of [...sizes].sort((a, b) => a[0] - b[0])) text += `  ${bits}: ${n}`;
    const bytes = 48 * leaves + 40 * nodes + 56 * prefixes + 8 * pointers;
    text += `\n\tPointers: ${pointers}\nNull ptrs: ${nulls}\nTotal size: ${Math.ceil(bytes / 1024)}  kB\n`;
  }
  return text;
}

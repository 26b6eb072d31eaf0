/** Trees without what nobody looks at: words are kept as source text, and `word.ts` takes them apart. For scripts and tests. */

/** A copy of a parser's node, or list of nodes, as plain data. */
export function bareTree(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(bareTree);
  if (typeof node !== 'object' || node === null) return node;
  const source = node as Record<string, unknown>;
  const plain = 'toJSON' in source ? (source.toJSON as () => Record<string, unknown>)() : source;
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(plain)) {
    if (value === undefined || key === 'parts' || (key === 'value' && source.type === 'Word')) continue;
    out[key] = bareTree(value);
  }
  // What a command has of these it works out when it is asked.
  if (source.type === 'Command') for (const key of ['args', 'redirects']) out[key] = bareTree(source[key]);
  return out;
}

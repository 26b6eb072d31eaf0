/** `npx tsx scripts/startup-trees.ts`: writes src/engine/shell/syntax/startup-trees.ts from the start-up files. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { bareTree } from '../src/engine/shell/syntax/bare-tree';
import { GRAMMAR } from '../src/engine/shell/syntax/grammar';
import { STARTUP_FILES } from '../src/engine/shell/syntax/known';

async function main(): Promise<void> {
  const file = resolve(import.meta.dirname ?? __dirname, '../src/engine/shell/syntax/startup-trees.ts');
  const trees = STARTUP_FILES.map((text) => bareTree(GRAMMAR.parse(text).statements));
  // `known.ts` works these out of `suffix`.
  const derived = (key: string, value: unknown): unknown => (key === 'args' || key === 'redirects' ? undefined : value);
  const text = `/** What the grammar makes of the start-up files, as far as it is looked at. Made by scripts/startup-trees.ts; a test compares. */
export const STARTUP_TREES: readonly unknown[] = ${JSON.stringify(trees, derived)};
`;
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: 'typescript' }));
}

void main();

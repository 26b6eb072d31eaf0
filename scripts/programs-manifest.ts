/** `npx tsx scripts/programs-manifest.ts`: writes src/engine/programs/manifest.ts from the programs. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { PROGRAMS } from '../src/engine/programs';
import { LOADERS } from '../src/engine/programs/lazy';
import { makeManifest } from '../src/engine/programs/make-manifest';
import { BASH_PROGRAMS } from '../src/engine/shell';

async function main(): Promise<void> {
  const file = resolve(import.meta.dirname ?? __dirname, '../src/engine/programs/manifest.ts');
  const entries = await makeManifest(new Map(PROGRAMS.map((p) => [p.name, p])), LOADERS, BASH_PROGRAMS);
  const text = `import type { ManifestEntry } from './lazy';

/** What is known of every program before its code is there. Made by scripts/programs-manifest.ts; a test compares. */
export const MANIFEST: readonly ManifestEntry[] = ${JSON.stringify(entries)};
`;
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: 'typescript' }));
}

void main();

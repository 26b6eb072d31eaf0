/** `npx tsx scripts/programs-manifest.ts`: writes manifest.ts and summaries.ts of src/engine/programs from the programs. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { PROGRAMS } from '../src/engine/programs';
import { LOADERS } from '../src/engine/programs/lazy';
import { makeManifest } from '../src/engine/programs/make-manifest';
import { BASH_PROGRAMS } from '../src/engine/shell';

async function write(name: string, text: string): Promise<void> {
  const file = resolve(import.meta.dirname ?? __dirname, '../src/engine/programs', name);
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: 'typescript' }));
}

async function main(): Promise<void> {
  const eager = new Map(PROGRAMS.map((p) => [p.name, p]));
  const { manifest, summaries } = await makeManifest(eager, LOADERS, BASH_PROGRAMS);
  await write(
    'manifest.ts',
    `import type { ManifestEntry } from './lazy';

/** What is known of every program before its code is there. Made by scripts/programs-manifest.ts; a test compares. */
export const MANIFEST: readonly ManifestEntry[] = ${JSON.stringify(manifest)};
`,
  );
  await write(
    'summaries.ts',
    `/** The summary of every program by its name: for \`whatis\`. Made by scripts/programs-manifest.ts; a test compares. */
export const SUMMARIES: Readonly<Record<string, string>> = ${JSON.stringify(summaries)};
`,
  );
}

void main();

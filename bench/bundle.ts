import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';

/**
 * Makes one file of a measured file of this folder and what it imports, as a browser gets it. tsx would measure itself: it calls a helper
 * for each function that is made, and a getter for each imported name.
 * @param name without its ending
 * @returns the file, CommonJS, and how to get rid of it
 */
export function bundle(name: string): { file: string; remove: () => void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'ftp-bench-'));
  const file = path.join(dir, `${name}.cjs`);
  buildSync({
    entryPoints: [path.join(__dirname, `${name}.ts`)],
    bundle: true,
    platform: 'node',
    outfile: file,
    logLevel: 'error',
  });
  return { file, remove: () => rmSync(dir, { recursive: true }) };
}

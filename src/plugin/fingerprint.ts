import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CompiledLab } from '../lab/protocol';

/** Short digest of a text. */
export function digest(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** What a saved journal depends on: the start state and the engine that made it. */
export function fingerprint(lab: Omit<CompiledLab, 'fingerprint'>, engine: string): string {
  const solutions = lab.tasks.map((t) => [t.id, t.solutions[0]?.steps]);
  return digest(engine, JSON.stringify([lab.world, lab.seed, lab.setup, lab.places, solutions]));
}

/** The engine's source files and what a lab makes of them, without tests. @param root the repository. */
export function engineFiles(root: string): string[] {
  const out: string[] = [];
  const walk = (dir: string): void => {
    for (const name of readdirSync(dir).sort()) {
      const path = join(dir, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (/\.ts$/.test(name) && !/\.test\.ts$/.test(name)) out.push(path);
    }
  };
  const engine = join(root, 'src/engine');
  if (existsSync(engine)) walk(engine);
  return out;
}

/** Changes whenever the engine's code does. */
export function engineVersion(root: string): string {
  return digest(...engineFiles(root).map((file) => readFileSync(file, 'utf8')));
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Course } from './course';

/** Writes computed outputs into the console blocks of all chapters. @returns the files that changed, from the root. */
export function writeOutputs(root: string, course: Course): string[] {
  const changed: string[] = [];
  for (const [file, chapter] of course.chapters) {
    const before = readFileSync(join(root, file), 'utf8');
    const lines = before.split('\n');
    // From the end, so that earlier line numbers stay right.
    for (const block of [...chapter.consoles].reverse()) {
      if (!block) continue;
      const { source, compiled } = block;
      const body = compiled.entries.flatMap(({ command, output }) => [
        ...command.split('\n').map((line, i) => `${i === 0 ? source.prompt : '> '}${line}`),
        ...(output === '' ? [] : output.split('\n')),
      ]);
      lines.splice(
        source.first - 1,
        source.last - source.first + 1,
        ...body.map((line) => (line === '' ? '' : source.indent + line)),
      );
    }
    const after = lines.join('\n');
    if (after === before) continue;
    writeFileSync(join(root, file), after);
    changed.push(file);
  }
  return changed;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadContext, Plugin } from '@docusaurus/types';
import { parse } from 'yaml';
import { chapters as course } from './course';

/** An objective as a chapter's front matter states it. `by` names the labs and quizzes that prove it. */
export interface Objective {
  readonly text: string;
  readonly by: readonly string[];
}

function readObjectives(value: unknown, file: string): Objective[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${file}: front matter needs a list of objectives`);
  return value.map((entry: unknown, i) => {
    const { text, by } = (entry ?? {}) as { text?: unknown; by?: unknown };
    if (typeof text !== 'string' || !Array.isArray(by) || by.length === 0 || !by.every((b) => typeof b === 'string'))
      throw new Error(`${file}: objective ${i + 1} needs a text, and by: a list of the labs and quizzes that prove it`);
    return { text, by: by as string[] };
  });
}

/** Makes the objectives of the written chapters known to every page: the chapter's head and the progress page show them. */
export default function chapters(context: LoadContext): Plugin {
  const written = course.filter((c) => c.written).map((c) => ({ n: c.n, file: join('docs', c.slug, 'index.mdx') }));
  return {
    name: 'chapters',
    getPathsToWatch: () => written.map((c) => join(context.siteDir, c.file)),
    async loadContent() {
      const found: Record<number, Objective[]> = {};
      for (const { n, file } of written) {
        const text = await readFile(join(context.siteDir, file), 'utf8');
        const frontMatter = parse(/^---\n([^]*?)\n---\n/.exec(text)?.[1] ?? '') as { objectives?: unknown } | null;
        found[n] = readObjectives(frontMatter?.objectives, file);
      }
      return found;
    },
    contentLoaded({ content, actions }) {
      actions.setGlobalData(content);
    },
  };
}

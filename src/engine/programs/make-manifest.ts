import type { Program } from '../host';
import type { Group, Loader, ManifestEntry } from './lazy';

/** What is known of programs before their code is there, and what only `man` wants to know of all of them. */
export interface Known {
  readonly manifest: readonly ManifestEntry[];
  /** Summaries by name. */
  readonly summaries: Readonly<Record<string, string>>;
}

/**
 * Derives the manifest of `lazy.ts`, and `summaries.ts`, from the programs themselves: `npx tsx scripts/programs-manifest.ts` writes it down.
 * @param programs the eager table, in order; programs of the same name replace earlier ones in place.
 * @throws Error when a program is in none of the groups, and would not be found by the browser.
 */
export async function makeManifest(
  programs: ReadonlyMap<string, Program>,
  loaders: Readonly<Record<Group, Loader>>,
  builtIn: readonly Program[],
): Promise<Known> {
  const groups = await Promise.all(
    Object.entries(loaders).map(async ([group, load]) => [group as Group, new Set(await load())] as const),
  );
  const known = [...programs.values()].filter((p) => !builtIn.includes(p));
  const summaries = Object.fromEntries(known.map((p) => [p.name, p.summary]));
  const manifest = known.map((p) => {
    const found = groups.find(([, members]) => members.has(p));
    if (!found) throw new Error(`the program ${p.name} is in no group of programs/lazy.ts`);
    return {
      name: p.name,
      path: p.path,
      ...(p.links ? { links: p.links } : {}),
      ...(p.size === undefined ? {} : { size: p.size }),
      ...(p.modest ? { modest: p.modest } : {}),
      ...(p.complete ? { completes: true as const } : {}),
      group: found[0],
    };
  });
  return { manifest, summaries };
}

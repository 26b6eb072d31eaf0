import type { Program } from '../host';
import type { Group, Loader, ManifestEntry } from './lazy';

/**
 * Derives the manifest of `lazy.ts` from the programs themselves: `npx tsx scripts/programs-manifest.ts` writes it down.
 * @param programs the eager table, in order; programs of the same name replace earlier ones in place.
 * @throws Error when a program is in none of the groups, and would not be found by the browser.
 */
export async function makeManifest(
  programs: ReadonlyMap<string, Program>,
  loaders: Readonly<Record<Group, Loader>>,
  builtIn: readonly Program[],
): Promise<ManifestEntry[]> {
  const groups = await Promise.all(
    Object.entries(loaders).map(async ([group, load]) => [group as Group, new Set(await load())] as const),
  );
  return [...programs.values()]
    .filter((p) => !builtIn.includes(p))
    .map((p) => {
      const found = groups.find(([, members]) => members.has(p));
      if (!found) throw new Error(`the program ${p.name} is in no group of programs/lazy.ts`);
      return {
        name: p.name,
        path: p.path,
        summary: p.summary,
        ...(p.links ? { links: p.links } : {}),
        ...(p.size === undefined ? {} : { size: p.size }),
        ...(p.modest ? { modest: p.modest } : {}),
        ...(p.complete ? { completes: true as const } : {}),
        group: found[0],
      };
    });
}

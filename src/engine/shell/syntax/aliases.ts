import { eachSimpleCommand, parseProgram } from './parser';

/** Replacements that one line may go through; an alias cycle ends by rule long before. */
const MAX_EXPANSIONS = 500;

/** Replaces aliases (bash(1), ALIASES) in the command words of `text`. */
export function expandAliases(text: string, aliases: ReadonlyMap<string, string>): string {
  let out = text;
  // Regions that came from an alias, in which it is not expanded again.
  let regions: { name: string; from: number; to: number }[] = [];
  // An alias that ends in a blank makes the word after it a candidate too.
  let candidates = new Set<number>();
  for (let n = 0; n < MAX_EXPANSIONS; n++) {
    const hit = findAlias(out, aliases, regions, candidates);
    if (!hit) return out;
    const value = aliases.get(hit.name)!;
    out = out.slice(0, hit.from) + value + out.slice(hit.to);
    const shift = value.length - (hit.to - hit.from);
    const move = (p: number): number => (p >= hit.to ? p + shift : p);
    regions = regions.map((r) => ({ name: r.name, from: move(r.from), to: move(r.to) }));
    regions.push({ name: hit.name, from: hit.from, to: hit.from + value.length });
    candidates = new Set([...candidates].map(move));
    if (/[ \t]$/.test(value)) candidates.add(hit.from + value.length);
  }
  return out;
}

function findAlias(
  text: string,
  aliases: ReadonlyMap<string, string>,
  regions: readonly { name: string; from: number; to: number }[],
  candidates: ReadonlySet<number>,
): { name: string; from: number; to: number } | undefined {
  let found: { name: string; from: number; to: number } | undefined;
  const consider = (word: { text: string; pos: number; end: number }): void => {
    if (found || !aliases.has(word.text)) return;
    if (regions.some((r) => r.name === word.text && r.from <= word.pos && word.end <= r.to)) return;
    found = { name: word.text, from: word.pos, to: word.end };
  };
  eachSimpleCommand(parseProgram(text).statements, (command) => {
    if (command.name) consider(command.name);
    for (const at of candidates) {
      for (const arg of command.args) {
        if (arg.pos >= at && /^[ \t]*$/.test(text.slice(at, arg.pos))) consider(arg);
      }
      if (command.name && command.name.pos >= at && /^[ \t]*$/.test(text.slice(at, command.name.pos)))
        consider(command.name);
    }
  });
  return found;
}

/** The programs of a world whose code is fetched when it is first run: what the browser uses. */
import type { Main, Program } from '../host';
import { BASH_PROGRAMS, setLineReader } from '../shell/bash';
import { Readline } from '../shell/readline/readline';
import { fetchLinkKindsWith } from './link-kinds/fetch';
import { MANIFEST } from './manifest';

setLineReader(new Readline());

/** Calls `load` until it has succeeded once. @returns what waits for it; undefined once it is there */
export function once(load: () => Promise<unknown>): () => Promise<void> | undefined {
  let there = false;
  let fetching: Promise<void> | undefined;
  return () => {
    if (there) return undefined;
    fetching ??= load().then(
      () => void (there = true),
      (error: unknown) => {
        fetching = undefined;
        throw error;
      },
    );
    // Whoever waits gets the error; who only asks whether it is there does not care.
    fetching.catch(() => undefined);
    return fetching;
  };
}

fetchLinkKindsWith(once(() => import(/* webpackChunkName: "link-kinds" */ './link-kinds')));

/** What is known of a program before its code is there. */
export interface ManifestEntry {
  readonly name: string;
  readonly path: string;
  readonly links?: readonly string[];
  readonly size?: number;
  readonly modest?: true;
  /** The program offers words for Tab. */
  readonly completes?: true;
  /** Which of `GROUPS` has it. */
  readonly group: Group;
}

/** Fetches one group of programs: one chunk of the bundle, named after the group. */
export type Loader = () => Promise<readonly Program[]>;

const GROUPS = {
  coreutils: () => import(/* webpackChunkName: "coreutils" */ './coreutils').then((m) => m.COREUTILS),
  data: () => import(/* webpackChunkName: "data" */ './data').then((m) => m.DATA_TOOLS),
  dns: () => import(/* webpackChunkName: "dns" */ './dns').then((m) => m.DNS_PROGRAMS),
  files: () => import(/* webpackChunkName: "files" */ './files').then((m) => m.FILE_TOOLS),
  http: () => import(/* webpackChunkName: "http" */ './http').then((m) => m.HTTP_PROGRAMS),
  iproute2: () => import(/* webpackChunkName: "iproute2" */ './iproute2').then((m) => m.IPROUTE2_PROGRAMS),
  ipvs: () => import(/* webpackChunkName: "ipvs" */ './ipvs').then((m) => m.IPVS_PROGRAMS),
  // Every login shell runs one of these before its first prompt: a chunk of their own would be waited for.
  machine: () => import(/* webpackMode: "eager" */ './machine').then((m) => m.MACHINE_TOOLS),
  namespaces: () => import(/* webpackChunkName: "namespaces" */ './namespaces').then((m) => m.NAMESPACE_PROGRAMS),
  netfilter: () => import(/* webpackChunkName: "netfilter" */ './netfilter').then((m) => m.NETFILTER_PROGRAMS),
  network: () => import(/* webpackChunkName: "network" */ './network').then((m) => m.NETWORK_PROGRAMS),
  processes: () => import(/* webpackChunkName: "processes" */ './processes').then((m) => m.PROCESS_TOOLS),
  screen: () => import(/* webpackChunkName: "screen" */ './screen').then((m) => m.SCREEN_TOOLS),
  text: () => import(/* webpackChunkName: "text" */ './text').then((m) => m.TEXT_TOOLS),
  traffic: () => import(/* webpackChunkName: "traffic" */ './traffic').then((m) => m.TRAFFIC_PROGRAMS),
} satisfies Record<string, Loader>;

/** A group of programs that are fetched together. */
export type Group = keyof typeof GROUPS;

/** How each group is fetched. */
export const LOADERS: Readonly<Record<Group, Loader>> = GROUPS;

/** A program that is known by its manifest until its code has come. Worlds share it: the code is fetched once. */
class LazyProgram implements Program {
  readonly name: string;
  readonly path: string;
  readonly links?: readonly string[];
  readonly size?: number;
  readonly modest?: true;
  readonly complete?: Program['complete'];
  readonly fetch: () => Promise<void> | undefined;
  private code: Program | undefined;

  constructor(entry: ManifestEntry, load: Loader) {
    this.name = entry.name;
    this.path = entry.path;
    if (entry.links) this.links = entry.links;
    if (entry.size !== undefined) this.size = entry.size;
    if (entry.modest) this.modest = true;
    this.fetch = once(async () => {
      // Of several programs with one name the last one counts, as in the eager table.
      this.code = (await load()).filter((p) => p.name === entry.name).at(-1);
      if (!this.code) throw new Error(`the chunk has no program ${entry.name}`);
    });
    if (entry.completes) this.complete = (words, sys) => this.loaded.complete?.(words, sys);
  }

  get main(): Main {
    return this.loaded.main;
  }

  get summary(): string {
    return this.loaded.summary;
  }

  get manual(): string | undefined {
    return this.loaded.manual;
  }

  private get loaded(): Program {
    if (!this.code) throw new Error(`${this.name} is used before its code was fetched`);
    return this.code;
  }
}

/** The table of all programs, in the order of the eager one. @param loaders other than the bundle's: for tests. */
export function lazyPrograms(loaders: Readonly<Record<Group, Loader>> = LOADERS): ReadonlyMap<string, Program> {
  const table = new Map<string, Program>(BASH_PROGRAMS.map((p) => [p.name, p]));
  for (const entry of MANIFEST) table.set(entry.name, new LazyProgram(entry, loaders[entry.group]));
  return table;
}

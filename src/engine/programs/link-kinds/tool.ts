/** How `ip` reads and prints kinds of link whose code is fetched on demand. */
import type { KindData } from '../../net';
import type { Args } from '../iproute2/lib/args';
import type { Context } from '../iproute2/lib/context';

/** What a kind is to `ip link` (struct link_util). */
export interface KindTool {
  /**
   * Reads the words after `type KIND`. `setting`: of `ip link set`, not `add`. What is to be said on standard error without
   * ending the program comes back as `warning`. @throws Quit
   */
  parse(ctx: Context, args: Args, setting: boolean): { options: Record<string, unknown>; warning?: string };
  /** Prints `info_data` of -d. */
  print(ctx: Context, data: KindData): void;
}

const tools = new Map<string, KindTool>();

/** Makes a kind known to `ip`. */
export function registerKindTool(kind: string, tool: KindTool): void {
  tools.set(kind, tool);
}

/** The tool of a kind; undefined when there is none, or it has not been fetched. */
export function kindTool(kind: string): KindTool | undefined {
  return tools.get(kind);
}

/** A command of `bridge` whose code is fetched on demand. */
export type BridgeCommand = (ctx: Context, words: readonly string[]) => number;

const commands = new Map<string, BridgeCommand>();

/** Makes a command known to `bridge`. */
export function registerBridgeCommand(name: string, run: BridgeCommand): void {
  commands.set(name, run);
}

/** A command of `bridge`; undefined while it has not been fetched. */
export function bridgeCommand(name: string): BridgeCommand | undefined {
  return commands.get(name);
}

/** Switch blocks: commands whose frames are shown on their way through a bridge, computed when the site is built. */
import type { Code } from 'mdast';
import { parsePlace } from '../lab/place';
import type { CompiledLab, Place } from '../lab/protocol';
import type { SwitchView } from '../lab/switch-view';
import { SwitchWatch } from '../lab/switch-view';
import type { Problem, Report } from './problem';
import { Screens, takeBugs } from './screen';

/** A line of a switch block: a command at a place, or time that passes. */
export type SwitchLine = { readonly line: number } & (
  { readonly on: Place; readonly run: string } | { readonly wait: number }
);

/** A `switch` block. */
export interface SwitchSource {
  readonly at: { readonly line: number; readonly column: number };
  readonly lab: string;
  readonly after?: string;
  readonly bridge: string;
  /** Run before anybody watches. */
  readonly before: readonly SwitchLine[];
  readonly shown: readonly SwitchLine[];
}

/** A switch block with what the engine computed. */
export interface ProvedSwitch {
  readonly source: SwitchSource;
  readonly view: SwitchView;
}

/** True for a fenced block that shows a bridge. */
export function isSwitch(node: Code): boolean {
  return node.lang === 'switch';
}

/**
 * Reads a block such as
 *
 *     ```switch run=LAB after=TASK bridge=br0
 *     host# ip link set veth9 down
 *     ---
 *     host/c1# ping -c1 172.30.0.12
 *     wait 600
 *     ```
 *
 * What stands before `---` is run unseen. `wait` lets that many seconds pass.
 */
export function readSwitch(node: Code, report: Report): SwitchSource | null {
  const at = { line: node.position?.start.line ?? 1, column: node.position?.start.column ?? 1 };
  const meta = new Map(
    (node.meta ?? '').split(/\s+/).flatMap((word): [string, string][] => {
      const [key = '', ...value] = word.split('=');
      return key === '' ? [] : [[key, value.join('=')]];
    }),
  );
  for (const key of meta.keys()) {
    if (!['run', 'after', 'bridge'].includes(key)) report.add(at, `a switch block has no setting "${key}"`);
  }
  const lab = meta.get('run');
  const bridge = meta.get('bridge');
  const after = meta.get('after');
  if (!lab || !bridge) {
    report.add(at, 'a switch block needs run=LAB and bridge=NAME');
    return null;
  }
  const before: SwitchLine[] = [];
  const shown: SwitchLine[] = [];
  const all = node.value.split('\n');
  const cut = all.indexOf('---');
  all.forEach((text, i) => {
    if (i === cut) return;
    const line = at.line + 1 + i;
    const wait = /^wait (\d+)$/.exec(text);
    const command = /^([^\s#]+)# (.+)$/.exec(text);
    const read: SwitchLine | null = wait
      ? { line, wait: Number(wait[1]) }
      : command && { line, on: parsePlace(command[1]!), run: command[2]! };
    if (read) (i < cut ? before : shown).push(read);
    else report.add({ line, column: at.column }, 'a line of a switch block is "PLACE# COMMAND" or "wait SECONDS"');
  });
  if (shown.length === 0) report.add(at, 'a switch block shows nothing');
  return { at, lab, bridge, ...(after === undefined ? {} : { after }), before, shown };
}

/** Runs the switch block of a chapter in its lab's world. */
export function proveSwitch(
  file: string,
  source: SwitchSource,
  lab: CompiledLab,
): { proved: ProvedSwitch | null; problems: readonly Problem[] } {
  let { line } = source.at;
  try {
    takeBugs();
    if (source.after !== undefined && !lab.tasks.some((t) => t.id === source.after))
      throw new Error(`lab "${lab.id}" has no task "${source.after}"`);
    const screens = new Screens(lab, source.after);
    const play = (step: SwitchLine): void => {
      ({ line } = step);
      if ('wait' in step) screens.pass(step.wait * 1e6);
      else screens.type(step.on, step.run);
    };
    source.before.forEach(play);
    const watch = new SwitchWatch(screens.simulation.world, source.bridge);
    for (const step of source.shown) {
      watch.begin('wait' in step ? `${step.wait} seconds pass` : `${step.on.netns ?? step.on.machine}# ${step.run}`);
      play(step);
      watch.end('wait' in step);
    }
    const view = watch.finish();
    const bug = takeBugs();
    if (bug !== null) throw new Error(bug);
    ({ line } = source.at);
    if (!view.steps.some((s) => s.kind === 'frame')) throw new Error(`no frame came to ${source.bridge}`);
    return { proved: { source, view }, problems: [] };
  } catch (error) {
    const message = `switch block: ${error instanceof Error ? error.message : String(error)}`;
    return { proved: null, problems: [{ file, line, column: source.at.column, message }] };
  }
}

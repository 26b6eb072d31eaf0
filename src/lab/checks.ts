import type { RunResult, World } from '../engine/world';
import { diagnose } from './diagnose';
import { networkAt } from './netns';
import { placeName } from './place';
import type { Check, CompiledTask, Expectation, Feedback, Place } from './protocol';
import { firstPlace } from './script';

/** Limits of one check: it must never hold up the page for long. */
const LIMITS = { timeout: 30_000_000, steps: 1_000_000 };

/** What a check found. `text`: why it failed, with inline code. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly text: string };

/** How a task stands in one state of the world. */
export type TaskVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** What the learner is told: the matching feedback, or the first failing check. */
      readonly text: string;
      /** The feedback that matched. */
      readonly feedback?: Feedback;
    };

const OK: Verdict = { ok: true };

/** Evaluates one check. Runs commands in `world`, which must be a copy nobody else needs. */
export function evaluate(world: World, check: Check): Verdict {
  const place = check.on ?? firstPlace(world);
  const verdict = networkAt(world, place) ? look(world, place, check) : fail(missing(place));
  return verdict.ok || check.say === undefined ? verdict : fail(check.say);
}

/** True when `check` holds. */
export function holds(world: World, check: Check): boolean {
  return evaluate(world, check).ok;
}

/** Evaluates a task: all its checks, and when one fails its feedback. Runs in `world`, which must be a copy. */
export function evaluateTask(world: World, task: CompiledTask): TaskVerdict {
  for (const check of task.checks) {
    const verdict = evaluate(world, check);
    if (verdict.ok) continue;
    const feedback = task.feedback.find((f) => holds(world, f.when));
    return feedback ? { ok: false, text: feedback.say, feedback } : verdict;
  }
  return { ok: true };
}

function missing(place: Place): string {
  return place.netns === undefined
    ? `There is no machine \`${place.machine}\`.`
    : `There is no network namespace \`${place.netns}\` on \`${place.machine}\`.`;
}

function look(world: World, place: Place, check: Check): Verdict {
  const run = (command: string): RunResult => world.exec(place, command, LIMITS);
  const where = placeName(place);
  switch (check.kind) {
    case 'run': {
      const wrong = compare(run(check.run), check.expect);
      return wrong === null ? OK : fail(`\`${firstLine(check.run)}\` ${wrong}`);
    }
    case 'reachable':
      return run(`ping -n -c 1 -W 1 ${check.to}`).status === 0 ? OK : fail(diagnose(world, place, check.to));
    case 'notReachable':
      return run(`ping -n -c 1 -W 1 ${check.to}`).status !== 0
        ? OK
        : fail(`\`${check.to}\` still answers pings from \`${where}\`.`);
    case 'route': {
      const result = run(`ip -j route get ${check.to}`);
      if (result.status !== 0) return fail(diagnose(world, place, check.to));
      const [got] = parseJson(result.stdout) as [{ dev?: string; gateway?: string }?];
      const wanted =
        (check.dev === undefined || got?.dev === check.dev) && (check.via === undefined || got?.gateway === check.via);
      const via = got?.gateway === undefined ? 'directly' : `by \`${got.gateway}\``;
      return wanted ? OK : fail(`From \`${where}\`, packets to \`${check.to}\` leave \`${got?.dev ?? '?'}\` ${via}.`);
    }
    case 'listening': {
      const locals = run('ss -Hltn')
        .stdout.split('\n')
        .map((line) => line.trim().split(/\s+/)[3] ?? '')
        .filter((local) => local.endsWith(`:${check.port}`))
        .map((local) => local.slice(0, local.lastIndexOf(':')));
      if (locals.length === 0) return fail(`In \`${where}\`, nothing listens on TCP port ${check.port}.`);
      const there = check.address === undefined || locals.includes(check.address);
      return there ? OK : fail(`In \`${where}\`, port ${check.port} is open on \`${locals.join('`, `')}\` only.`);
    }
  }
}

function compare(result: RunResult, expect: Expectation): string | null {
  const { status } = result;
  const exit = expect.exit ?? 0;
  if (exit === 'nonzero' ? status === 0 : status !== exit) {
    const said = firstLine(result.stderr || result.stdout);
    return `exits with ${status}${said === '' ? '' : `: \`${said}\``}.`;
  }
  const out = result.stdout.replace(/\n+$/, '');
  const printed = out === '' ? 'prints nothing' : `prints \`${firstLine(out)}\``;
  if (expect.stdout !== undefined && out !== expect.stdout.replace(/\n+$/, ''))
    return `${printed}, not \`${firstLine(expect.stdout)}\`.`;
  if (expect.matches !== undefined && !new RegExp(expect.matches, 'm').test(out))
    return `${printed}: not what it should.`;
  if (expect.lacks !== undefined) {
    const found = new RegExp(expect.lacks, 'm').exec(out);
    if (found) return `still prints \`${firstLine(found[0])}\`.`;
  }
  if (expect.json !== undefined) {
    const { path, equals } = expect.json;
    const value = at(parseJson(out), path);
    if (value !== equals)
      return `says that \`${path}\` is \`${JSON.stringify(value) ?? 'missing'}\`, not \`${JSON.stringify(equals)}\`.`;
  }
  return null;
}

function at(value: unknown, path: string): unknown {
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

function fail(text: string): Verdict {
  return { ok: false, text };
}

/** Reads lab files: YAML to the shapes of `src/lab/protocol.ts`, with every complaint at its line and column. */
import type { ErrorObject } from 'ajv';
import Ajv from 'ajv';
import type { Document } from 'yaml';
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { parsePlace } from '../lab/place';
import type { Check, CompiledLab, CompiledTask, Place, Script } from '../lab/protocol';
import type { Problem } from './problem';
import { Report } from './problem';
import schema from './schema.json';

/** A mistake that a lab file foresees. */
export interface WrongAttempt {
  readonly steps: readonly Script[];
  readonly feedback?: string;
  readonly says?: string;
}

/** Path of keys and indices into a lab file. */
export type Path = readonly (string | number)[];

/** A lab as its file says it: what the page gets without what must be computed, and what only the proof needs. */
export interface SourceLab {
  /** Path from the repository's root. */
  readonly file: string;
  readonly lab: Omit<CompiledLab, 'topology' | 'fingerprint'>;
  readonly wrong: ReadonlyMap<string, readonly WrongAttempt[]>;
  /** Line and column of a value in the file. */
  locate(path: Path): { line: number; column: number };
}

interface RawCheck {
  on?: string;
  say?: string;
  run?: string;
  exit?: number | 'nonzero';
  stdout?: string;
  matches?: string;
  lacks?: string;
  json?: { path: string; equals: string | number | boolean | null };
  reachable?: string;
  notReachable?: string;
  route?: { to: string; dev?: string; via?: string };
  listening?: number | { port: number; address?: string };
}
type RawScript = string | { on?: string; run: string }[];
interface RawTask {
  id: string;
  title: string;
  mode?: 'done' | 'holds';
  check: RawCheck | RawCheck[];
  hints?: { when?: RawCheck; say: string }[];
  feedback?: { id: string; when: RawCheck; say: string }[];
  solve?: { run: RawScript; on?: string; why?: string }[];
  wrong?: { run: RawScript; on?: string; feedback?: string; says?: string }[];
}
interface RawLab {
  id: string;
  title: string;
  summary?: string;
  kind?: CompiledLab['kind'];
  minutes?: number;
  world: string;
  seed?: string;
  setup?: RawScript;
  terminals?: string[];
  ticket?: { from: string; text: string };
  layers?: { name: string; right?: true; say: string }[];
  tasks?: RawTask[];
}

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<RawLab>(schema);

/**
 * Reads one lab file.
 * @param file path from the repository's root; its base name must be the lab's id.
 * @param worlds names of the starting topologies there are.
 * @returns the lab, unless the problems leave nothing to work with.
 */
export function readLabFile(
  file: string,
  text: string,
  worlds: readonly string[],
): { source: SourceLab | null; problems: readonly Problem[] } {
  const report = new Report(file);
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  for (const error of doc.errors) report.add(position(error.pos[0]), error.message);
  if (doc.errors.length > 0) return { source: null, problems: report.problems };
  const locate = (path: Path) => position(offsetOf(doc, path));
  const raw = doc.toJS() as unknown;
  if (!validate(raw)) {
    for (const [path, message] of explain(validate.errors ?? [])) report.add(locate(path), message);
    return { source: null, problems: report.problems };
  }
  examine(raw, file, worlds, (path, message) => report.add(locate(path), message));
  return { source: { file, lab: compile(raw), wrong: wrongOf(raw), locate }, problems: report.problems };
}

/** Offset of the value at `path`, or of the closest thing around it; of the key when the last part is an unknown key. */
function offsetOf(doc: Document, path: Path): number {
  for (let n = path.length; n > 0; n--) {
    const parent = n === 1 ? doc.contents : doc.getIn(path.slice(0, n - 1), true);
    const key = path[n - 1]!;
    if (isMap(parent)) {
      const pair = parent.items.find((p) => isScalar(p.key) && p.key.value === key);
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = doc.getIn(path.slice(0, n), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return isNode(doc.contents) && doc.contents.range ? doc.contents.range[0] : 0;
}

/** Ajv's complaints in words, without those that only repeat others. */
function explain(errors: readonly ErrorObject[]): [Path, string][] {
  const out = new Map<string, [Path, string]>();
  for (const e of errors) {
    if (e.keyword === 'if' || (e.keyword === 'required' && /\/(oneOf|anyOf)\//.test(e.schemaPath))) continue;
    const path: (string | number)[] = e.instancePath
      .split('/')
      .slice(1)
      .map((k) => (/^\d+$/.test(k) ? Number(k) : k.replaceAll('~1', '/').replaceAll('~0', '~')));
    const name = path.length === 0 ? 'the lab' : String(path.findLast((k) => typeof k === 'string'));
    let message = `${name} ${e.message ?? 'is wrong'}`;
    const params = e.params as Record<string, unknown>;
    if (e.keyword === 'additionalProperties') {
      path.push(String(params.additionalProperty));
      message = `unknown key "${String(params.additionalProperty)}"`;
    } else if (e.keyword === 'required') message = `"${String(params.missingProperty)}" is missing`;
    else if (e.keyword === 'enum') message = `${name} must be one of ${(params.allowedValues as string[]).join(', ')}`;
    else if (e.keyword === 'oneOf')
      message = 'a check is exactly one of run, reachable, notReachable, route, listening';
    else if (e.keyword === 'anyOf') message = 'a wrong attempt must name the "feedback" it triggers, or what it "says"';
    out.set(`${path.join('/')} ${message}`, [path, message]);
  }
  return [...out.values()];
}

/** What a schema cannot say. */
function examine(
  raw: RawLab,
  file: string,
  worlds: readonly string[],
  add: (path: Path, message: string) => void,
): void {
  const base = file.slice(file.lastIndexOf('/') + 1).replace(/\.lab\.ya?ml$/, '');
  if (base !== raw.id) add(['id'], `the lab's id is "${raw.id}", the file's name says "${base}"`);
  if (!worlds.includes(raw.world)) add(['world'], `there is no world "${raw.world}" (there are: ${worlds.join(', ')})`);
  if (raw.kind === 'challenge' && !raw.ticket) add(['kind'], 'a challenge needs a "ticket"');
  if (raw.kind !== 'challenge' && raw.ticket) add(['ticket'], 'only a challenge has a ticket');
  if (raw.kind === 'challenge' && !raw.layers) add(['kind'], 'a challenge needs "layers" to choose from');
  if (raw.kind !== 'challenge' && raw.layers) add(['layers'], 'only a challenge has layers');
  if (raw.layers && raw.layers.filter((l) => l.right).length !== 1) add(['layers'], 'one of the layers must be right');
  const tasks = raw.tasks ?? [];
  if (raw.kind === 'sandbox' && tasks.length > 0) add(['tasks'], 'a sandbox has no tasks');
  if (raw.kind !== 'sandbox' && tasks.length === 0) add(['tasks'], 'a lab needs at least one task');
  const ids = new Set<string>();
  tasks.forEach((task, i) => {
    if (ids.has(task.id)) add(['tasks', i, 'id'], `duplicate task id "${task.id}"`);
    ids.add(task.id);
    if (!task.solve?.length) add(['tasks', i], `task "${task.id}" has no solution ("solve")`);
    if (!task.wrong?.length) add(['tasks', i], `task "${task.id}" has no wrong attempt ("wrong")`);
    const feedback = new Set<string>();
    task.feedback?.forEach((f, j) => {
      if (feedback.has(f.id)) add(['tasks', i, 'feedback', j, 'id'], `duplicate feedback id "${f.id}"`);
      feedback.add(f.id);
    });
    task.wrong?.forEach((w, j) => {
      if (w.feedback !== undefined && !feedback.has(w.feedback)) {
        add(['tasks', i, 'wrong', j, 'feedback'], `task "${task.id}" has no feedback "${w.feedback}"`);
      }
    });
    for (const [path, check] of checksOf(task)) {
      for (const key of ['matches', 'lacks'] as const) {
        try {
          if (check[key] !== undefined) new RegExp(check[key], 'm');
        } catch (error) {
          add(['tasks', i, ...path, key], (error as Error).message);
        }
      }
    }
  });
}

function checksOf(task: RawTask): [Path, RawCheck][] {
  const out: [Path, RawCheck][] = Array.isArray(task.check)
    ? task.check.map((c, i) => [['check', i], c])
    : [[['check'], task.check]];
  task.feedback?.forEach((f, i) => out.push([['feedback', i, 'when'], f.when]));
  task.hints?.forEach((h, i) => h.when && out.push([['hints', i, 'when'], h.when]));
  return out;
}

function compile(raw: RawLab): SourceLab['lab'] {
  const tasks = raw.tasks ?? [];
  const solveMinutes = Math.max(5, tasks.length * 5);
  return {
    id: raw.id,
    title: raw.title,
    summary: raw.summary ?? '',
    kind: raw.kind ?? 'lab',
    minutes: raw.minutes ?? solveMinutes,
    world: raw.world,
    seed: raw.seed ?? raw.id,
    setup: raw.setup === undefined ? [] : script(raw.setup),
    // Empty: the world's first machine, filled in when the world is made.
    places: (raw.terminals ?? []).map(parsePlace),
    tasks: tasks.map(compileTask),
    ...(raw.ticket ? { ticket: raw.ticket } : {}),
    ...(raw.layers ? { layers: raw.layers.map((l) => ({ name: l.name, right: l.right === true, say: l.say })) } : {}),
  };
}

function compileTask(raw: RawTask): CompiledTask {
  return {
    id: raw.id,
    title: raw.title,
    mode: raw.mode ?? 'holds',
    checks: (Array.isArray(raw.check) ? raw.check : [raw.check]).map(compileCheck),
    hints: (raw.hints ?? []).map((h) => ({ say: h.say, ...(h.when ? { when: compileCheck(h.when) } : {}) })),
    feedback: (raw.feedback ?? []).map((f) => ({ id: f.id, say: f.say, when: compileCheck(f.when) })),
    solutions: (raw.solve ?? []).map((s) => ({
      steps: script(s.run, s.on),
      ...(s.why === undefined ? {} : { why: s.why }),
    })),
  };
}

function wrongOf(raw: RawLab): ReadonlyMap<string, readonly WrongAttempt[]> {
  return new Map(
    (raw.tasks ?? []).map((t) => [
      t.id,
      (t.wrong ?? []).map((w) => ({
        steps: script(w.run, w.on),
        ...(w.feedback === undefined ? {} : { feedback: w.feedback }),
        ...(w.says === undefined ? {} : { says: w.says }),
      })),
    ]),
  );
}

function script(raw: RawScript, on?: string): Script[] {
  const step = (run: string, where: string | undefined): Script => ({ run, ...place(where) });
  return typeof raw === 'string' ? [step(raw, on)] : raw.map((s) => step(s.run, s.on ?? on));
}

function place(text: string | undefined): { on?: Place } {
  return text === undefined ? {} : { on: parsePlace(text) };
}

function compileCheck(raw: RawCheck): Check {
  const common = { ...place(raw.on), ...(raw.say === undefined ? {} : { say: raw.say }) };
  if (raw.reachable !== undefined) return { ...common, kind: 'reachable', to: raw.reachable };
  if (raw.notReachable !== undefined) return { ...common, kind: 'notReachable', to: raw.notReachable };
  if (raw.route !== undefined) return { ...common, kind: 'route', ...raw.route };
  if (raw.listening !== undefined) {
    return {
      ...common,
      kind: 'listening',
      ...(typeof raw.listening === 'number' ? { port: raw.listening } : raw.listening),
    };
  }
  const { exit, stdout, matches, lacks, json } = raw;
  const expect = Object.fromEntries(
    Object.entries({ exit, stdout, matches, lacks, json }).filter(([, v]) => v !== undefined),
  );
  return { ...common, kind: 'run', run: raw.run ?? '', expect };
}

/** Reads a chapter's MDX: quizzes, console blocks, references to labs and objectives, each with its place. */
import type { BlockContent, Code, DefinitionContent, List, ListItem, Root, RootContent } from 'mdast';
import type { ContainerDirective, LeafDirective } from 'mdast-util-directive';
import remarkDirective from 'remark-directive';
import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkMdx from 'remark-mdx';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import { parsePlace } from '../lab/place';
import type { CompiledOption, CompiledQuestion, Place } from '../lab/protocol';
import { toHtml, Unsupported } from './html';
import type { Problem } from './problem';
import { Report } from './problem';
import type { SwitchSource } from './switch';
import { isSwitch, readSwitch } from './switch';

/** Line and column, from 1. */
export interface Point {
  readonly line: number;
  readonly column: number;
}

/** What a predict question runs. */
export interface PredictSource {
  readonly lab: string;
  readonly run: string;
  readonly on?: Place;
  readonly after?: string;
}

/** A question before the engine has decided about predictions. */
export interface QuestionSource {
  readonly at: Point;
  readonly question: CompiledQuestion;
  readonly predict?: PredictSource;
  /** Predict only: what each option stands for, in the order of `question.options`. */
  readonly answers: readonly string[];
}

/** A `:::quiz` directive. */
export interface QuizSource {
  readonly id: string;
  readonly at: Point;
  readonly questions: readonly QuestionSource[];
}

/** One command of a console block and the output that the chapter prints. */
export interface ConsoleEntry {
  readonly command: string;
  readonly output: string;
  readonly line: number;
}

/** A console block that runs in a lab. */
export interface ConsoleSource {
  readonly at: Point;
  readonly lab: string;
  readonly on?: Place;
  readonly after?: string;
  readonly fresh: boolean;
  /** `# ` or `$ `. */
  readonly prompt: string;
  readonly entries: readonly ConsoleEntry[];
  /** First and last line of the text between the fences; `last < first` when there is none. */
  readonly first: number;
  readonly last: number;
  readonly indent: string;
}

/** `<Lab>`, `<Challenge>` or `<Task>`. */
export interface Reference {
  readonly at: Point;
  readonly kind: 'Lab' | 'Challenge' | 'Task';
  readonly lab: string;
  readonly task?: string;
}

/** An entry of the front matter's `objectives`. */
export interface ObjectiveSource {
  readonly at: Point;
  readonly id: string;
  readonly by: readonly string[];
}

/** What a chapter says. */
export interface ChapterSource {
  readonly file: string;
  readonly quizzes: readonly QuizSource[];
  readonly consoles: readonly ConsoleSource[];
  readonly switches: readonly SwitchSource[];
  readonly references: readonly Reference[];
  readonly objectives: readonly ObjectiveSource[];
}

const processor = unified().use(remarkParse).use(remarkMdx).use(remarkGfm).use(remarkDirective).use(remarkFrontmatter);

/** Reads a chapter. @param file path from the repository's root. */
export function readChapter(file: string, text: string): { chapter: ChapterSource; problems: readonly Problem[] } {
  const report = new Report(file);
  const chapter = {
    file,
    quizzes: [] as QuizSource[],
    consoles: [] as ConsoleSource[],
    switches: [] as SwitchSource[],
    references: [] as Reference[],
    objectives: [] as ObjectiveSource[],
  };
  let tree: Root;
  try {
    tree = processor.parse(text);
  } catch (error) {
    const e = error as { line?: number; column?: number; message: string };
    report.add(e.line === undefined ? undefined : { line: e.line, column: e.column ?? 1 }, e.message);
    return { chapter, problems: report.problems };
  }
  const lines = text.split('\n');
  visit(tree, (node) => {
    switch (node.type) {
      case 'yaml':
        chapter.objectives.push(...objectives(node.value, (node.position?.start.line ?? 1) + 1, report));
        return undefined;
      case 'containerDirective':
        if (node.name !== 'quiz') return undefined;
        addIf(chapter.quizzes, quiz(node, report));
        return 'skip';
      case 'code':
        if (isConsole(node)) addIf(chapter.consoles, consoleBlock(node, lines, report));
        if (isSwitch(node)) addIf(chapter.switches, readSwitch(node, report));
        return undefined;
      case 'mdxJsxFlowElement':
      case 'mdxJsxTextElement':
        addIf(chapter.references, reference(node, report));
        return undefined;
      default:
        return undefined;
    }
  });
  return { chapter, problems: report.problems };
}

/** True for a fenced block that runs in a lab; `console` without `run=` is a plain listing. */
export function isConsole(node: Code): boolean {
  return node.lang === 'console' && /(^|\s)run=/.test(node.meta ?? '');
}

function addIf<T>(list: T[], value: T | null): void {
  if (value !== null) list.push(value);
}

function point(node: { position?: { start: Point } | undefined }): Point {
  return { line: node.position?.start.line ?? 1, column: node.position?.start.column ?? 1 };
}

// --- objectives -----------------------------------------------------------------------------------------------------

function objectives(yaml: string, firstLine: number, report: Report): ObjectiveSource[] {
  const counter = new LineCounter();
  const doc = parseDocument(yaml, { lineCounter: counter, prettyErrors: false });
  const list = isMap(doc.contents) ? doc.get('objectives', true) : undefined;
  if (!isSeq(list)) return [];
  const out: ObjectiveSource[] = [];
  list.items.forEach((item, i) => {
    const start = isNode(item) && item.range ? counter.linePos(item.range[0]) : { line: 1, col: 1 };
    const at = { line: start.line + firstLine - 1, column: start.col };
    const value = doc.toJS().objectives[i] as { id?: unknown; text?: unknown; by?: unknown } | null;
    if (typeof value?.id !== 'string' || typeof value.text !== 'string') {
      report.add(at, 'an objective needs "id" and "text"');
      return;
    }
    const by = Array.isArray(value.by) ? value.by.map(String) : [];
    if (by.length === 0) report.add(at, `objective "${value.id}" has no exercise and no question ("by")`);
    if (out.some((o) => o.id === value.id)) report.add(at, `duplicate objective id "${value.id}"`);
    out.push({ at, id: value.id, by });
  });
  return out;
}

// --- references -----------------------------------------------------------------------------------------------------

interface Jsx {
  name: string | null;
  attributes: { type: string; name?: string; value?: unknown }[];
  position?: { start: Point } | undefined;
}

function reference(node: Jsx, report: Report): Reference | null {
  const { name } = node;
  if (name !== 'Lab' && name !== 'Challenge' && name !== 'Task') return null;
  const value = (key: string): string | undefined => {
    const found = node.attributes.find((a) => a.type === 'mdxJsxAttribute' && a.name === key)?.value;
    return typeof found === 'string' ? found : undefined;
  };
  const at = point(node);
  const id = value('id');
  if (id === undefined) {
    report.add(at, `<${name}> needs id="..."`);
    return null;
  }
  if (name !== 'Task') return { at, kind: name, lab: id };
  const lab = value('lab');
  if (lab === undefined) report.add(at, '<Task> needs lab="..."');
  return lab === undefined ? null : { at, kind: 'Task', lab, task: id };
}

// --- quizzes --------------------------------------------------------------------------------------------------------

type Attributes = Readonly<Record<string, string | null | undefined>>;

function quiz(node: ContainerDirective, report: Report): QuizSource | null {
  const at = point(node);
  const own: Attributes = node.attributes ?? {};
  const id = own.id;
  if (!id) {
    report.add(at, 'a quiz needs an id: :::quiz{#my-quiz}');
    return null;
  }
  const parts = split(node, id, own);
  if (parts.length === 0) report.add(at, `quiz "${id}" has no question`);
  const questions: QuestionSource[] = [];
  for (const part of parts) {
    if (questions.some((q) => q.question.id === part.id)) report.add(part.at, `duplicate question id "${part.id}"`);
    addIf(questions, question(part, report));
  }
  return { id, at, questions };
}

interface Part {
  readonly id: string;
  readonly at: Point;
  readonly attributes: Attributes;
  readonly body: (BlockContent | DefinitionContent)[];
}

/** A quiz's questions: each begins at `::question{#id}`, or, without these, after the list of the one before. */
function split(node: ContainerDirective, id: string, own: Attributes): Part[] {
  const marked = node.children.some(isMarker);
  const parts: Part[] = [];
  let current: Part | null = null;
  for (const child of node.children) {
    if (isMarker(child)) {
      const attributes: Attributes = (child as LeafDirective).attributes ?? {};
      current = { id: attributes.id ?? `${id}-${parts.length + 1}`, at: point(child), attributes, body: [] };
      parts.push(current);
      continue;
    }
    if (!current || (!marked && current.body.at(-1)?.type === 'list')) {
      current = {
        id: parts.length === 0 ? id : `${id}-${parts.length + 1}`,
        at: point(child),
        attributes: marked ? {} : own,
        body: [],
      };
      parts.push(current);
    }
    current.body.push(child);
  }
  return parts;
}

function isMarker(node: RootContent): boolean {
  return node.type === 'leafDirective' && node.name === 'question';
}

function question(part: Part, report: Report): QuestionSource | null {
  const { id, at, attributes, body } = part;
  const kind = attributes.kind ?? 'single';
  if (kind !== 'single' && kind !== 'multiple' && kind !== 'predict') {
    report.add(at, `question "${id}": kind must be single, multiple or predict`);
    return null;
  }
  const list = body.at(-1);
  const prompt = body.slice(0, -1);
  if (list?.type !== 'list' || prompt.length === 0) {
    report.add(at, `question "${id}" must be a text followed by a list of options ("- [ ] ...")`);
    return null;
  }
  try {
    const options = (list as List).children.map((item, i) => option(item, i, id, report));
    if (options.length < 2) report.add(at, `question "${id}" needs at least two options`);
    const right = options.filter((o) => o.correct).length;
    if (kind === 'single' && right !== 1)
      report.add(at, `question "${id}" must have exactly one right option, it has ${right}`);
    if (kind === 'multiple' && right === 0) report.add(at, `question "${id}" has no right option`);
    if (kind === 'predict' && right > 0)
      report.add(at, `question "${id}": the engine decides which option is right; use [ ] only`);
    const answers = kind === 'predict' ? (list as List).children.map((item) => answer(item, id, report)) : [];
    const predict = kind === 'predict' ? predictOf(attributes, id, at, report) : null;
    if (kind === 'predict' && !predict) return null;
    return {
      at,
      question: { id, kind, promptHtml: toHtml(prompt), options },
      answers,
      ...(predict ? { predict } : {}),
    };
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    report.add(point(error.node), error.message);
    return null;
  }
}

function predictOf(attributes: Attributes, id: string, at: Point, report: Report): PredictSource | null {
  const { lab, run, on, after } = attributes;
  if (!lab || !run) {
    report.add(at, `question "${id}": a prediction needs lab=... and run="..."`);
    return null;
  }
  return { lab, run, ...(on ? { on: parsePlace(on) } : {}), ...(after ? { after } : {}) };
}

function option(item: ListItem, index: number, id: string, report: Report): CompiledOption {
  const text = item.children.filter((c) => c.type !== 'blockquote');
  const reasons = item.children.filter((c) => c.type === 'blockquote');
  const at = point(item);
  if (typeof item.checked !== 'boolean') report.add(at, `question "${id}": an option begins with [ ] or [x]`);
  if (text.length === 0) report.add(at, `question "${id}": an option has no text`);
  if (reasons.length !== 1 || reasons[0]!.children.length === 0) {
    report.add(at, `question "${id}": an option has no explanation (a "> ..." under it)`);
  }
  return {
    id: `o${index + 1}`,
    html: toHtml(text),
    correct: item.checked === true,
    reasonHtml: reasons.map((r) => toHtml(r.children)).join(''),
  };
}

/** What an option of a prediction claims to be printed. */
function answer(item: ListItem, id: string, report: Report): string {
  const code = item.children.flatMap((c): string[] => {
    if (c.type === 'code') return [c.value];
    return c.type === 'paragraph' ? c.children.flatMap((p) => (p.type === 'inlineCode' ? [p.value] : [])) : [];
  });
  if (code.length !== 1) report.add(point(item), `question "${id}": an option of a prediction is one piece of code`);
  return code[0] ?? '';
}

// --- console blocks -------------------------------------------------------------------------------------------------

function consoleBlock(node: Code, lines: readonly string[], report: Report): ConsoleSource | null {
  const at = point(node);
  const meta = new Map<string, string>();
  for (const word of (node.meta ?? '').split(/\s+/).filter((w) => w !== '')) {
    const equals = word.indexOf('=');
    meta.set(equals < 0 ? word : word.slice(0, equals), equals < 0 ? '' : word.slice(equals + 1));
  }
  for (const key of meta.keys()) {
    if (!['run', 'on', 'after', 'fresh'].includes(key)) report.add(at, `a console block has no setting "${key}"`);
  }
  const body = node.value.split('\n');
  const prompt = body[0]?.slice(0, 2) ?? '';
  if (prompt !== '# ' && prompt !== '$ ') {
    report.add({ line: at.line + 1, column: at.column }, 'a console block begins with a command: "# ..." or "$ ..."');
    return null;
  }
  const on = meta.get('on');
  const after = meta.get('after');
  return {
    at,
    lab: meta.get('run') ?? '',
    ...(on === undefined ? {} : { on: parsePlace(on) }),
    ...(after === undefined ? {} : { after }),
    fresh: meta.has('fresh'),
    prompt,
    entries: entries(body, prompt, at.line + 1),
    first: at.line + 1,
    last: (node.position?.end.line ?? at.line + 1) - 1,
    indent: /^[ \t]*/.exec(lines[at.line - 1] ?? '')![0],
  };
}

function entries(body: readonly string[], prompt: string, firstLine: number): ConsoleEntry[] {
  const out: { command: string; output: string[]; line: number }[] = [];
  body.forEach((line, i) => {
    const last = out.at(-1);
    if (line.startsWith(prompt)) out.push({ command: line.slice(2), output: [], line: firstLine + i });
    else if (last && last.output.length === 0 && line.startsWith('> ')) last.command += `\n${line.slice(2)}`;
    else last?.output.push(line);
  });
  return out.map(({ command, output, line }) => ({ command, output: output.join('\n'), line }));
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** One recorded command. Optional fields as in the recordings' own description. */
export interface Row {
  readonly host: string;
  readonly cmd: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
  /** Seconds it took. */
  readonly secs?: number;
  readonly setup?: boolean;
  /** A background command; its row stands where it was stopped. */
  readonly bg?: boolean;
  /** Seconds after which Ctrl-C was pressed. */
  readonly sigint_after?: number;
  /** false: pipes; 'one': both streams on one terminal; absent: a terminal each. */
  readonly tty?: boolean | 'one';
  readonly timeout?: boolean;
  readonly cwd?: string;
  readonly term?: number;
  /** Bash cases only. */
  readonly case?: string;
}

/** Which way a recording was made, and so how it is replayed. */
export type Form = 'bash' | 'linux' | 'docker' | 'kubernetes' | 'documentation';

/** A recording: the rows of one file. */
export interface Recording {
  readonly file: string;
  readonly name: string;
  readonly form: Form;
  readonly rows: readonly Row[];
  /** Text of the scenario the recorder ran, when it lies beside the recording. */
  readonly scenario: string | undefined;
}

/** All `.jsonl` files at or below `target`, sorted. @throws Error when there are none. */
export function findRecordings(target: string): string[] {
  if (!existsSync(target)) throw new Error(`${target}: no such file or folder`);
  if (!statSync(target).isDirectory()) return [target];
  const found = readdirSync(target, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => path.join(target, name))
    .sort();
  if (found.length === 0) throw new Error(`${target}: no .jsonl files below it`);
  return found;
}

/**
 * Reads a recording and recognises its form from the rows, the world from the folder's name or `world`.
 * @throws Error with file:line for a line that is no JSON object.
 */
export function readRecording(file: string, world?: string): Recording {
  const rows: Row[] = [];
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((line, i) => {
      if (line.trim() === '') return;
      let row: Partial<Row> & { output?: string; rc?: number };
      try {
        row = JSON.parse(line) as typeof row;
      } catch (e) {
        throw new Error(`${file}:${i + 1}: ${(e as Error).message}`);
      }
      rows.push({
        ...row,
        host: row.host ?? 'host',
        cmd: row.cmd ?? '',
        stdout: row.stdout ?? row.output ?? '',
        stderr: row.stderr ?? '',
        exit: row.exit ?? row.rc ?? 0,
      });
    });
  const name = path.basename(file, '.jsonl');
  // Where recordings and what they were made from are kept together: in a folder below, in the same one, in one beside.
  const scenarioFile = ['scenarios', '.', '../scenarios']
    .map((folder) => path.join(path.dirname(file), folder, `${name}.scn`))
    .find((candidate) => existsSync(candidate));
  return {
    file,
    name,
    form: formOf(file, rows, world),
    rows,
    scenario: scenarioFile === undefined ? undefined : readFileSync(scenarioFile, 'utf8'),
  };
}

function formOf(file: string, rows: readonly Row[], world: string | undefined): Form {
  const first = (rows[0] ?? {}) as Row & { output?: string; client?: string };
  if (first.case !== undefined) return 'bash';
  if (first.output !== undefined) return 'documentation';
  const folders = path.resolve(file).split(path.sep);
  for (const form of ['docker', 'kubernetes', 'linux', 'bash'] as const) {
    if (world === form) return form;
  }
  for (const form of ['docker', 'kubernetes', 'linux', 'bash'] as const) {
    if (folders.includes(form)) return form;
  }
  return 'linux';
}

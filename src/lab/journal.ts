import type { CompiledLab, JournalEntry, Moment, SavedSession } from './protocol';

/** Entries a journal may have: each key press is one. */
export const MAX_ENTRIES = 30_000;
/** Size of a journal as JSON, in UTF-16 units; browsers keep about five million for a whole site. */
export const MAX_SIZE = 2_000_000;
/** What one entry costs beside its data. */
const ENTRY_SIZE = 96;

/** Every input of a session in order. Entries are never changed, only added at the end or cut off there. */
export class Journal {
  private list: JournalEntry[] = [];
  private size = 0;

  /** @param entries what an earlier session left. */
  constructor(entries: readonly JournalEntry[] = []) {
    for (const entry of entries) this.add(entry);
  }

  /** The entries, oldest first. */
  get entries(): readonly JournalEntry[] {
    return this.list;
  }

  get length(): number {
    return this.list.length;
  }

  /** True when one more input of `length` UTF-16 units still fits. */
  fits(length: number): boolean {
    return this.list.length < MAX_ENTRIES && this.size + ENTRY_SIZE + length <= MAX_SIZE;
  }

  add(entry: JournalEntry): void {
    this.list.push(entry);
    this.size += sizeOf(entry);
  }

  /** Forgets all entries after the first `count`. */
  cut(count: number): void {
    for (const entry of this.list.splice(count)) this.size -= sizeOf(entry);
  }
}

function sizeOf(entry: JournalEntry): number {
  return ENTRY_SIZE + (entry.event.kind === 'input' ? entry.event.data.length : 0);
}

/**
 * What is wrong with a saved session, or null. It may come from a damaged store, another lab, another version or a link that
 * somebody wrote by hand, so nothing about its shape is taken for granted.
 */
export function refuse(saved: unknown, lab: string, fingerprint: string): string | null {
  if (!isRecord(saved)) return 'The saved state could not be read.';
  if (saved.version !== 1) return 'The saved state was written by another version of this course.';
  if (saved.lab !== lab) return `The saved state belongs to another lab (${String(saved.lab)}).`;
  const { journal } = saved;
  if (!Array.isArray(journal) || journal.length > MAX_ENTRIES || !journal.every(isEntry))
    return 'The saved state is damaged.';
  const ordered = journal.every(
    (e, i) => i === 0 || (e.steps >= journal[i - 1]!.steps && e.time >= journal[i - 1]!.time),
  );
  const { reached } = saved as { reached?: unknown };
  if (!ordered || (reached !== undefined && !isMoment(reached))) return 'The saved state is damaged.';
  if (!Array.isArray(saved.done) || !saved.done.every((id) => typeof id === 'string'))
    return 'The saved state is damaged.';
  if (!isRecord(saved.hints) || !Object.values(saved.hints).every(isCount)) return 'The saved state is damaged.';
  const { rungs } = saved;
  const listed =
    rungs === undefined || (isRecord(rungs) && Object.values(rungs).every((r) => Array.isArray(r) && r.every(isCount)));
  if (!listed) return 'The saved state is damaged.';
  if (saved.fingerprint !== fingerprint)
    return 'This lab has changed since your last visit, so your last state cannot be rebuilt.';
  return null;
}

/** The saved session as the page stores it. */
export function save(
  lab: Pick<CompiledLab, 'id' | 'fingerprint'>,
  journal: Journal,
  reached: Moment,
  { done, hints, rungs }: Pick<SavedSession, 'done' | 'hints' | 'rungs'>,
): SavedSession {
  const { id, fingerprint } = lab;
  return {
    version: 1,
    lab: id,
    fingerprint,
    journal: [...journal.entries],
    reached,
    done,
    hints,
    ...(rungs ? { rungs } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function isMoment(value: unknown): value is Moment {
  return isRecord(value) && isCount(value.steps) && typeof value.time === 'number' && Number.isSafeInteger(value.time);
}

function isEntry(value: unknown): value is JournalEntry {
  if (!isMoment(value)) return false;
  const event = (value as { event?: unknown }).event;
  if (!isRecord(event)) return false;
  if (event.kind === 'solve') return typeof event.task === 'string';
  if (event.kind === 'absent') return typeof event.machine === 'string' && typeof event.program === 'string';
  if (!isCount(event.terminal)) return false;
  switch (event.kind) {
    case 'input':
      return typeof event.data === 'string';
    case 'resize':
      return isSide(event.columns) && isSide(event.rows);
    case 'open':
      return (
        isRecord(event.place) && typeof event.place.machine === 'string' && isSide(event.columns) && isSide(event.rows)
      );
    default:
      return event.kind === 'close';
  }
}

function isSide(value: unknown): boolean {
  return isCount(value) && value > 0 && value <= 1000;
}

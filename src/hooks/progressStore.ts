import { empty, merge, parse, UnreadableProgress, type Progress } from './progressData';

/** The part of `Storage` that the store uses; a test passes its own. */
export type KeyValue = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Keys in localStorage. `backup` is the last text that could be read; `damaged` is kept until the reader erases it. */
export const keys = { main: 'ftp:progress', backup: 'ftp:progress:backup', damaged: 'ftp:progress:damaged' } as const;

/** Something the reader should know about the storage. */
export interface StorageNotice {
  readonly kind: 'damaged' | 'unavailable';
  readonly text: string;
}

/** A snapshot: same object until something changes, as `useSyncExternalStore` wants. */
export interface Snapshot {
  readonly progress: Progress;
  readonly notice?: StorageNotice;
  /** When the snapshot was made, in milliseconds since the epoch: what "due" is judged by. 0 on the server. */
  readonly now: number;
}

/**
 * Progress in a key-value storage. A text that cannot be read is moved aside, never overwritten, and the last good copy is used.
 * Every change re-reads the storage first and merges, so two tabs do not undo each other.
 */
export class ProgressStore {
  private snapshot: Snapshot;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly storage: KeyValue | undefined) {
    this.snapshot = this.load();
    if (!this.snapshot.notice) this.keepBackup();
  }

  /** The current state. */
  get(): Snapshot {
    return this.snapshot;
  }

  /** Calls `listener` after each change; returns the function that stops it. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Applies a change to the newest state and saves it. */
  update(change: (p: Progress) => Progress): void {
    const base = this.newest();
    this.save(change(base));
  }

  /** Adds what a file holds. Throws {@link UnreadableProgress} when the text is not an export of this site. */
  import(text: string): void {
    const other = parse(text);
    this.update((p) => merge(p, other));
  }

  /** Forgets everything, the copies too. */
  erase(): void {
    for (const key of Object.values(keys)) this.storage?.removeItem(key);
    this.set({ progress: empty, now: Date.now() });
  }

  /** Hides the notice for this page view; the damaged text stays where it is. */
  dismiss(): void {
    this.set({ progress: this.snapshot.progress, now: Date.now() });
  }

  /** Reads again, after another tab wrote. */
  refresh(): void {
    this.set({ ...this.snapshot, progress: this.newest(), now: Date.now() });
  }

  private newest(): Progress {
    const text = this.storage?.getItem(keys.main);
    if (!text) return this.snapshot.progress;
    try {
      return merge(this.snapshot.progress, parse(text));
    } catch {
      return this.snapshot.progress;
    }
  }

  private load(): Snapshot {
    if (!this.storage)
      return {
        progress: empty,
        now: Date.now(),
        notice: {
          kind: 'unavailable',
          text: 'This browser does not let the site store anything, so progress lasts until the page is closed.',
        },
      };
    const text = this.storage.getItem(keys.main);
    if (!text) return { progress: empty, now: Date.now() };
    try {
      return { progress: parse(text), now: Date.now() };
    } catch (error) {
      const why = error instanceof UnreadableProgress ? error.message : String(error);
      this.moveAside(text);
      const backup = this.readBackup();
      const rest = backup
        ? 'The last copy that could be read is in use; work done since may be missing.'
        : 'There is no earlier copy, so the course starts empty.';
      if (backup) this.write(keys.main, JSON.stringify(backup));
      return {
        progress: backup ?? empty,
        now: Date.now(),
        notice: {
          kind: 'damaged',
          text: `Your saved progress could not be read: ${why}. The damaged text is kept in this browser. ${rest}`,
        },
      };
    }
  }

  private moveAside(text: string): void {
    // An older damaged text may hold more than this one, so it is never overwritten.
    let key: string = keys.damaged;
    for (let i = 2; this.storage?.getItem(key); i++) key = `${keys.damaged}:${i}`;
    if (this.write(key, text)) this.storage?.removeItem(keys.main);
  }

  private readBackup(): Progress | undefined {
    const text = this.storage?.getItem(keys.backup);
    if (!text) return undefined;
    try {
      return parse(text);
    } catch {
      return undefined;
    }
  }

  private keepBackup(): void {
    const text = this.storage?.getItem(keys.main);
    if (text) this.write(keys.backup, text);
  }

  private save(progress: Progress): void {
    const kept = this.storage === undefined || this.write(keys.main, JSON.stringify(progress));
    const notice: StorageNotice | undefined = kept
      ? this.snapshot.notice
      : {
          kind: 'unavailable',
          text: 'The browser refused to store your progress (its storage is full or switched off). Export a file to keep it.',
        };
    this.set({ progress, now: Date.now(), ...(notice ? { notice } : {}) });
  }

  private write(key: string, text: string): boolean {
    try {
      this.storage?.setItem(key, text);
      return true;
    } catch {
      return false;
    }
  }

  private set(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener();
  }
}

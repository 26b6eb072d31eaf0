import { useSyncExternalStore } from 'react';
import { empty } from './progressData';
import { ProgressStore, keys, type Snapshot } from './progressStore';

let store: ProgressStore | undefined;

/** The page's store. Only call it in the browser; the server has no progress. */
export function progressStore(): ProgressStore {
  if (!store) {
    let storage: Storage | undefined;
    try {
      storage = window.localStorage;
    } catch {
      // Reading the property throws where the site may not store anything.
    }
    const created = new ProgressStore(storage);
    window.addEventListener('storage', (e) => {
      if (e.key === keys.main) created.refresh();
    });
    store = created;
  }
  return store;
}

const onServer: Snapshot = { progress: empty, now: 0 };

/** The current progress. Empty on the server and during hydration, so the markup is the same on both. */
export function useProgress(): Snapshot {
  return useSyncExternalStore(
    (listener) => progressStore().subscribe(listener),
    () => progressStore().get(),
    () => onServer,
  );
}

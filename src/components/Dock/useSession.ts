import { useEffect, useState, useSyncExternalStore } from 'react';
import type { SavedSession } from '../../lab/protocol';
import { setLive, type OpenLab } from '../../hooks/labHost';
import { merge, empty } from '../../hooks/progressData';
import { keepRefused, saveSession } from '../../hooks/savedSession';
import { Session, STARTING, type SessionView } from '../../hooks/session';
import { progressStore } from '../../hooks/useProgress';

const never = (): (() => void) => () => undefined;

/** Writes what was done in a lab into the progress; a task keeps the time at which it was first done. */
function remember(open: OpenLab, session: SavedSession): void {
  if (open.lab.kind === 'sandbox') return;
  const now = new Date().toISOString();
  const tasks = new Set(open.lab.tasks.map((t) => t.id));
  const done = Object.fromEntries(session.done.filter((id) => tasks.has(id)).map((id) => [id, now]));
  progressStore().update((p) =>
    merge(p, { ...empty, labs: { [open.lab.id]: { done, tasks: open.lab.tasks.length, seen: now } } }),
  );
}

/** How far the sessions of an opening had come when their component left: the dev server mounts it anew when something is edited. */
const left = new WeakMap<OpenLab, SavedSession>();

/** A running session for an opened lab. It ends with the component; its journal is stored as it grows. */
export function useSession(open: OpenLab): { session: Session | null; view: SessionView; unsaved: boolean } {
  const [session, setSession] = useState<Session | null>(null);
  const [unsaved, setUnsaved] = useState(false);

  useEffect(() => {
    const created = new Session(
      open.lab,
      left.get(open) ?? open.from,
      (saved) => {
        if (open.linked) return;
        setUnsaved(!saveSession(saved));
        remember(open, saved);
      },
      keepRefused,
    );
    setSession(created);
    return () => {
      if (created.saved) left.set(open, created.saved);
      created.dispose();
    };
  }, [open]);

  const view = useSyncExternalStore(session?.subscribe ?? never, session?.getView ?? (() => STARTING), () => STARTING);
  // Only a lab of the text has cards and tasks on the page that follow its state.
  useEffect(() => {
    if (open.lab.kind !== 'sandbox') setLive(view.state);
  }, [open, view.state]);
  return { session, view, unsaved };
}

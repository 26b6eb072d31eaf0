import { useEffect, useState } from 'react';
import { useLocation } from '@docusaurus/router';
import { chapterAt } from '../course';
import { progressStore, useProgress } from './useProgress';

/** Where a question stands. `answered` is false again after "Try again". */
export interface QuestionState {
  readonly picked: readonly string[];
  readonly answered: boolean;
  readonly right: boolean | null;
  readonly due?: string;
  readonly pick: (ids: readonly string[]) => void;
  /** Records the answer; `null` for a prediction, which is not graded. */
  readonly answer: (right: boolean | null) => void;
  readonly again: () => void;
}

const day = 86_400_000;

/** Days until a question comes back: longer when it was right at once. */
function reviewAfter(right: boolean, tries: number): number {
  if (!right) return 1;
  return tries === 1 ? 3 : 2;
}

/** The state of one question, kept in the progress under the chapter's number and the given id. */
export function useQuestion(id: string): QuestionState {
  const chapter = chapterAt(useLocation().pathname);
  const key = `${chapter?.n ?? 0}/${id}`;
  const { progress } = useProgress();
  const kept = progress.questions[key];
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [retrying, setRetrying] = useState(false);
  // A review date that has come opens the question again.
  const due = kept?.due !== undefined && Date.parse(kept.due) <= Date.now();
  const answered = kept !== undefined && !retrying && !due;
  useEffect(() => {
    if (kept && !due) setPicked(kept.picked);
  }, [kept, due]);
  return {
    picked,
    answered,
    right: answered ? kept.right : null,
    ...(kept?.due === undefined ? {} : { due: kept.due }),
    pick: setPicked,
    answer: (right) => {
      const tries = (kept?.tries ?? 0) + 1;
      const now = Date.now();
      setRetrying(false);
      progressStore().update((p) => ({
        ...p,
        questions: {
          ...p.questions,
          [key]: {
            picked,
            right,
            tries,
            at: new Date(now).toISOString(),
            ...(right === null ? {} : { due: new Date(now + reviewAfter(right, tries) * day).toISOString() }),
          },
        },
      }));
    },
    again: () => {
      setPicked([]);
      setRetrying(true);
    },
  };
}

/** A fixed shuffle: the same order for one question on the server, in the browser and on every visit. */
export function shuffled<T>(items: readonly T[], seed: string): T[] {
  let h = 2166136261;
  for (const c of seed) h = Math.imul(h ^ c.charCodeAt(0), 16777619);
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    h = Math.imul(h ^ (h >>> 15), 2246822519) + 1;
    const j = (h >>> 0) % (i + 1);
    const a = out[i] as T;
    out[i] = out[j] as T;
    out[j] = a;
  }
  return out;
}

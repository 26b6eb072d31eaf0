import { useState } from 'react';
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
  /** Picks and answers in one step; such a question does not come back for review. */
  readonly settle: (ids: readonly string[], right: boolean) => void;
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
  const { progress, now } = useProgress();
  const kept = progress.questions[key];
  // What was picked on this page; until then, what is kept.
  const [local, setLocal] = useState<readonly string[] | null>(null);
  const [retrying, setRetrying] = useState(false);
  // A review date that has come opens the question again.
  const due = kept?.due !== undefined && Date.parse(kept.due) <= now;
  const answered = kept !== undefined && !retrying && !due;
  const picked = local ?? (answered ? kept.picked : []);
  const record = (ids: readonly string[], right: boolean | null, comesBack: boolean): void => {
    const tries = (kept?.tries ?? 0) + 1;
    const at = Date.now();
    setRetrying(false);
    progressStore().update((p) => ({
      ...p,
      questions: {
        ...p.questions,
        [key]: {
          picked: ids,
          right,
          tries,
          at: new Date(at).toISOString(),
          ...(right === null || !comesBack
            ? {}
            : { due: new Date(at + reviewAfter(right, tries) * day).toISOString() }),
        },
      },
    }));
  };
  return {
    picked,
    answered,
    right: answered ? kept.right : null,
    ...(kept?.due === undefined ? {} : { due: kept.due }),
    pick: setLocal,
    answer: (right) => record(picked, right, true),
    settle: (ids, right) => {
      setLocal(ids);
      record(ids, right, false);
    },
    again: () => {
      setLocal([]);
      setRetrying(true);
    },
  };
}

import type { MarkState } from '../components/Mark';
import type { Chapter } from '../course';
import { labsState, type Progress } from './progressData';
import { useProgress } from './useProgress';

/** State of a chapter's mark, from its labs and the reviews that are due. */
export function chapterState(progress: Progress, c: Chapter, now: number): 'open' | 'half' | 'done' | 'review' {
  const state = labsState(
    progress,
    c.labs.map((l) => l.id),
  );
  if (state === 'done') return dueReviews(progress, c, now) > 0 ? 'review' : 'done';
  return state === 'open' && progress.chapters[String(c.n)] !== undefined ? 'half' : state;
}

/** Number of the chapter's questions whose review date has come. Question ids start with the chapter's number. */
export function dueReviews(progress: Progress, c: Chapter, now: number): number {
  return Object.entries(progress.questions).filter(
    ([id, q]) => id.startsWith(`${c.n}/`) && q.due !== undefined && Date.parse(q.due) <= now,
  ).length;
}

/** The mark of a chapter in a list; `here` when its page is open. */
export function useChapterState(c: Chapter, here: boolean): MarkState {
  const { progress, now } = useProgress();
  return here ? 'active' : chapterState(progress, c, now);
}

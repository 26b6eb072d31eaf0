import { useEffect, useRef, type ReactNode } from 'react';
import { useLocation } from '@docusaurus/router';
import type { CompiledQuiz } from '../../lab/protocol';
import { chapterAt } from '../../course';
import { progressStore, useProgress } from '../../hooks/useProgress';
import Predict from '../Predict';
import Question from './Question';

/** The questions of one `:::quiz` directive, below each other. Predictions stand apart: they are not counted and not graded. */
export default function Quiz({ data }: { data: CompiledQuiz }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const graded = data.questions.filter((q) => q.kind !== 'predict');
  const key = `${chapterAt(useLocation().pathname)?.n ?? 0}/${data.id}`;
  const { progress } = useProgress();
  const complete =
    graded.length > 0 &&
    graded.every((q) => progress.questions[`${key}/${q.id}`]?.right === true) &&
    !progress.quizzes[key];
  useEffect(() => {
    if (complete) progressStore().update((p) => ({ ...p, quizzes: { ...p.quizzes, [key]: new Date().toISOString() } }));
  }, [complete, key]);
  return (
    <div ref={box} data-testid={`quiz-${data.id}`}>
      {data.questions.map((q) => {
        if (q.kind === 'predict') return <Predict key={q.id} quiz={data.id} question={q} />;
        const at = graded.indexOf(q);
        const next = graded[at + 1];
        return (
          <Question
            key={q.id}
            quiz={data.id}
            question={q}
            position={at + 1}
            total={graded.length}
            {...(next
              ? {
                  onNext: () => box.current?.querySelector<HTMLElement>(`[data-testid="question-${next.id}"]`)?.focus(),
                }
              : {})}
          />
        );
      })}
    </div>
  );
}

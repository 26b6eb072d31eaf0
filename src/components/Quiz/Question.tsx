import { useId, useMemo, useState, type ReactNode } from 'react';
import type { CompiledOption, CompiledQuestion } from '../../lab/protocol';
import { shuffled } from '../../hooks/shuffle';
import { useQuestion } from '../../hooks/useQuestion';
import { Button } from '../Button';
import Options, { type Verdict } from './Options';
import styles from './styles.module.css';

function inDays(due: string): string {
  const days = Math.max(1, Math.round((Date.parse(due) - Date.now()) / 86_400_000));
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}

/** A single- or multiple-choice question. Wrong: the reason under what was picked; right: all the reasons. */
export default function Question({
  quiz,
  question,
  position,
  total,
  onNext,
}: {
  quiz: string;
  question: CompiledQuestion;
  position: number;
  total: number;
  onNext?: () => void;
}): ReactNode {
  const name = useId();
  const q = useQuestion(`${quiz}/${question.id}`);
  const [all, setAll] = useState(false);
  const options = useMemo(() => shuffled(question.options, question.id), [question]);
  const multiple = question.kind === 'multiple';
  const missing = options.filter((o) => o.correct && !q.picked.includes(o.id)).length;

  const submit = (): void => {
    setAll(false);
    q.answer(options.every((o) => o.correct === q.picked.includes(o.id)));
  };
  const verdict = (o: CompiledOption): Verdict => {
    if (!q.answered) return {};
    const on = q.picked.includes(o.id);
    const show = q.right === true || all || (on && !o.correct);
    if (!show) return {};
    const judged = on || all || q.right === true;
    return {
      ...(o.correct && judged ? { look: 'right' as const, word: 'Right.' } : {}),
      ...(!o.correct && on ? { look: 'wrong' as const, word: 'Not this one.' } : {}),
      reasonHtml: o.reasonHtml,
    };
  };

  return (
    <section
      className={styles.slab}
      aria-label={`Question ${position} of ${total}`}
      data-testid={`question-${question.id}`}
      tabIndex={-1}
    >
      <header>
        <span className={styles.kind}>Check yourself</span>
        <span className={styles.end}>
          {position} of {total}
        </span>
      </header>
      <div className={styles.q} dangerouslySetInnerHTML={{ __html: question.promptHtml }} />
      {multiple && <p className={styles.more}>More than one is right.</p>}
      <Options
        name={name}
        multiple={multiple}
        options={options}
        picked={q.picked}
        locked={q.answered}
        onPick={q.pick}
        verdict={verdict}
      />
      <footer>
        {!q.answered && (
          <Button size="sm" disabled={q.picked.length === 0} onClick={submit}>
            Answer
          </Button>
        )}
        {q.answered && q.right === false && (
          <>
            <Button size="sm" onClick={q.again}>
              Try again
            </Button>
            {!all && (
              <Button size="sm" kind="quiet" onClick={() => setAll(true)}>
                Show all reasons
              </Button>
            )}
          </>
        )}
        <span role="status" data-testid="verdict">
          {q.answered && q.right && q.due && <>Right. Comes back for review {inDays(q.due)}.</>}
          {q.answered &&
            q.right === false &&
            multiple &&
            missing > 0 &&
            q.picked.length > 0 &&
            'Something that is right is not picked.'}
          {q.answered && q.right === false && !multiple && <span className="ftp-sr">Not this one.</span>}
        </span>
        {q.answered && q.right && onNext && (
          <span className={styles.next}>
            <Button size="sm" onClick={onNext}>
              Next question
            </Button>
          </span>
        )}
      </footer>
    </section>
  );
}

import { useId, useMemo, type ReactNode } from 'react';
import clsx from 'clsx';
import type { CompiledQuestion } from '../../lab/protocol';
import { shuffled } from '../../hooks/shuffle';
import { useQuestion } from '../../hooks/useQuestion';
import { Button } from '../Button';
import Options from '../Quiz/Options';
import styles from '../Quiz/styles.module.css';

/** A prediction: pick what a command will print, then see what the engine computed. Not graded. */
export default function Predict({ quiz, question }: { quiz: string; question: CompiledQuestion }): ReactNode {
  const name = useId();
  const q = useQuestion(`${quiz}/${question.id}`);
  const options = useMemo(() => shuffled(question.options, question.id), [question]);
  const right = options.find((o) => o.correct);
  const picked = options.find((o) => q.picked.includes(o.id));
  const { predict } = question;
  return (
    <section className={clsx(styles.slab, styles.predict)} aria-label="Predict" data-testid={`predict-${question.id}`}>
      <header>
        <span className={styles.kind}>Predict, then run it</span>
        <span className={styles.end}>Not graded</span>
      </header>
      <div className={styles.q} dangerouslySetInnerHTML={{ __html: question.promptHtml }} />
      {predict && (
        <p className={styles.cmd}>
          # {predict.command}
          {predict.place.netns && <span className="ftp-sr"> in {predict.place.netns}</span>}
        </p>
      )}
      <Options
        name={name}
        multiple={false}
        options={options}
        picked={q.picked}
        locked={q.answered}
        onPick={q.pick}
        verdict={(o) => (q.answered && o.correct ? { look: 'right' } : {})}
      />
      <footer>
        {q.answered ? (
          <Button size="sm" kind="quiet" onClick={q.again}>
            Predict again
          </Button>
        ) : (
          <Button size="sm" kind="primary" disabled={q.picked.length === 0} onClick={() => q.answer(null)}>
            Run it and see
          </Button>
        )}
        The answer is computed, not written down.
      </footer>
      <div aria-live="polite">
        {q.answered && (
          <div className={styles.reveal} data-testid="reveal">
            {predict && (
              <pre className={styles.out} tabIndex={0}>
                {predict.output.trimEnd() || '(no output)'}
              </pre>
            )}
            {picked && <div dangerouslySetInnerHTML={{ __html: picked.reasonHtml }} />}
            {right && picked && right !== picked && <div dangerouslySetInnerHTML={{ __html: right.reasonHtml }} />}
          </div>
        )}
      </div>
    </section>
  );
}

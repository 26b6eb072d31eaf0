import { useEffect, useRef, type ReactNode } from 'react';
import clsx from 'clsx';
import type { JourneyStep } from '../../lab/journey/types';
import { plain } from '../InlineCode';
import styles from './styles.module.css';

/** The steps of a journey, grouped by where they happen. */
export default function Hops({
  steps,
  at,
  onStep,
}: {
  steps: readonly JourneyStep[];
  at: number;
  onStep: (step: number) => void;
}): ReactNode {
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const { current: button } = current;
    const list = button?.closest('ol');
    if (!button || !list) return;
    // On the phone the list does not scroll, and the decision above it is to stay in sight.
    if (list.scrollHeight > list.clientHeight) button.scrollIntoView({ block: 'nearest' });
    // Who steps from within the list stays in it.
    if (list.contains(document.activeElement)) button.focus({ preventScroll: true });
  }, [at]);
  return (
    <ol className={styles.hops} aria-label="Steps">
      {steps.map((step, i) => (
        <li key={i} className={clsx(i < at && styles.past, i === at && (step.died ? styles.diedNow : styles.now))}>
          {step.where !== steps[i - 1]?.where && <h3>{step.where}</h3>}
          <button
            type="button"
            ref={i === at ? current : undefined}
            aria-current={i === at ? 'step' : undefined}
            tabIndex={i === at ? 0 : -1}
            onClick={() => onStep(i)}
          >
            <i className={styles.dot} aria-hidden="true" />
            <span>{step.title}</span>
            <span className={styles.note}>{plain(step.note)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

import type { ReactNode } from 'react';
import clsx from 'clsx';
import styles from './styles.module.css';

/** What a port mark can say. The same square stands for an interface, a task, an objective and a chapter. */
export type MarkState = 'open' | 'half' | 'active' | 'done' | 'lost' | 'dead' | 'review';

const words: Record<MarkState, string> = {
  open: 'not started',
  half: 'in progress',
  active: 'you are here',
  done: 'done',
  lost: 'no longer true',
  dead: 'fails',
  review: 'done, review due',
};

/** The 14 px port. `label` replaces the default words; an empty label hides the mark where text beside it says the same. */
export default function Mark({
  state,
  label,
  className,
}: {
  state: MarkState;
  label?: string;
  className?: string;
}): ReactNode {
  const text = label ?? words[state];
  return (
    <svg
      className={clsx(styles.mark, styles[state], className)}
      viewBox="0 0 14 14"
      data-mark={state}
      {...(text ? { role: 'img', 'aria-label': text } : { 'aria-hidden': true })}
    >
      <rect className={styles.b} x="1" y="1" width="12" height="12" />
      {state === 'half' && <path className={styles.h} d="M1 13V1h6v12z" />}
      {state === 'active' && <rect className={styles.d} x="4.5" y="4.5" width="5" height="5" />}
      {state === 'done' && <path className={styles.t} d="M3.6 7.2 6 9.6l4.4-5" />}
      {state === 'review' && (
        <>
          <path className={styles.t} d="M3.6 7.8 6 10.2l3.4-4" />
          <circle className={styles.r} cx="13" cy="1" r="3.8" />
        </>
      )}
      {state === 'lost' && <path className={styles.t} d="M7 3.4v4.4M7 9.4v1.8" />}
      {state === 'dead' && <path className={styles.t} d="M4 4l6 6M10 4l-6 6" />}
    </svg>
  );
}

import type { ReactNode } from 'react';
import clsx from 'clsx';
import type { CompiledLab, SessionState, TaskState } from '../../lab/protocol';
import type { Session } from '../../hooks/session';
import HintLadder from '../HintLadder';
import InlineCode from '../InlineCode';
import Mark from '../Mark';
import styles from './styles.module.css';

/** Why a task is not true any more, in one sentence. */
export function lostBecause(state: TaskState): string {
  return state.undoneBy === undefined ? 'No longer true.' : `No longer true since \`${state.undoneBy}\`.`;
}

/** The tasks of a lab. They complete by themselves; at most one is active, with its feedback and its hints under it. */
export default function Tasks({
  session,
  lab,
  state,
}: {
  session: Session;
  lab: CompiledLab;
  state: SessionState;
}): ReactNode {
  const byId = new Map(state.tasks.map((t) => [t.id, t]));
  // Hints belong to one task: the active one, else the first that was lost.
  const hinted = state.tasks.find((t) => t.state === 'active') ?? state.tasks.find((t) => t.state === 'lost');
  return (
    <section className={styles.column} aria-labelledby="lab-tasks" data-region="tasks">
      <h3 id="lab-tasks" className={styles.head} tabIndex={-1}>
        Tasks<span>checked as you work</span>
      </h3>
      <ol className={styles.tasks}>
        {lab.tasks.map((task) => {
          const s = byId.get(task.id);
          if (!s) return null;
          return (
            <li
              key={task.id}
              className={clsx(styles.task, styles[s.state])}
              data-testid={`task-${task.id}`}
              data-state={s.state}
              aria-current={s.state === 'active' ? 'step' : undefined}
            >
              <Mark state={s.state} />
              <span className={styles.text}>
                <InlineCode text={task.title} />
              </span>
              {s.state === 'lost' && (
                <p className={clsx(styles.note, styles.warn)}>
                  <InlineCode text={lostBecause(s)} />
                </p>
              )}
              {s.state === 'active' && s.feedback && (
                <p className={styles.note} data-testid="feedback">
                  <InlineCode text={s.feedback} />
                </p>
              )}
              {s === hinted && (
                <HintLadder session={session} task={task} state={s} solutions={lab.kind === 'challenge'} />
              )}
            </li>
          );
        })}
      </ol>
      {state.solved && (
        <p className={styles.solved} data-testid="solved">
          <Mark state="done" label="" />
          Every task is done. The world stays open; try what breaks it.
        </p>
      )}
    </section>
  );
}

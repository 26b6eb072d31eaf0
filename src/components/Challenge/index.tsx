import type { ReactNode } from 'react';
import clsx from 'clsx';
import type { CompiledLab, SessionState } from '../../lab/protocol';
import type { Session } from '../../hooks/session';
import HintLadder from '../HintLadder';
import InlineCode from '../InlineCode';
import Mark from '../Mark';
import { lostBecause } from '../Tasks';
import Evidence from './Evidence';
import Layers from './Layers';
import styles from './styles.module.css';

/** A break-fix: the ticket in the requester's words, what must be true with what is observed, hints, and a solution at the end. */
export default function Challenge({
  session,
  lab,
  state,
}: {
  session: Session;
  lab: CompiledLab;
  state: SessionState;
}): ReactNode {
  const byId = new Map(state.tasks.map((t) => [t.id, t]));
  const failing = state.tasks.filter((t) => t.state !== 'done').length;
  const stuckOn = lab.tasks.find((t) => ['active', 'lost'].includes(byId.get(t.id)?.state ?? ''));
  const stuckState = stuckOn && byId.get(stuckOn.id);
  return (
    <section className={styles.brief} aria-label="Break-fix" data-region="tasks">
      {lab.ticket && (
        <div className={styles.ticket}>
          <p className={styles.by}>{lab.ticket.from}</p>
          <p>
            <InlineCode text={lab.ticket.text} />
          </p>
        </div>
      )}
      <h3 className={styles.head} tabIndex={-1}>
        What must be true<span>{failing === 0 ? 'all of it is' : `${failing} failing`}</span>
      </h3>
      <ul className={styles.want}>
        {lab.tasks.map((task) => {
          const s = byId.get(task.id);
          if (!s) return null;
          const holds = s.state === 'done';
          return (
            <li key={task.id} data-testid={`task-${task.id}`} data-state={s.state}>
              <Mark state={holds ? 'done' : s.state === 'lost' ? 'lost' : 'dead'} />
              <span>
                <InlineCode text={task.title} />
              </span>
              <span className={clsx(styles.state, !holds && styles.bad)}>{holds ? 'keep it so' : 'fails'}</span>
              {!holds && (
                <p className={styles.observed} data-testid="feedback">
                  <InlineCode text={s.state === 'lost' ? lostBecause(s) : (s.feedback ?? '')} />
                </p>
              )}
            </li>
          );
        })}
      </ul>
      <Layers lab={lab} />
      <Evidence lab={lab} />
      {state.solved ? (
        <p className={styles.solved} data-testid="solved">
          Solved. The ticket can be closed; say in one sentence what was wrong before you do.
        </p>
      ) : (
        stuckOn && stuckState && <HintLadder session={session} task={stuckOn} state={stuckState} solutions />
      )}
    </section>
  );
}

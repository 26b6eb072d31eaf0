import { useState, type ReactNode } from 'react';
import type { CompiledTask, TaskState } from '../../lab/protocol';
import type { Session } from '../../hooks/session';
import { Button } from '../Button';
import InlineCode from '../InlineCode';
import styles from './styles.module.css';

/** One hint at a time under the active task. A solution is offered on a break-fix only, after the last hint. */
export default function HintLadder({
  session,
  task,
  state,
  solutions,
}: {
  session: Session;
  task: CompiledTask;
  state: TaskState;
  /** Offer the solution after the last hint. */
  solutions: boolean;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const total = state.hintsShown.length + state.hintsLeft;
  const last = state.hintsShown.at(-1);
  const solution = task.solutions[0];
  if (total === 0 && !solutions) return null;
  return (
    <div className={styles.ladder}>
      <div aria-live="polite">
        {last !== undefined && (
          <p className={styles.hint} data-testid="hint">
            <InlineCode text={last} />
          </p>
        )}
      </div>
      <div className={styles.bar}>
        {state.hintsLeft > 0 && (
          <Button size="sm" onClick={() => void session.hint(task.id)}>
            {last === undefined ? 'Hint' : 'Next hint'}
          </Button>
        )}
        {last !== undefined && (
          <span>
            {state.hintsShown.length} of {total}
          </span>
        )}
        {solutions && solution && state.hintsLeft === 0 && (
          <Button size="sm" kind="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Hide the solution' : 'Show a solution'}
          </Button>
        )}
      </div>
      {open && solution && (
        <div className={styles.solution}>
          {solution.steps.map((s, i) => (
            <pre key={i} tabIndex={0}>
              {s.on?.netns && `# in ${s.on.netns}\n`}
              {s.run.trimEnd()}
            </pre>
          ))}
          {solution.why && (
            <p>
              <InlineCode text={solution.why} />
            </p>
          )}
        </div>
      )}
    </div>
  );
}

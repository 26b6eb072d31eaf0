import type { ReactNode } from 'react';
import type { Session, SessionView } from '../../hooks/session';
import { Button } from '../Button';
import styles from './dock.module.css';

/** What the reader sees when the world does not answer or has stopped: what happened, that the state is kept, one way on. */
export default function Trouble({ session, view }: { session: Session; view: SessionView }): ReactNode {
  if (view.phase !== 'stuck' && view.phase !== 'crashed') return null;
  return (
    <div className={styles.trouble} role="alert" data-testid="trouble">
      <p>
        <b>{view.phase === 'stuck' ? 'The world has not answered for five seconds.' : view.notice}</b>{' '}
        {view.phase === 'stuck' && 'What you did is kept. It may still be busy; or start it again from there.'}
      </p>
      {view.phase === 'crashed' && view.detail && (
        <details>
          <summary>For a bug report</summary>
          <pre tabIndex={0}>{view.detail}</pre>
        </details>
      )}
      <Button size="sm" onClick={() => session.reload()}>
        Reload the world
      </Button>
    </div>
  );
}

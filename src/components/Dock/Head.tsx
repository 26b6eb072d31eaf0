import { useEffect, useState, type ReactNode } from 'react';
import type { CompiledLab } from '../../lab/protocol';
import { packSession } from '../../hooks/savedSession';
import type { Session, SessionView } from '../../hooks/session';
import { Button, IconButton } from '../Button';
import Icon from '../Icon';
import { plain } from '../InlineCode';
import Menu from '../Menu';
import styles from './dock.module.css';

/** Kind and title of a lab, as its head and its card say it. */
export function labTitle(lab: CompiledLab): string {
  return lab.kind === 'sandbox' ? lab.title : `${lab.kind === 'challenge' ? 'Break-fix' : 'Lab'}: ${lab.title}`;
}

/** The world's own time since the lab began, ticking between two reports of the worker. */
function Clock({ view }: { view: SessionView }): ReactNode {
  const [now, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!view.state) return null;
  // A report that arrived after the last tick is newer than `now`.
  const since = view.phase === 'running' ? Math.max(0, now - view.at) : 0;
  const seconds = Math.max(0, Math.floor(view.state.elapsed / 1e6 + since / 1e3));
  const two = (n: number): string => String(n).padStart(2, '0');
  return (
    <span className={styles.clock} title="Virtual time">
      <span className="ftp-sr">Virtual time </span>
      {two(Math.floor(seconds / 3600))}:{two(Math.floor(seconds / 60) % 60)}:{two(seconds % 60)}
    </span>
  );
}

/** Title, count, virtual clock, and what can be done with the whole world. */
export default function Head({
  session,
  view,
  lab,
  onClose,
  onPackets,
  say,
}: {
  session: Session;
  view: SessionView;
  lab: CompiledLab;
  onClose?: () => void;
  /** Shows the packets of the world. */
  onPackets?: () => void;
  /** Tells the reader what happened, in the dock's status line. */
  say: (text: string) => void;
}): ReactNode {
  const { state } = view;
  const done = state?.tasks.filter((t) => t.state === 'done').length ?? 0;
  const ready = state !== null && view.phase === 'running';
  const starts = lab.tasks.filter((t) => state?.checkpoints.includes(t.id));

  const copyLink = async (): Promise<void> => {
    if (!session.saved) return say('Nothing has been typed yet, so there is no state to link to.');
    const packed = await packSession(session.saved);
    if (packed === null) return say('This state is too long for a link. Start over and take the short way.');
    const url = `${location.origin}${location.pathname}#lab=${encodeURIComponent(lab.id)}&state=${packed}`;
    try {
      await navigator.clipboard.writeText(url);
      say('A link to this state is in the clipboard.');
    } catch {
      history.replaceState(history.state, '', url);
      say('The address of this page is now a link to this state.');
    }
  };
  const undo = async (): Promise<void> => {
    const command = await session.undo();
    say(command ? `Undone: ${command}` : 'There is nothing to undo.');
  };

  return (
    <header className={styles.head}>
      <b>{labTitle(lab)}</b>
      {lab.tasks.length > 0 && (
        <span className={styles.count} data-testid="task-count">
          {done} of {lab.tasks.length}
        </span>
      )}
      <span className={styles.end}>
        <Clock view={view} />
        {onPackets && (
          <Button size="sm" className={styles.packets} disabled={!ready} onClick={onPackets} data-testid="packets">
            <Icon name="packets" /> Packets
          </Button>
        )}
        {state?.busy && <IconButton icon="skip" label="Skip the wait" onClick={() => session.skip()} />}
        <IconButton
          icon="undo"
          label="Undo the last command"
          disabled={!ready || state.undoable === 0}
          onClick={() => void undo()}
        />
        <Menu
          icon="reset"
          label="Reset the lab"
          items={[
            { label: 'Start over', act: () => void session.reset().then(() => say('The lab is at its start.')) },
            ...starts.map((t) => ({
              label: `To the start of: ${plain(t.title)}`,
              act: () => void session.reset(t.id).then(() => say('The world is where that task begins.')),
            })),
          ]}
        />
        <IconButton icon="link" label="Copy a link to this state" disabled={!ready} onClick={() => void copyLink()} />
        {onClose && <IconButton icon="close" label="Close the lab, keep its state" onClick={onClose} />}
      </span>
    </header>
  );
}

import { useState, type ReactNode } from 'react';
import type { CompiledLab } from '../../lab/protocol';
import { lastCommand, loadEvidence, saveEvidence, type Evidence as Pinned } from '../../hooks/evidence';
import { Button, IconButton } from '../Button';
import styles from './styles.module.css';

/** The terminal that is shown, with its name. */
function shownTerminal(): { place: string; text: string } | null {
  const shown = document.querySelector('[data-dock] [data-terminal]:not([hidden])');
  const read = (window as unknown as { ftpTerminalText?(id: number): string | undefined }).ftpTerminalText;
  const id = Number(shown?.getAttribute('data-terminal'));
  const text = shown ? read?.(id) : undefined;
  if (text === undefined) return null;
  return { place: document.getElementById(`terminal-tab-${id}`)?.textContent ?? '', text };
}

/** What the reader has found out so far: pinned from the terminals, kept with the lab. */
export default function Evidence({ lab }: { lab: CompiledLab }): ReactNode {
  const [pinned, setPinned] = useState<readonly Pinned[]>(() => loadEvidence(lab.id));
  const [said, say] = useState('');
  const keep = (next: readonly Pinned[]): void => {
    setPinned(next);
    saveEvidence(lab.id, next);
  };
  const pin = (): void => {
    const terminal = shownTerminal();
    const found = terminal && lastCommand(terminal.text);
    if (!found) return say('There is no command to pin yet. Run one in the terminal.');
    say('');
    keep([...pinned, { place: terminal.place, ...found }]);
  };
  return (
    <section aria-label="Your evidence">
      <h3 className={styles.head}>
        Your evidence<span>the last command of the terminal</span>
      </h3>
      <ul className={styles.evidence} data-testid="evidence">
        {pinned.map((e, i) => (
          <li key={i}>
            <span className={styles.place}>{e.place}</span>
            <code>{e.command}</code>
            <IconButton
              icon="close"
              label={`Unpin ${e.command}`}
              onClick={() => keep(pinned.filter((_, j) => j !== i))}
            />
            {e.said && <span className={styles.line}>{e.said}</span>}
          </li>
        ))}
      </ul>
      <p className={styles.pin}>
        <Button size="sm" onClick={pin}>
          Pin it
        </Button>
        <span role="status">{said}</span>
      </p>
    </section>
  );
}

import { useEffect, useState, type ReactNode } from 'react';
import type { CompiledConsole } from '../../lab/protocol';
import { knownLab, runInLab, useLabHost } from '../../hooks/labHost';
import { Button } from '../Button';
import Icon from '../Icon';
import styles from './styles.module.css';

/** Commands and the output that the build computed. "Run it" opens the lab and types them at the prompt, visibly. */
export default function Console({ data, continues }: { data: CompiledConsole; continues?: boolean }): ReactNode {
  const running = useLabHost(({ open, live }) => open?.lab.id === data.lab && live?.busy === true);
  const [copied, setCopied] = useState(false);
  const [runnable, setRunnable] = useState(false);
  // Labs make themselves known after they are mounted; cards may stand below this block.
  useEffect(() => {
    const timer = setTimeout(() => setRunnable(knownLab(data.lab) !== undefined));
    return () => clearTimeout(timer);
  }, [data.lab]);
  const commands = data.entries.map((e) => e.command);

  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(`${commands.join('\n')}\n`);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  const run = (): void => {
    const lab = knownLab(data.lab);
    if (lab) runInLab(lab, { place: data.place, commands });
  };
  return (
    <figure className={styles.console} data-testid="console">
      <header>
        <Icon name={data.place.netns ? 'namespace' : 'machine'} />
        {data.place.netns ?? data.place.machine}
        {continues && <span className={styles.muted}>continues from above</span>}
        <span className={styles.end}>
          <Button size="sm" kind="quiet" onClick={() => void copy()}>
            <Icon name="copy" />
            <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
          </Button>
          {runnable && (
            <Button size="sm" onClick={run} disabled={running}>
              <Icon name="play" />
              {running ? 'Running' : 'Run it'}
            </Button>
          )}
        </span>
      </header>
      <pre className={styles.term} tabIndex={0}>
        {data.entries.map((entry, i) => (
          <span key={i}>
            <span className={styles.prompt}># </span>
            <span className={styles.command}>{entry.command}</span>
            {'\n'}
            {entry.output === '' || entry.output.endsWith('\n') ? entry.output : `${entry.output}\n`}
          </span>
        ))}
      </pre>
    </figure>
  );
}

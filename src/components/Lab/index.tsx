import { useEffect, type ReactNode } from 'react';
import clsx from 'clsx';
import type { CompiledLab } from '../../lab/protocol';
import { openLab, registerLab, useLabHost } from '../../hooks/labHost';
import { labState } from '../../hooks/progressData';
import { useLinkedState } from '../../hooks/useLinkedState';
import { useProgress } from '../../hooks/useProgress';
import { Button } from '../Button';
import InlineCode from '../InlineCode';
import Mark from '../Mark';
import Topology from '../Topology';
import styles from './styles.module.css';

const worlds: Readonly<Record<string, string>> = {
  linux: 'one Linux host',
  lan: 'an office network and the internet',
  'two-hosts': 'two Linux hosts on one switch',
  'three-nodes': 'three Linux hosts and a router',
};

/** The card of a lab. Nothing heavy is fetched before the click. */
export default function Lab({ data }: { data: CompiledLab }): ReactNode {
  const mine = useLabHost(({ open }) => open?.lab.id === data.id);
  const live = useLabHost((host) => mine && host.live !== null);
  const { progress } = useProgress();
  useEffect(() => registerLab(data), [data]);
  useLinkedState(data);

  const kept = progress.labs[data.id];
  const done = kept ? Object.keys(kept.done).length : 0;
  const state = labState(progress, data.id);
  const title = `${data.kind === 'challenge' ? 'Break-fix' : 'Lab'}: ${data.title}`;

  if (live)
    return (
      <p className={styles.inlab} id={`lab-${data.id}`} data-testid={`lab-${data.id}`}>
        <Mark state={state === 'open' ? 'half' : state} />
        <span>
          <b>{title}</b> is open. The text stays here; the world stays as you left it.
        </span>
      </p>
    );
  return (
    <section
      className={clsx(styles.labcard, 'ftp-card')}
      aria-label={title}
      id={`lab-${data.id}`}
      data-testid={`lab-${data.id}`}
    >
      <div className={styles.l}>
        <h3>{title}</h3>
        <p className={styles.summary}>
          <InlineCode text={data.summary} />
        </p>
        <p className={styles.facts}>
          <span>
            {data.tasks.length} {data.tasks.length === 1 ? 'task' : 'tasks'}
            {done > 0 && `, ${done} done`}
          </span>
          <span>About {data.minutes} minutes</span>
          <span>World: {worlds[data.world] ?? data.world}</span>
        </p>
        <p className={styles.acts}>
          <Button kind="primary" disabled={mine} onClick={() => openLab(data)}>
            {mine
              ? 'Opening'
              : state === 'open'
                ? 'Start the lab'
                : state === 'half'
                  ? 'Resume the lab'
                  : 'Open the lab again'}
          </Button>
          {state !== 'open' && !mine && (
            <Button kind="quiet" onClick={() => openLab(data, { from: null })}>
              Start over
            </Button>
          )}
        </p>
      </div>
      <div className={styles.pic}>
        <Topology data={data.topology} detail="compact" />
      </div>
    </section>
  );
}

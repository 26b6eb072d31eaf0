import { useEffect, useState, type ReactNode } from 'react';
import { knownLab, openLab, useLabHost } from '../../hooks/labHost';
import { useProgress } from '../../hooks/useProgress';
import { Button } from '../Button';
import InlineCode from '../InlineCode';
import Mark, { type MarkState } from '../Mark';
import styles from './styles.module.css';

/** A task named in the text, with its live state: from the open lab, else from what was done before. */
export default function Task({
  lab,
  id,
  title,
  children,
}: {
  lab: string;
  id: string;
  title?: string;
  children?: ReactNode;
}): ReactNode {
  const here = useLabHost(({ open }) => open?.lab.id === lab);
  const mine = useLabHost(({ live }) => (here ? live?.tasks.find((t) => t.id === id)?.state : undefined));
  const { progress } = useProgress();
  const [known, setKnown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setKnown(knownLab(lab) !== undefined));
    return () => clearTimeout(timer);
  }, [lab]);
  const state: MarkState = mine ?? (progress.labs[lab]?.done[id] === undefined ? 'open' : 'done');
  const definition = known ? knownLab(lab) : undefined;
  const text = title ?? definition?.tasks.find((t) => t.id === id)?.title ?? '';
  return (
    <div className={styles.task} data-testid={`text-task-${id}`} data-state={state}>
      <Mark state={state} />
      <div className={styles.text}>
        <b>
          <InlineCode text={text} />
        </b>
        {children}
      </div>
      {definition && !here && (
        <Button size="sm" onClick={() => openLab(definition)}>
          Open the lab
        </Button>
      )}
    </div>
  );
}

import type { ReactNode } from 'react';
import { useLocation } from '@docusaurus/router';
import Mark from '../Mark';
import { chapterAt } from '../../course';
import { labsState } from '../../hooks/progressData';
import { useProgress } from '../../hooks/useProgress';
import styles from './styles.module.css';

/** What the reader will be able to do, each with its port. An objective is met when its labs are done. */
export default function Objectives(): ReactNode {
  const { progress } = useProgress();
  const chapter = chapterAt(useLocation().pathname);
  if (!chapter || chapter.objectives.length === 0) return null;
  return (
    <ul className={styles.objectives} aria-label="Objectives">
      {chapter.objectives.map((o) => (
        <li key={o.text}>
          <Mark state={labsState(progress, o.labs)} />
          {o.text}
        </li>
      ))}
    </ul>
  );
}

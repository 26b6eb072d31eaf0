import type { ReactNode } from 'react';
import { useLocation } from '@docusaurus/router';
import Mark from '../Mark';
import { chapterAt } from '../../course';
import { objectiveState } from '../../hooks/progressData';
import { useObjectives } from '../../hooks/useObjectives';
import { useProgress } from '../../hooks/useProgress';
import styles from './styles.module.css';

/** What the reader will be able to do, each with its port. An objective is met when the labs and quizzes that it names are done. */
export default function Objectives(): ReactNode {
  const { progress } = useProgress();
  const chapter = chapterAt(useLocation().pathname);
  const objectives = useObjectives()[chapter?.n ?? 0] ?? [];
  if (!chapter || objectives.length === 0) return null;
  return (
    <ul className={styles.objectives} aria-label="Objectives">
      {objectives.map((o) => (
        <li key={o.text}>
          <Mark state={objectiveState(progress, chapter.n, o.by)} />
          {o.text}
        </li>
      ))}
    </ul>
  );
}

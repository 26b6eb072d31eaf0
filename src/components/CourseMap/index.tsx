import type { ReactNode } from 'react';
import clsx from 'clsx';
import Link from '@docusaurus/Link';
import Mark from '../Mark';
import { chapterPath, parts, type Chapter } from '../../course';
import { chapterState } from '../../hooks/useChapterState';
import { useProgress } from '../../hooks/useProgress';
import styles from './styles.module.css';

function Entry({ chapter }: { chapter: Chapter }): ReactNode {
  const { progress, now } = useProgress();
  if (!chapter.written)
    return (
      <span className={clsx(styles.entry, styles.later)}>
        <Mark state="open" label="" />
        <span className={styles.n}>{chapter.n}</span>
        <span>
          {chapter.title} <span className={styles.tag}>not yet written</span>
        </span>
      </span>
    );
  return (
    <Link className={styles.entry} to={`${chapterPath(chapter)}/`}>
      <Mark state={chapterState(progress, chapter, now)} />
      <span className={styles.n}>{chapter.n}</span>
      <span className={styles.title}>{chapter.title}</span>
    </Link>
  );
}

/** The 22 chapters in six columns. */
export default function CourseMap(): ReactNode {
  return (
    <div className={styles.parts}>
      {parts.map((part) => (
        <section key={part.letter} className={styles.part} aria-labelledby={`map-${part.letter}`}>
          <h3 id={`map-${part.letter}`}>
            <span className={styles.letter}>{part.letter}</span>
            {part.title}
          </h3>
          <ol>
            {part.chapters.map((c) => (
              <li key={c.n}>
                <Entry chapter={c} />
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

import type { ReactNode } from 'react';
import clsx from 'clsx';
import Link from '@docusaurus/Link';
import { isActiveSidebarItem } from '@docusaurus/plugin-content-docs/client';
import type { Props } from '@theme/DocSidebarItem/Link';
import Mark from '@site/src/components/Mark';
import { chapters, type Chapter } from '@site/src/course';
import { labState } from '@site/src/hooks/progressData';
import { useChapterState } from '@site/src/hooks/useChapterState';
import { useProgress } from '@site/src/hooks/useProgress';
import styles from './styles.module.css';

function ChapterMark({ chapter, here }: { chapter: Chapter; here: boolean }): ReactNode {
  return <Mark state={useChapterState(chapter, here)} />;
}

function Labs({ chapter }: { chapter: Chapter }): ReactNode {
  const { progress } = useProgress();
  return (
    <ul className={styles.sub} aria-label={`Labs of chapter ${chapter.n}`}>
      {chapter.labs.map((lab) => (
        <li key={lab.id}>
          <Mark state={labState(progress, lab.id)} />
          {lab.title}
        </li>
      ))}
    </ul>
  );
}

/** A chapter (mark, number, short title; the open one lists its labs) or a plain page of the course. */
export default function DocSidebarItemLink({ item, onItemClick, activePath }: Props): ReactNode {
  const here = isActiveSidebarItem(item, activePath);
  const chapter = chapters.find((c) => c.n === item.customProps?.chapter);
  return (
    <li className={clsx(styles.item, chapter && styles.port)}>
      <Link
        className={styles.link}
        to={item.href}
        aria-current={here ? 'page' : undefined}
        title={chapter ? `${chapter.n} ${chapter.title}` : undefined}
        onClick={onItemClick ? () => onItemClick(item) : undefined}
      >
        {chapter && <ChapterMark chapter={chapter} here={here} />}
        {chapter && <span className={styles.n}>{chapter.n}</span>}
        <span className={styles.label}>{item.label}</span>
      </Link>
      {here && chapter && chapter.labs.length > 0 && <Labs chapter={chapter} />}
    </li>
  );
}

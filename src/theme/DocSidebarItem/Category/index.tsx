import type { ReactNode } from 'react';
import DocSidebarItems from '@theme/DocSidebarItems';
import type { Props } from '@theme/DocSidebarItem/Category';
import { parts } from '@site/src/course';
import { chapterState } from '@site/src/hooks/useChapterState';
import { useProgress } from '@site/src/hooks/useProgress';
import styles from './styles.module.css';

/** A part of the course: its letter, its title, how many of its chapters are done. Parts do not fold. */
export default function DocSidebarItemCategory({ item, activePath, level, onItemClick }: Props): ReactNode {
  const { progress, now } = useProgress();
  const letter = String(item.customProps?.letter ?? '');
  const chapters = parts.find((p) => p.letter === letter)?.chapters ?? [];
  const done = chapters.filter((c) => ['done', 'review'].includes(chapterState(progress, c, now))).length;
  return (
    <li className={styles.part}>
      <div className={styles.head} id={`part-${letter}`}>
        <span>
          {letter}&ensp;{item.label}
        </span>
        <span className={styles.count} aria-label={`${done} of ${chapters.length} done`} role="img">
          {done}/{chapters.length}
        </span>
      </div>
      <ul className={styles.run} aria-labelledby={`part-${letter}`}>
        <DocSidebarItems items={item.items} activePath={activePath} level={level + 1} onItemClick={onItemClick} />
      </ul>
    </li>
  );
}

import { useEffect, useState, type ReactNode } from 'react';
import { useDoc } from '@docusaurus/plugin-content-docs/client';
import { useNavbarMobileSidebar } from '@docusaurus/theme-common/internal';
import { useLocation } from '@docusaurus/router';
import Mark from '../Mark';
import { IconButton } from '../Button';
import { chapterAt } from '../../course';
import { labState } from '../../hooks/progressData';
import { useProgress } from '../../hooks/useProgress';
import styles from './styles.module.css';

/** The phone's second bar: chapter number, the section being read, a port for each lab, and the list of chapters. */
export default function ChapterBar(): ReactNode {
  const { toc, metadata } = useDoc();
  const { progress } = useProgress();
  const chapter = chapterAt(useLocation().pathname);
  const menu = useNavbarMobileSidebar();
  const [section, setSection] = useState<string>();

  useEffect(() => {
    const heads = toc
      .filter((t) => t.level === 2)
      .map((t) => document.getElementById(t.id))
      .filter((e): e is HTMLElement => e !== null);
    const update = () => {
      const current = heads.filter((h) => h.getBoundingClientRect().top < 140).at(-1);
      // The heading's own text, without the "#" of its anchor link.
      setSection(current?.firstChild?.textContent ?? undefined);
    };
    update();
    window.addEventListener('scroll', update, { passive: true });
    return () => window.removeEventListener('scroll', update);
  }, [toc]);

  return (
    <div className={styles.bar}>
      {chapter && <b>{chapter.n}</b>}
      <span className={styles.section}>{section ?? chapter?.short ?? metadata.title}</span>
      {chapter && chapter.labs.length > 0 && (
        <span className={styles.rail}>
          {chapter.labs.map((lab) => (
            <Mark key={lab.id} state={labState(progress, lab.id)} />
          ))}
        </span>
      )}
      <IconButton icon="menu" label="All chapters" onClick={menu.toggle} />
    </div>
  );
}

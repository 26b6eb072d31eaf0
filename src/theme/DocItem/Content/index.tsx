import { useEffect, type ReactNode } from 'react';
import { useDoc } from '@docusaurus/plugin-content-docs/client';
import { useLocation } from '@docusaurus/router';
import Heading from '@theme/Heading';
import MDXContent from '@theme/MDXContent';
import type { Props } from '@theme/DocItem/Content';
import { chapterAt, partOf } from '@site/src/course';
import { progressStore } from '@site/src/hooks/useProgress';
import styles from './styles.module.css';

/** The text of a page. A chapter gets the line that says where in the course it stands, and its lead from `description`. */
export default function DocItemContent({ children }: Props): ReactNode {
  const { metadata, frontMatter, contentTitle } = useDoc();
  const chapter = chapterAt(useLocation().pathname);
  useEffect(() => {
    if (chapter)
      progressStore().update((p) => ({ ...p, chapters: { ...p.chapters, [chapter.n]: new Date().toISOString() } }));
  }, [chapter]);
  return (
    <div className="theme-doc-markdown markdown">
      {chapter && (
        <p className={styles.chapline}>
          <span>Chapter {chapter.n}</span>
          <span>
            Part {partOf(chapter).letter}, {lowerFirst(partOf(chapter).title)}
          </span>
        </p>
      )}
      {!frontMatter.hide_title && contentTitle === undefined && (
        <>
          <Heading as="h1">{metadata.title}</Heading>
          {frontMatter.description && <p className={styles.lead}>{frontMatter.description}</p>}
        </>
      )}
      <MDXContent>{children}</MDXContent>
    </div>
  );
}

function lowerFirst(title: string): string {
  return /^[A-Z][a-z]/.test(title) && !/^(Docker|Kubernetes)/.test(title)
    ? title[0]?.toLowerCase() + title.slice(1)
    : title;
}

import type { ReactNode } from 'react';
import { useDoc } from '@docusaurus/plugin-content-docs/client';
import { useLocation } from '@docusaurus/router';
import ContentVisibility from '@theme/ContentVisibility';
import DocItemContent from '@theme/DocItem/Content';
import DocItemPaginator from '@theme/DocItem/Paginator';
import DocItemTOCDesktop from '@theme/DocItem/TOC/Desktop';
import type { Props } from '@theme/DocItem/Layout';
import ChapterBar from '@site/src/components/ChapterBar';
import { chapterAt } from '@site/src/course';
import styles from './styles.module.css';

/** A page of the course: the phone's chapter bar, the text at its measure, and what is on this page at the right. */
export default function DocItemLayout({ children }: Props): ReactNode {
  const { metadata, frontMatter, toc } = useDoc();
  const chapter = chapterAt(useLocation().pathname);
  return (
    <>
      <ChapterBar />
      <div className={styles.page}>
        <div className={styles.text}>
          <ContentVisibility metadata={metadata} />
          <article>
            <DocItemContent>{children}</DocItemContent>
          </article>
          <DocItemPaginator />
        </div>
        {!frontMatter.hide_table_of_contents && toc.length > 0 && (
          <aside className={styles.toc} aria-label="On this page">
            <p className={styles.head}>On this page</p>
            <DocItemTOCDesktop />
            {chapter && (
              <p className={styles.meta}>
                {chapter.minutes} minutes
                {chapter.labs.length > 0 && (
                  <>
                    <br />
                    {chapter.labs.length} labs
                  </>
                )}
              </p>
            )}
          </aside>
        )}
      </div>
    </>
  );
}

import type { ReactNode } from 'react';
import { SkipToContentLink } from '@docusaurus/theme-common';
import { setAloud, useLabHost } from '@site/src/hooks/labHost';
import styles from './styles.module.css';

/** The first links of every page. With a lab open they also lead to the terminal and offer to have it read aloud. */
export default function SkipToContent(): ReactNode {
  const open = useLabHost((host) => host.open !== null);
  const aloud = useLabHost((host) => host.aloud);
  return (
    <>
      <SkipToContentLink className={styles.skip} />
      {open && (
        <>
          <button
            type="button"
            className={styles.skip}
            onClick={() => document.querySelector<HTMLElement>('[data-terminal]:not([hidden]) textarea')?.focus()}
          >
            Skip to the terminal
          </button>
          <button type="button" className={styles.skip} aria-pressed={aloud} onClick={() => setAloud(!aloud)}>
            Read the terminal aloud
          </button>
        </>
      )}
    </>
  );
}

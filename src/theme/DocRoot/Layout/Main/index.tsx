import type { ReactNode } from 'react';
import type { Props } from '@theme/DocRoot/Layout/Main';
import styles from './styles.module.css';

/** The page beside the list of chapters; its measure belongs to the page itself. */
export default function DocRootLayoutMain({ children }: Props): ReactNode {
  return <main className={styles.main}>{children}</main>;
}

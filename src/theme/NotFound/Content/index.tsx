import type { ReactNode } from 'react';
import Link from '@docusaurus/Link';
import styles from './styles.module.css';

/** A page that is not here, said the way the network would say it. */
export default function NotFoundContent(): ReactNode {
  return (
    <main className={styles.page}>
      <h1>No route to this page</h1>
      <p>
        The address is well formed and nothing answers there. The page may have moved, or the chapter may not be written
        yet.
      </p>
      <p>
        <Link to="/">Start page</Link> or <Link to="/course/">the list of chapters</Link>
      </p>
    </main>
  );
}

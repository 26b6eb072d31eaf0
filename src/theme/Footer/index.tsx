import type { ReactNode } from 'react';
import Link from '@docusaurus/Link';
import styles from './styles.module.css';

/** Licences and the two pages that every reader should be able to find. */
export default function Footer(): ReactNode {
  return (
    <footer className={styles.foot}>
      <span>Text CC BY 4.0, code MIT.</span>
      <Link to="/real-or-simulated">What is simulated, and what is not</Link>
      <Link to="/accessibility">Accessibility</Link>
    </footer>
  );
}

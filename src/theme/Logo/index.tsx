import type { ReactNode } from 'react';
import Link from '@docusaurus/Link';
import type { Props } from '@theme/Logo';
import styles from './styles.module.css';

/** The brand: three segments of a frame on a cable, inline so that it follows the theme without a second file. */
export default function Logo({ className }: Props): ReactNode {
  return (
    <Link to="/" className={`${className ?? ''} ${styles.brand}`}>
      <svg viewBox="0 0 34 18" aria-hidden="true">
        <path d="M0 13.5h34" stroke="var(--ftp-ink)" strokeWidth="2.5" />
        <path
          d="M7 1h20v8.5h-7.5L17 13l-2.5-3.5H7z"
          fill="var(--ftp-marker)"
          stroke="var(--ftp-ink)"
          strokeWidth="1.6"
          strokeLinejoin="round"
        />
        <path d="M13 1v8.5M19.5 1v8.5" stroke="var(--ftp-ink)" strokeWidth="1.6" />
      </svg>
      Follow the Packet
    </Link>
  );
}

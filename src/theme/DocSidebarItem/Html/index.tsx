import type { ReactNode } from 'react';
import clsx from 'clsx';
import type { Props } from '@theme/DocSidebarItem/Html';
import Mark from '@site/src/components/Mark';
import styles from '../Link/styles.module.css';

/** A chapter that is not written yet: visible in its place, and not a link. */
export default function DocSidebarItemHtml({ item }: Props): ReactNode {
  return (
    <li className={clsx(styles.item, styles.port)}>
      <span className={styles.plain} title={`${item.value} (not yet written)`}>
        <Mark state="open" label="" />
        <span className={styles.n}>{String(item.customProps?.chapter ?? '')}</span>
        <span className={styles.label}>{item.value}</span>
        <span className="ftp-sr">(not yet written)</span>
      </span>
    </li>
  );
}

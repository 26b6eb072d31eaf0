import { useEffect, useState, type ReactNode } from 'react';
import Content from '@theme-original/DocSidebar/Desktop/Content';
import type { Props } from '@theme/DocSidebar/Desktop/Content';
import { IconButton } from '@site/src/components/Button';
import { useLabHost } from '@site/src/hooks/labHost';
import styles from './styles.module.css';

/** The list of chapters. With a lab open it is a rail of ports, and a button shows the whole list over the text. */
export default function DocSidebarDesktopContent(props: Props): ReactNode {
  const open = useLabHost((host) => host.open);
  // Belongs to one opening of a lab: the next one starts with the rail again.
  const [wideFor, setWideFor] = useState<typeof open>(null);
  const wide = open !== null && wideFor === open;
  useEffect(() => {
    if (!wide) return;
    document.documentElement.dataset.rail = 'open';
    return () => void delete document.documentElement.dataset.rail;
  }, [wide]);
  return (
    <>
      {open && (
        <div className={styles.rail}>
          <IconButton
            icon="menu"
            label={wide ? 'Hide the chapter list' : 'Show the chapter list'}
            aria-expanded={wide}
            onClick={() => setWideFor(wide ? null : open)}
          />
        </div>
      )}
      <Content {...props} />
    </>
  );
}

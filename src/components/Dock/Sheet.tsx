import { useEffect, useRef, type CSSProperties, type ReactNode } from 'react';
import { isPhone } from '../../hooks/isPhone';
import { IconButton } from '../Button';
import styles from './dock.module.css';

const stops = [0.25, 0.7, 1];

function nearest(share: number): number {
  return stops.reduce((best, s) => (Math.abs(s - share) < Math.abs(best - share) ? s : best));
}

/**
 * The frame around the dock. On a phone it is a sheet that grows from the bottom, stays above the on-screen keyboard and stops at
 * a quarter, 70 % and all of the height; elsewhere it only passes its children through.
 */
export default function Sheet({
  share,
  onShare,
  children,
}: {
  share: number;
  onShare: (share: number) => void;
  children: ReactNode;
}): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const drag = useRef<{ y: number; share: number; moved: boolean }>(null);

  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const update = (): void => {
      const hidden = window.innerHeight - viewport.height - viewport.offsetTop;
      frame.current?.style.setProperty('--below', `${Math.max(0, Math.round(hidden))}px`);
      frame.current?.style.setProperty('--seen', `${Math.round(viewport.height)}px`);
    };
    // Asking for the height makes the browser lay the page out; only the sheet needs it now.
    if (isPhone()) update();
    viewport.addEventListener('resize', update);
    viewport.addEventListener('scroll', update);
    return () => {
      viewport.removeEventListener('resize', update);
      viewport.removeEventListener('scroll', update);
    };
  }, []);

  return (
    <div ref={frame} className={styles.sheet} style={{ '--share': share } as CSSProperties}>
      <div
        className={styles.handle}
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId);
          drag.current = { y: e.clientY, share, moved: false };
        }}
        onPointerMove={(e) => {
          const from = drag.current;
          if (!from) return;
          const height = window.visualViewport?.height ?? window.innerHeight;
          if (Math.abs(e.clientY - from.y) > 4) from.moved = true;
          if (from.moved) onShare(Math.min(1, Math.max(0.2, from.share - (e.clientY - from.y) / height)));
        }}
        onPointerUp={() => {
          if (drag.current?.moved) onShare(nearest(share));
          // A tap goes to the next stop.
          else if (drag.current) onShare(stops[(stops.indexOf(nearest(share)) + 1) % stops.length] ?? 0.7);
          drag.current = null;
        }}
      >
        <IconButton
          icon="menu"
          label="Height of the lab"
          onClick={(e) => {
            // Pointers are handled above; this is for the keyboard and for assistive technology.
            if (e.detail === 0) onShare(stops[(stops.indexOf(nearest(share)) + 1) % stops.length] ?? 0.7);
          }}
        />
      </div>
      {children}
    </div>
  );
}

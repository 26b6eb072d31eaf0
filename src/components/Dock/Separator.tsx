import { useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import clsx from 'clsx';
import styles from './dock.module.css';

/** A bar between two panes: dragged, or moved with the arrow keys. Sizes are in pixels of the pane that it controls. */
export default function Separator({
  orientation,
  label,
  value,
  min,
  max,
  reverse,
  onChange,
  className,
}: {
  orientation: 'vertical' | 'horizontal';
  label: string;
  value: number;
  min: number;
  max: number;
  /** The pane lies after the bar, so moving the bar back makes it larger. */
  reverse?: boolean;
  onChange: (value: number) => void;
  className?: string;
}): ReactNode {
  const drag = useRef<{ at: number; value: number }>(null);
  const sign = reverse ? -1 : 1;
  const set = (v: number): void => onChange(Math.round(Math.min(max, Math.max(min, v))));
  const position = (e: PointerEvent): number => (orientation === 'vertical' ? e.clientX : e.clientY);
  const keys = (e: KeyboardEvent): void => {
    const step = e.shiftKey ? 64 : 16;
    const [less, more] = orientation === 'vertical' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    if (e.key === less) set(value - sign * step);
    else if (e.key === more) set(value + sign * step);
    else if (e.key === 'Home') set(min);
    else if (e.key === 'End') set(max);
    else return;
    e.preventDefault();
  };
  return (
    <div
      role="separator"
      aria-orientation={orientation}
      aria-label={label}
      aria-valuenow={Math.round(value)}
      aria-valuemin={Math.round(min)}
      aria-valuemax={Math.round(max)}
      tabIndex={0}
      className={clsx(styles.grip, orientation === 'vertical' ? styles.gripV : styles.gripH, className)}
      onKeyDown={keys}
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId);
        drag.current = { at: position(e), value };
        e.preventDefault();
        e.currentTarget.focus({ preventScroll: true });
      }}
      onPointerMove={(e) => drag.current && set(drag.current.value + sign * (position(e) - drag.current.at))}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
    />
  );
}

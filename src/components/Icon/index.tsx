import type { ReactNode } from 'react';
import clsx from 'clsx';
import styles from './styles.module.css';

// 16 px grid, 1.5 px stroke, square ends, currentColor.
const paths = {
  play: <path d="M5 3.5v9l7-4.5z" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  copy: (
    <>
      <rect x="5" y="5" width="8" height="8" />
      <path d="M11 5V3H3v8h2" />
    </>
  ),
  undo: <path d="M6 4 3 7l3 3M3 7h6.5a3.5 3.5 0 0 1 0 7H7" />,
  reset: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3.2H9.8" />,
  link: <path d="M6.5 9.5 9.5 6.5M7 4.6l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 9M9 11.4l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.7 7" />,
  back: <path d="M10 3 5 8l5 5" />,
  next: <path d="m6 3 5 5-5 5" />,
  packets: (
    <>
      <path d="M1.5 5.5h13v5h-13zM6 5.5v5M10.5 5.5v5" />
      <path d="M1.5 13.5h13" />
    </>
  ),
  close: <path d="M4 4l8 8M12 4l-8 8" />,
  plus: <path d="M8 3v10M3 8h10" />,
  menu: <path d="M2 4.5h12M2 8h12M2 11.5h12" />,
  tick: <path d="M3 8.4 6.4 12 13 4.6" />,
  mode: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" fill="currentColor" />
    </>
  ),
  down: <path d="M8 3v8M4.5 8 8 11.5 11.5 8M3 14h10" />,
  up: <path d="M8 12V4M4.5 7 8 3.5 11.5 7M3 14h10" />,
  skip: <path d="M3 4v8l5-4zM8 4v8l5-4z" />,
  machine: (
    <>
      <path d="M2 3.5h12M2 3v9.5h12V3" />
      <path d="M2 4.6h12" strokeWidth="2.6" />
    </>
  ),
  namespace: <rect x="2" y="3" width="12" height="10" strokeDasharray="2.6 2" />,
  container: (
    <>
      <rect x="2" y="3" width="12" height="10" />
      <path d="M8 5v3M10.5 5v3M13 5v3" transform="translate(-1 0)" />
    </>
  ),
} as const;

/** Names of the drawn icons. */
export type IconName = keyof typeof paths;

/** A 16 px line icon. Always decorative: the control around it carries the label. */
export default function Icon({ name, className }: { name: IconName; className?: string }): ReactNode {
  return (
    <svg className={clsx(styles.icon, className)} viewBox="0 0 16 16" aria-hidden="true">
      {paths[name]}
    </svg>
  );
}

import type { HTMLAttributes, ReactNode } from 'react';
import clsx from 'clsx';
import styles from './styles.module.css';

/** A picture that a reader works by hand: its frame, and below it what it shows. Its parts may ask how wide it is (`@container`). */
export default function Figure({
  caption,
  polite,
  className,
  children,
  ...attributes
}: HTMLAttributes<HTMLElement> & {
  caption: ReactNode;
  /** The caption changes with what the reader does, and is read aloud then. */
  polite?: boolean;
}): ReactNode {
  return (
    <figure className={clsx(styles.figure, className)} {...attributes}>
      {children}
      <figcaption aria-live={polite ? 'polite' : undefined}>{caption}</figcaption>
    </figure>
  );
}

import type { ComponentProps, ReactNode } from 'react';
import clsx from 'clsx';
import Link from '@docusaurus/Link';
import Icon, { type IconName } from '../Icon';
import styles from './styles.module.css';

/** How a button looks and how large it is. */
export interface ButtonLook {
  kind?: 'primary' | 'quiet';
  size?: 'sm' | 'lg';
}

function classes({ kind, size }: ButtonLook, className?: string): string {
  return clsx(styles.btn, kind && styles[kind], size && styles[size], className);
}

/** A button with a word on it. */
export function Button({ kind, size, className, ...props }: ButtonLook & ComponentProps<'button'>): ReactNode {
  return <button type="button" className={classes({ kind, size }, className)} {...props} />;
}

/** A link that looks like a button. */
export function ButtonLink({ kind, size, className, ...props }: ButtonLook & ComponentProps<typeof Link>): ReactNode {
  return <Link className={classes({ kind, size }, className)} {...props} />;
}

/** A square button with an icon; `label` is its accessible name and its tooltip. */
export function IconButton({
  icon,
  label,
  className,
  ...props
}: { icon: IconName; label: string } & ComponentProps<'button'>): ReactNode {
  return (
    <button type="button" className={clsx(styles.iconbtn, className)} aria-label={label} title={label} {...props}>
      <Icon name={icon} />
    </button>
  );
}

import type { ReactNode } from 'react';
import useIsBrowser from '@docusaurus/useIsBrowser';
import type { Props } from '@theme/ColorModeToggle';
import { IconButton } from '@site/src/components/Button';

/** One press swaps light and dark. Arriving at what the system asks for hands the choice back to the system. */
export default function ColorModeToggle({ className, value, onChange }: Props): ReactNode {
  const isBrowser = useIsBrowser();
  const swap = () => {
    const system = window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    const next = (value ?? system) === 'dark' ? 'light' : 'dark';
    onChange(next === system ? null : next);
  };
  return (
    <div className={className}>
      <IconButton icon="mode" label="Switch between light and dark" onClick={swap} disabled={!isBrowser} />
    </div>
  );
}

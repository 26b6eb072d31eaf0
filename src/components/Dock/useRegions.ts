import { useEffect } from 'react';

/** Regions in the order of F6, and what takes the focus in each. */
const regions = [
  ['text', 'main'],
  ['tasks', '[data-region="tasks"]'],
  ['topology', '[data-region="topology"]'],
  ['terminal', '[data-region="terminal"]'],
] as const;

/** Names of the regions. */
export type Region = (typeof regions)[number][0];

function target(region: Region, element: HTMLElement): HTMLElement | null {
  if (region === 'terminal') return element.querySelector('[data-terminal]:not([hidden]) textarea');
  return region === 'tasks' ? (element.querySelector('h3') ?? element) : element;
}

/** F6 and Shift-F6 go round text, tasks, topology and terminal. `show` brings a region up where only one fits. */
export function useRegions(show: (region: Region) => void): void {
  useEffect(() => {
    const onKey = (e: KeyboardEvent): void => {
      if (e.key !== 'F6' || e.altKey || e.ctrlKey || e.metaKey) return;
      const found = regions
        .map(([name, selector]) => ({ name, element: document.querySelector<HTMLElement>(selector) }))
        .filter((r): r is { name: Region; element: HTMLElement } => r.element !== null);
      if (found.length === 0) return;
      e.preventDefault();
      // The innermost region that has the focus; the sandbox keeps all of them inside main.
      const at = found.findLastIndex((r) => r.element.contains(document.activeElement));
      const next = found.at((Math.max(at, e.shiftKey ? 0 : -1) + (e.shiftKey ? -1 : 1)) % found.length);
      if (!next) return;
      show(next.name);
      requestAnimationFrame(() => {
        const el = target(next.name, next.element);
        if (el && el.tabIndex < 0) el.tabIndex = -1;
        el?.focus();
      });
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [show]);
}

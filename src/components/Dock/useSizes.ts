import { useCallback, useState } from 'react';

/** Pane sizes in CSS pixels; `sheet` is a share of the window's height. */
export interface Sizes {
  /** Width of the dock beside the text. */
  readonly width: number;
  /** Height of topology and tasks above the terminal. */
  readonly upper: number;
  /** Width of the task column. */
  readonly tasks: number;
  /** Height of the phone's sheet: 0.25, 0.7 or 1, or where it was dragged to. */
  readonly sheet: number;
}

const key = 'ftp:dock';

/** The dock's width when nobody has moved its edge; `--ftp-dock-w` in docusaurus.css says the same. */
export const defaultWidth = (): number => Math.max(660, Math.round(window.innerWidth * 0.634));

function initial(): Sizes {
  const width = defaultWidth();
  const sizes: Sizes = {
    width,
    upper: Math.min(372, Math.round(window.innerHeight * 0.42)),
    // Two boxes and their cable should fit beside the tasks.
    tasks: Math.min(348, Math.max(240, width - 567)),
    sheet: 0.7,
  };
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    for (const name of Object.keys(sizes) as (keyof Sizes)[]) {
      const value = (kept as Partial<Record<keyof Sizes, unknown>>)[name];
      if (typeof value === 'number' && value > 0 && value < 10_000) Object.assign(sizes, { [name]: value });
    }
  } catch {
    // Unreadable or no storage: the defaults are good.
  }
  return sizes;
}

/** The sizes of the dock's panes, remembered in this browser. */
export function useSizes(): [Sizes, (change: Partial<Sizes>) => void] {
  const [sizes, setSizes] = useState(initial);
  const change = useCallback((part: Partial<Sizes>) => {
    setSizes((old) => {
      const next = { ...old, ...part };
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Kept for this page only.
      }
      return next;
    });
  }, []);
  return [sizes, change];
}

import type { ITheme } from '@xterm/xterm';

const ansi = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const;

/** The terminal's colours, read from the tokens of the current light or dark theme. */
export function readTheme(): ITheme {
  const css = getComputedStyle(document.documentElement);
  const token = (name: string): string => css.getPropertyValue(`--ftp-${name}`).trim();
  return {
    background: token('term-bg'),
    foreground: token('term-fg'),
    cursor: token('term-cursor'),
    cursorAccent: token('term-bg'),
    selectionBackground: token('term-selection'),
    ...Object.fromEntries(ansi.map((name, i) => [name, token(`ansi-${i}`)])),
  };
}

/** Calls `listener` whenever the page switches between light and dark. Returns the function that stops it. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}

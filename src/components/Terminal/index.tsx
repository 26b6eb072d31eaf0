import { useEffect, useImperativeHandle, useLayoutEffect, useRef, type ReactNode, type Ref } from 'react';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal as XTerm } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { isPhone } from '../../hooks/isPhone';
import type { Session } from '../../hooks/session';
import { onThemeChange, readTheme } from './theme';
import styles from './styles.module.css';

/** What the tabs and the key bar do with a terminal. */
export interface TerminalHandle {
  focus(): void;
  /** Sends keys as if they had been typed. */
  send(data: string): void;
  /** Text on the screen and in the scrollback, lines joined where they were only wrapped. */
  text(): string;
}

/** Clears screen, scrollback and modes, in order with the output before it. */
const wipe = '\x1b[3J\x1b[2J\x1b[H\x1bc';

// Tests and assistive tools read a terminal through this; the DOM of a terminal is not a stable interface.
const texts = new Map<number, () => string>();
if (typeof window !== 'undefined') Object.assign(window, { ftpTerminalText: (id: number) => texts.get(id)?.() });

function readText(term: XTerm): string {
  const buffer = term.buffer.active;
  let out = '';
  for (let i = 0; i < buffer.length; i++) {
    const line = buffer.getLine(i);
    if (!line) continue;
    out += (i > 0 && !line.isWrapped ? '\n' : '') + line.translateToString(!buffer.getLine(i + 1)?.isWrapped);
  }
  return out.trimEnd();
}

/** One terminal: xterm with the DOM renderer, fitted to its box, in the theme's colours. */
export default function Terminal({
  session,
  id,
  label,
  shown,
  aloud,
  ctrl,
  onKey,
  onUnread,
  ref,
}: {
  session: Session;
  id: number;
  label: string;
  shown: boolean;
  aloud: boolean;
  /** The key bar's sticky Ctrl is down: the next letter becomes a control character. */
  ctrl?: boolean;
  /** Called after each key, with which the sticky Ctrl is released. */
  onKey?: () => void;
  /** Called when a line is printed while the terminal is not shown. */
  onUnread?: () => void;
  ref?: Ref<TerminalHandle>;
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const term = useRef<XTerm>(null);
  const latest = useRef({ ctrl, onKey, onUnread, shown });
  useLayoutEffect(() => {
    latest.current = { ctrl, onKey, onUnread, shown };
  });

  useImperativeHandle(ref, () => ({
    focus: () => term.current?.focus(),
    send: (data) => session.input(id, data),
    text: () => (term.current ? readText(term.current) : ''),
  }));

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    const xterm = new XTerm({
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--ftp-mono').trim(),
      fontSize: isPhone() ? 12 : 13,
      lineHeight: 1.2,
      fontWeightBold: 650 as unknown as 'bold',
      theme: readTheme(),
      minimumContrastRatio: 4.5,
      // Random bytes on the screen are the learner's affair, not an error of the page's.
      logLevel: 'off',
      cursorBlink: !still,
      scrollback: 5000,
      // Option as Meta on a Mac, so that Alt-b and Alt-f move by words as they do elsewhere.
      macOptionIsMeta: true,
    });
    const fit = new FitAddon();
    xterm.loadAddon(fit);
    xterm.open(element);
    term.current = xterm;
    texts.set(id, () => readText(xterm));

    xterm.attachCustomKeyEventHandler((event) => {
      if (event.key === 'F6') return false;
      const ctrlOnly = event.ctrlKey && !event.altKey && !event.metaKey;
      // Paste with Ctrl-V and Ctrl-Shift-V as the browser does it; copy with Ctrl-C only when something is selected.
      if (ctrlOnly && event.key.toLowerCase() === 'v') return false;
      if (ctrlOnly && event.key.toLowerCase() === 'c' && (event.shiftKey || xterm.hasSelection())) {
        if (event.type === 'keydown') {
          void navigator.clipboard?.writeText(xterm.getSelection());
          xterm.clearSelection();
          event.preventDefault();
        }
        return false;
      }
      return true;
    });
    xterm.onData((data) => {
      const { ctrl: sticky, onKey: after } = latest.current;
      const code = data.toUpperCase().charCodeAt(0);
      session.input(id, sticky && data.length === 1 && code >= 64 && code < 96 ? String.fromCharCode(code - 64) : data);
      after?.();
    });
    // The first size is sent once, after the first measure.
    if (element.clientHeight > 0 && element.clientWidth > 0) fit.fit();
    session.resize(id, xterm.cols, xterm.rows);
    xterm.onResize(({ cols, rows }) => session.resize(id, cols, rows));

    let frame = 0;
    const refit = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        if (element.clientHeight > 0 && element.clientWidth > 0) fit.fit();
      });
    };
    const observer = new ResizeObserver(refit);
    observer.observe(element);
    // The mono face may arrive after the first measure; its cells are wider than the fallback's.
    if (document.fonts?.status === 'loading')
      void document.fonts.ready.then(() => {
        xterm.options.fontFamily = `${xterm.options.fontFamily ?? ''} `;
        refit();
      });
    const stopTheme = onThemeChange(() => (xterm.options.theme = readTheme()));
    const detach = session.attach(id, {
      write: (data) => {
        if (!latest.current.shown && data.includes(10)) latest.current.onUnread?.();
        return new Promise((resolve) => xterm.write(data, resolve));
      },
      clear: () => xterm.write(wipe),
    });
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      stopTheme();
      detach();
      texts.delete(id);
      term.current = null;
      xterm.dispose();
    };
  }, [session, id]);

  useEffect(() => {
    if (term.current) term.current.options.screenReaderMode = aloud;
    term.current?.textarea?.setAttribute('aria-label', label);
  }, [aloud, label, session, id]);

  return (
    <div
      ref={box}
      className={styles.terminal}
      hidden={!shown}
      data-testid={`terminal-${id}`}
      data-terminal={id}
      onPointerUp={() => !term.current?.hasSelection() && term.current?.focus()}
    />
  );
}

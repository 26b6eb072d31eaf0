/**
 * The one lab that may be open on the page, and the labs the page knows. Small on purpose: it is in the main bundle.
 * The terminal, the worker and the dock are fetched when a lab is opened.
 */
import { useSyncExternalStore } from 'react';
import type { CompiledLab, Place, SavedSession, SessionState } from '../lab/protocol';
import { dropWorker, warmWorker } from './labWorker';
import { loadSession } from './savedSession';

/** Commands to type once the lab is ready, where they belong. */
export interface Typing {
  readonly place: Place;
  readonly commands: readonly string[];
}

/** What is open. A new object for every opening, so that the dock can tell them apart. */
export interface OpenLab {
  readonly lab: CompiledLab;
  /** The session to start from: the saved one, or one from a link; `null` for a fresh world. */
  readonly from: SavedSession | null;
  /** True when `from` came with a link; it is then not saved over the reader's own. */
  readonly linked?: boolean;
}

/** The host's state. */
export interface HostState {
  readonly open: OpenLab | null;
  /** Commands waiting to be typed by the dock. */
  readonly typing: Typing | null;
  /** Live state of the open lab, null until the world is up. */
  readonly live: SessionState | null;
  /** Terminals announce their output to screen readers. */
  readonly aloud: boolean;
}

let state: HostState = { open: null, typing: null, live: null, aloud: false };
const listeners = new Set<() => void>();
const known = new Map<string, CompiledLab>();
let opener: HTMLElement | null = null;
let page: string | undefined;

function set(change: Partial<HostState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

/** Makes a lab known to console blocks on the same page. */
export function registerLab(lab: CompiledLab): void {
  known.set(lab.id, lab);
  // Its author has changed the lab that is open.
  if (process.env.NODE_ENV === 'development' && state.open?.lab.id === lab.id && !same(state.open.lab, lab)) {
    closeLab();
    openLab(lab);
  }
}

function same(a: CompiledLab, b: CompiledLab): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The lab with this id, if a card on the page brought it along. */
export function knownLab(id: string): CompiledLab | undefined {
  return known.get(id);
}

/**
 * Opens a lab; one that is open already is closed first. Remembers where the focus was.
 * @param options a state to start from instead of the saved one.
 */
export function openLab(lab: CompiledLab, options: Partial<Pick<OpenLab, 'from' | 'linked'>> = {}): void {
  registerLab(lab);
  if (state.open?.lab.id === lab.id && options.from === undefined) return;
  if (document.activeElement instanceof HTMLElement && !document.activeElement.closest('[data-dock]'))
    opener = document.activeElement;
  const { from = loadSession(lab.id) } = options;
  warmWorker(lab, from);
  set({ open: { lab, ...options, from }, live: null });
}

/** Closes the lab; its state is kept. The focus goes back to what opened it. */
export function closeLab(): void {
  const id = state.open?.lab.id;
  const from = opener;
  opener = null;
  set({ open: null, live: null, typing: null });
  if (id === undefined) return;
  dropWorker();
  // The button that was pressed may have been drawn anew with its card.
  requestAnimationFrame(() => {
    const back = from?.isConnected
      ? from
      : document.querySelector<HTMLElement>(`[data-testid="lab-${CSS.escape(id)}"] button`);
    back?.focus();
  });
}

/** The reader is on this page now: a lab of another one is closed. */
export function turnTo(pathname: string): void {
  if (page !== undefined && page !== pathname) closeLab();
  page = pathname;
}

/** Opens the lab if need be and types commands at the prompt, as if the reader had. */
export function runInLab(lab: CompiledLab, typing: Typing): void {
  openLab(lab);
  set({ typing });
}

/** Types commands into the world that is on the page already. */
export function typeAtPrompt(typing: Typing): void {
  set({ typing });
}

/** Takes the waiting commands; the dock calls this once it types them. */
export function takeTyping(): Typing | null {
  const waiting = state.typing;
  if (waiting) set({ typing: null });
  return waiting;
}

/** The dock reports the world's state. */
export function setLive(live: SessionState | null): void {
  set({ live });
}

/** Turns xterm's screen-reader mode on or off. */
export function setAloud(aloud: boolean): void {
  set({ aloud });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * What `select` takes from the host's state: a component is drawn again only when that changes, so it should be no more than is needed.
 * Nothing is open on the server.
 */
export function useLabHost<T>(select: (state: HostState) => T): T {
  return useSyncExternalStore(
    subscribe,
    () => select(state),
    () => select(closed),
  );
}

const closed: HostState = state;

import type { SavedSession } from '../lab/protocol';

const prefix = 'ftp:lab:';

function isSession(value: unknown): value is SavedSession {
  if (typeof value !== 'object' || value === null) return false;
  const s = value as Partial<Record<keyof SavedSession, unknown>>;
  return (
    s.version === 1 &&
    typeof s.lab === 'string' &&
    typeof s.fingerprint === 'string' &&
    Array.isArray(s.journal) &&
    Array.isArray(s.done) &&
    typeof s.hints === 'object' &&
    s.hints !== null
  );
}

/** The saved state of a lab, or null. A text that cannot be read is moved aside, not deleted. */
export function loadSession(lab: string): SavedSession | null {
  try {
    const text = localStorage.getItem(prefix + lab);
    if (text === null) return null;
    const value: unknown = tryJson(text);
    if (isSession(value) && value.lab === lab) return value;
    localStorage.setItem(`${prefix}${lab}:damaged`, text);
    localStorage.removeItem(prefix + lab);
  } catch {
    // No storage: every visit starts fresh.
  }
  return null;
}

/** Stores a session. False when the browser has no room for it; the lab goes on, its state lasts until the page is left. */
export function saveSession(session: SavedSession): boolean {
  try {
    localStorage.setItem(prefix + session.lab, JSON.stringify(session));
    return true;
  } catch {
    return false;
  }
}

/** Stores a session that came with a link in place of the reader's own, which is kept beside it. */
export function adoptSession(session: SavedSession): void {
  try {
    const own = localStorage.getItem(prefix + session.lab);
    if (own !== null) localStorage.setItem(`${prefix}${session.lab}:before-link`, own);
  } catch {
    // Without storage there is no own state to lose.
  }
  saveSession(session);
}

/** Keeps a session that could not be rebuilt beside the one that takes its place. */
export function keepRefused(session: SavedSession): void {
  try {
    localStorage.setItem(`${prefix}${session.lab}:refused`, JSON.stringify(session));
  } catch {
    // No room for a copy; the notice still says that the lab begins anew.
  }
}

/** Forgets the states of all labs. */
export function eraseSessions(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // Nothing could have been stored.
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function pipe(
  data: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([data]).stream().pipeThrough(through)).arrayBuffer());
}

/** Longest fragment that mail clients and chat programs pass on whole. */
const longest = 16_000;

/** Packs a session into text for a link's fragment, or null when it is too long for one. */
export async function packSession(session: SavedSession): Promise<string | null> {
  const packed = await pipe(new TextEncoder().encode(JSON.stringify(session)), new CompressionStream('deflate-raw'));
  const text = btoa(Array.from(packed, (b) => String.fromCharCode(b)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  return text.length > longest ? null : text;
}

/** Reads what {@link packSession} made. Null when it is not such a text. */
export async function unpackSession(text: string): Promise<SavedSession | null> {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const value: unknown = JSON.parse(
      new TextDecoder().decode(await pipe(bytes, new DecompressionStream('deflate-raw'))),
    );
    return isSession(value) ? value : null;
  } catch {
    return null;
  }
}

/** URLs as wget takes them apart. */
import { authority } from '../url';

/** What a URL names. */
export interface Url {
  /** A name or an address, an IPv6 one in brackets. */
  readonly host: string;
  readonly port: number;
  /** With the query, without the fragment. */
  readonly path: string;
  /** The whole, as wget shows it. */
  readonly text: string;
}

/** Reads a URL; one without a scheme is of `http`. @returns why not, when it cannot be used */
export function parseUrl(text: string): Url | string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http') {
    if (scheme === 'https' || scheme === 'ftp') return `not simulated in this course: ${scheme}:// (use http://)`;
    return `Unsupported scheme ‘${scheme}’.`;
  }
  const m = /^(?:http:\/\/)?(?:[^@/]*@)?(\[[^\]]+\]|[^:/?#]*)(?::(\d*))?([/?][^#]*)?/i.exec(text);
  if (!m || m[1] === '') return 'Invalid host name.';
  const port = m[2] ? Number(m[2]) : 80;
  if (port > 65535) return 'Bad port number.';
  const path = m[3] === undefined ? '/' : m[3].startsWith('?') ? `/${m[3]}` : m[3];
  const host = m[1]!;
  return { host, port, path, text: `http://${authority(host, port)}${path}` };
}

/** URLs as curl takes them apart (RFC 3986). */
import { authority, redirectTarget, schemePort } from '../url';
import { CurlError } from './error';

/** What a URL names. */
export interface Target {
  /** `http` or `https`. */
  readonly scheme: string;
  /** A name or an address, an IPv6 one in brackets. */
  readonly host: string;
  readonly port: number;
  /** With the query, without the fragment; begins with a slash. */
  readonly path: string;
}

/** Reads a URL; one without a scheme is of `http`. @throws CurlError 1 for other protocols, 3 for what is no URL */
export function parseUrl(text: string): Target {
  const m = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?([/?#].*)?$/i.exec(text);
  if (!m || m[2] === '') throw new CurlError(3, 'URL using bad/illegal format or missing URL');
  const scheme = (m[1] ?? 'http').toLowerCase();
  if (scheme !== 'http' && scheme !== 'https')
    throw new CurlError(1, `Protocol "${scheme}" not supported or disabled in libcurl`);
  const port = m[3] === undefined || m[3] === '' ? schemePort(scheme) : Number(m[3]);
  if (port > 65535 || /[\s]/.test(text)) throw new CurlError(3, 'URL using bad/illegal format or missing URL');
  const path = (m[4] ?? '/').replace(/#.*/, '');
  return {
    scheme,
    host: m[2]!,
    port,
    path: path.startsWith('/') ? path : `/${path}`,
  };
}

/** The absolute URL of a `Location` in an answer from `from`. */
export function absolute(location: string, from: Target): string {
  return redirectTarget(location, `${from.scheme}://${authority(from.host, from.port, from.scheme)}`, from.path);
}

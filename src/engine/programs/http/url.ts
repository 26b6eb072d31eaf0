/** What clients of HTTP do with URLs (RFC 3986, RFC 9110). */

/** The port of a scheme: 80, or 443 for `https`. */
export function schemePort(scheme: string): number {
  return scheme === 'https' ? 443 : 80;
}

/** Host and, unless it is the scheme's own, port: the value of `Host` (RFC 9110, 7.2). */
export function authority(host: string, port: number, scheme = 'http'): string {
  return port === schemePort(scheme) ? host : `${host}:${port}`;
}

/** Where a `Location` leads (RFC 3986, 5.2). @param origin scheme and authority of the request's URL @param path its path and query */
export function redirectTarget(location: string, origin: string, path: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return location;
  return location.startsWith('/') ? origin + location : `${origin}${path.replace(/[^/]*$/, '')}${location}`;
}

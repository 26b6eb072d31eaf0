/** Status lines and the pages that nginx makes itself (ngx_http_special_response.c, ngx_http_header_filter_module.c). */

/** What nginx calls itself. */
export const NGINX_VERSION = 'nginx/1.22.1';

const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Time-out',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
};

const TITLES: Readonly<Record<number, string>> = {
  302: 'Found',
  413: '413 Request Entity Too Large',
  401: 'Authorization Required',
  502: 'Bad Gateway',
};

/** The status line's text behind the protocol: `404 Not Found`; an unknown code stands alone. */
export function statusText(code: number): string {
  const reason = REASONS[code];
  return reason === undefined ? `${code} ` : `${code} ${reason}`;
}

/** The body of a special response; empty for codes that have none. */
export function specialPage(code: number, tokens: boolean): string {
  const known =
    (code >= 301 && code <= 308 && code !== 304 && code !== 306) || (code >= 400 && REASONS[code] !== undefined);
  if (!known || code === 305) return '';
  const title = TITLES[code] ?? REASONS[code]!;
  const heading = title.startsWith(String(code)) ? title : `${code} ${title}`;
  return (
    `<html>\r\n<head><title>${heading}</title></head>\r\n<body>\r\n<center><h1>${heading}</h1></center>\r\n` +
    `<hr><center>${tokens ? NGINX_VERSION : 'nginx'}</center>\r\n</body>\r\n</html>\r\n`
  );
}

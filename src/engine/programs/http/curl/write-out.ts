/** -w: what is known of a transfer, in the words of a format (curl(1), --write-out). */

/** Everything `-w` can ask about one transfer (curl_easy_getinfo(3)). Times in microseconds since its start. */
export interface TransferInfo {
  httpCode: number;
  httpVersion: string;
  remoteIp: string;
  remotePort: number;
  localIp: string;
  localPort: number;
  sizeDownload: number;
  sizeHeader: number;
  connects: number;
  redirects: number;
  nameLookup: number;
  connect: number;
  startTransfer: number;
  total: number;
  contentType: string;
  redirectUrl: string;
  url: string;
  method: string;
  exit: number;
  error: string;
  sizeUpload: number;
  sizeRequest: number;
  preTransfer: number;
  redirect: number;
  scheme: string;
}

/** Of a transfer that has not begun. */
export function newTransferInfo(url: string): TransferInfo {
  return {
    httpCode: 0,
    httpVersion: '0',
    remoteIp: '',
    remotePort: 0,
    localIp: '',
    localPort: 0,
    sizeDownload: 0,
    sizeHeader: 0,
    connects: 0,
    redirects: 0,
    nameLookup: 0,
    connect: 0,
    startTransfer: 0,
    total: 0,
    contentType: '',
    redirectUrl: '',
    url,
    method: 'GET',
    exit: 0,
    error: '',
    sizeUpload: 0,
    sizeRequest: 0,
    preTransfer: 0,
    redirect: 0,
    scheme: 'HTTP',
  };
}

/** Fills a format in. @returns what goes to standard output and to standard error */
export function writeOut(format: string, r: TransferInfo): [string, string] {
  const seconds = (micros: number): string => (micros / 1e6).toFixed(6);
  const values: Record<string, string> = {
    http_code: String(r.httpCode).padStart(3, '0'),
    response_code: String(r.httpCode).padStart(3, '0'),
    http_version: r.httpVersion,
    remote_ip: r.remoteIp,
    remote_port: String(r.remotePort),
    local_ip: r.localIp,
    local_port: String(r.localPort),
    size_download: String(r.sizeDownload),
    size_header: String(r.sizeHeader),
    num_connects: String(r.connects),
    num_redirects: String(r.redirects),
    time_namelookup: seconds(r.nameLookup),
    time_connect: seconds(r.connect),
    time_starttransfer: seconds(r.startTransfer),
    time_total: seconds(r.total),
    content_type: r.contentType,
    redirect_url: r.redirectUrl,
    url_effective: r.url,
    url: r.url,
    method: r.method,
    scheme: r.scheme,
    exitcode: String(r.exit),
    errormsg: r.error,
    size_upload: String(r.sizeUpload),
    size_request: String(r.sizeRequest),
    speed_upload: String(Math.round(r.sizeUpload / Math.max(1e-6, r.total / 1e6))),
    time_pretransfer: seconds(r.preTransfer),
    time_redirect: seconds(r.redirect),
    time_appconnect: seconds(0),
    http_connect: '000',
    num_headers: '0',
    ssl_verify_result: '0',
    proxy_ssl_verify_result: '0',
    filename_effective: '',
    referer: '',
    urlnum: '0',
    certs: '',
    num_certs: '0',
    speed_download: String(Math.round(r.sizeDownload / Math.max(1e-6, r.total / 1e6))),
  };
  let stderr = '';
  let toStderr = false;
  let stdout = '';
  const out = (text: string): void => {
    if (toStderr) stderr += text;
    else stdout += text;
  };
  for (const m of format.matchAll(/\\([nrt\\])|%\{(\w+)\}|%%|[^\\%]+|[^]/g)) {
    const [all, escape, name] = m;
    if (escape !== undefined) out({ n: '\n', r: '\r', t: '\t', '\\': '\\' }[escape]!);
    else if (name === 'stderr' || name === 'stdout') toStderr = name === 'stderr';
    else if (name === 'onerror') {
      if (r.exit === 0) break;
    } else if (name !== undefined) {
      const value = values[name];
      if (value === undefined) stderr += `curl: unknown --write-out variable: '${name}'\n`;
      else out(value);
    } else out(all === '%%' ? '%' : all);
  }
  return [stdout, stderr];
}

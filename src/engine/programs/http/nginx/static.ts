/** Files, index files, directory listings (ngx_http_static_module.c, ngx_http_index_module.c, ngx_http_autoindex_module.c). */
import type { Coroutine } from '../../../core';
import { encode, errnoNumber, isErrno } from '../../../core';
import { strftime } from '../../lib/strftime';
import { header, httpDate } from '../message';
import type { Scope } from './config';
import type { Exchange } from './exchange';

/** The Content-Type of a name by the `types` that hold in a scope. */
export function typeOf(scope: Scope, uri: string): string {
  const extension = /\.([^./]+)$/.exec(uri)?.[1]?.toLowerCase();
  for (let s: Scope | undefined = scope; s && extension !== undefined; s = s.parent) {
    const blocks = s.directives.filter((d) => d.name === 'types');
    if (blocks.length === 0) continue;
    for (const b of blocks) for (const t of b.block!) if (t.args.includes(extension)) return t.name;
    return fallback(scope);
  }
  if (extension !== undefined && !declared(scope)) {
    const usual = { html: 'text/html', gif: 'image/gif', jpg: 'image/jpeg' }[extension];
    if (usual) return usual;
  }
  return fallback(scope);
}

function declared(scope: Scope | undefined): boolean {
  return scope !== undefined && (scope.own('types') !== undefined || declared(scope.parent));
}

function fallback(scope: Scope): string {
  return scope.get('default_type')?.args[0] ?? 'text/plain';
}

/** Where the request goes on, or that it is answered. */
export type Next = { readonly redirect: string } | { readonly status: number } | undefined;

/** Answers from the file system. */
export function* serveFile(x: Exchange): Coroutine<Next> {
  const { head, scope, sys } = x;
  if (x.uri.endsWith('/')) return yield* directory(x);
  if (!['GET', 'HEAD'].includes(head.method) && x.errorStatus === 0) return { status: 405 };
  const path = x.fileName();
  let stat;
  let data: Uint8Array;
  try {
    yield* sys.work(3);
    stat = sys.files.stat(path);
    if (stat.type === 'dir') {
      const args = x.args === '' ? '' : `?${x.args}`;
      yield* x.special(301, `${x.uri}/${args}`);
      return undefined;
    }
    const fd = yield* sys.open(path, { read: true });
    try {
      data = yield* sys.readAll(fd);
    } finally {
      sys.close(fd);
    }
  } catch (e) {
    if (!isErrno(e)) throw e;
    const absent = isErrno(e, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG');
    if (!absent || scope.flag('log_not_found', true))
      yield* x.log(
        absent || isErrno(e, 'EACCES') ? 'error' : 'crit',
        `open() "${path}" failed (${errnoNumber(e.code)}: ${e.message})`,
      );
    return { status: absent ? 404 : isErrno(e, 'EACCES') ? 403 : 500 };
  }
  const seconds = Math.floor(stat.mtime / 1e6);
  const lastModified = httpDate(seconds * 1e6);
  const etag = `"${seconds.toString(16)}-${data.length.toString(16)}"`;
  const type = typeOf(scope, x.uri);
  const marks = scope.flag('etag', true) ? [{ name: 'ETag', value: etag }] : [];
  if (x.errorStatus === 0) {
    const none = header(head.headers, 'if-none-match');
    const since = header(head.headers, 'if-modified-since');
    if (
      none !== undefined
        ? none === '*' || none.split(/, */).some((t) => t.replace(/^W\//, '') === etag)
        : since === lastModified
    ) {
      yield* x.respond({ status: 304, lastModified, headers: marks });
      return undefined;
    }
    const range = /^bytes=(\d*)-(\d*)$/.exec(header(head.headers, 'range') ?? '');
    if (range && (range[1] !== '' || range[2] !== '')) {
      const size = data.length;
      const from = range[1] === '' ? Math.max(0, size - Number(range[2])) : Number(range[1]);
      const to = range[1] === '' || range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1);
      if (from >= size || from > to) return { status: 416 };
      yield* x.respond({
        status: 206,
        type,
        lastModified,
        body: data.subarray(from, to + 1),
        headers: [...marks, { name: 'Content-Range', value: `bytes ${from}-${to}/${size}` }],
      });
      return undefined;
    }
  }
  const status = x.errorStatus || 200;
  yield* x.respond({
    status,
    type,
    body: data,
    lastModified,
    headers: status === 200 ? [...marks, { name: 'Accept-Ranges', value: 'bytes' }] : marks,
  });
  return undefined;
}

function* directory(x: Exchange): Coroutine<Next> {
  const { scope, sys } = x;
  const names = scope.all('index').flatMap((d) => d.args);
  const dir = x.fileName();
  for (const name of names.length > 0 ? names : ['index.html']) {
    const index = x.text(name);
    if (index.startsWith('/')) return { redirect: index };
    const path = dir + index;
    yield* sys.work(2);
    if (sys.files.exists(path)) {
      if (sys.files.stat(path).type === 'dir') continue;
      return { redirect: x.uri + index };
    }
    if (!sys.files.exists(dir)) {
      yield* x.log('error', `"${path}" is not found (2: No such file or directory)`);
      return { status: 404 };
    }
  }
  if (!['GET', 'HEAD'].includes(x.head.method)) return { status: 405 };
  if (!scope.flag('autoindex', false)) {
    yield* x.log('error', `directory index of "${dir}" is forbidden`);
    return { status: 403 };
  }
  yield* x.respond({ status: 200, type: 'text/html', stream: true });
  yield* x.send(encode(listing(x, dir)));
  yield* x.endBody();
  return undefined;
}

function listing(x: Exchange, dir: string): string {
  const { sys } = x;
  const exact = x.scope.flag('autoindex_exact_size', true);
  const escape = (t: string): string =>
    t.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  const entries = sys.files
    .readdir(dir)
    .filter((n) => !n.startsWith('.'))
    .map((name) => {
      const stat = sys.files.stat(`${dir}${name}`, sys.files.exists(`${dir}${name}`));
      return { name, dir: stat.type === 'dir', mtime: stat.mtime, size: stat.size };
    })
    .sort((a, b) => (a.dir !== b.dir ? (a.dir ? -1 : 1) : a.name < b.name ? -1 : 1));
  const lines = entries.map((e) => {
    const mark = e.dir ? '/' : '';
    const shown = e.name.length + mark.length > 50 ? `${e.name.slice(0, 47)}..&gt;` : escape(e.name) + mark;
    const width = e.name.length > 50 ? 50 : e.name.length + mark.length;
    const size = e.dir ? '-' : exact ? String(e.size) : short(e.size);
    const stamp = strftime('%d-%b-%Y %H:%M', e.mtime);
    return `<a href="${encodeURIComponent(e.name)}${mark}">${shown}</a>${' '.repeat(Math.max(0, 50 - width))} ${stamp} ${exact ? size.padStart(19) : size.padStart(7)}\r\n`;
  });
  const title = escape(x.uri);
  return `<html>\r\n<head><title>Index of ${title}</title></head>\r\n<body>\r\n<h1>Index of ${title}</h1><hr><pre><a href="../">../</a>\r\n${lines.join('')}</pre><hr></body>\r\n</html>\r\n`;
}

function short(size: number): string {
  if (size > 1024 ** 3 - 1) return `${Math.round(size / 1024 ** 3)}G`;
  if (size > 1024 ** 2 - 1) return `${Math.round(size / 1024 ** 2)}M`;
  return size > 9999 ? `${Math.round(size / 1024)}K` : String(size);
}

/** The phases of a request: rewriting, finding the location, access, content, error pages (ngx_http_core_module.c). */
import type { Coroutine } from '../../../core';
import { encode } from '../../../core';
import { containsIp, parseIp } from '../../../wire';
import type { Location, Server } from './config';
import { compile, Scope } from './config';
import type { Exchange } from './exchange';
import type { Directive } from './parser';
import { fastCgiPass, proxyPass } from './proxy';
import type { NameCache } from './resolver';
import type { Next } from './static';
import { serveFile, typeOf } from './static';

/** Internal redirects after which nginx gives up. */
const MAX_REDIRECTS = 10;

/** The server block for a host name (ngx_http_find_virtual_server). */
export function findServer(servers: readonly Server[], initial: Server, host: string): Server {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  if (name === '') return servers.find((s) => s.names.some((n) => n.text === '')) ?? initial;
  const by = (test: (text: string) => boolean): Server | undefined =>
    servers.find((s) => s.names.some((n) => !n.regex && test(n.text)));
  const longest = (test: (text: string) => boolean): Server | undefined => {
    let best: { server: Server; length: number } | undefined;
    for (const s of servers)
      for (const n of s.names)
        if (!n.regex && test(n.text) && n.text.length > (best?.length ?? 0))
          best = { server: s, length: n.text.length };
    return best?.server;
  };
  return (
    by((t) => t === name || (t.startsWith('.') && t.slice(1) === name)) ??
    longest((t) => (t.startsWith('*.') && name.endsWith(t.slice(1))) || (t.startsWith('.') && name.endsWith(t))) ??
    longest((t) => t.endsWith('.*') && name.startsWith(t.slice(0, -1))) ??
    servers.find((s) => s.names.some((n) => n.regex?.test(name))) ??
    initial
  );
}

/** The location for a URI; tells the exchange about groups of a regular expression. */
export function findLocation(x: Exchange, locations: readonly Location[]): Location | undefined {
  const exact = locations.find((l) => l.modifier === '=' && l.name === x.uri);
  if (exact) return exact;
  let best: Location | undefined;
  for (const l of locations)
    if (
      (l.modifier === '' || l.modifier === '^~') &&
      x.uri.startsWith(l.name) &&
      l.name.length > (best?.name.length ?? -1)
    )
      best = l;
  if (best) {
    const inner = findLocation(x, best.inner);
    if (inner) {
      if (inner.modifier === '=' || inner.regex || best.modifier === '^~') return inner;
      best = inner;
    }
  }
  if (best?.modifier !== '^~')
    for (const l of locations) if (l.regex && x.remember(l.regex, x.uri)) return findLocation(x, l.inner) ?? l;
  return best;
}

/** Answers one request completely. */
export function* answer(x: Exchange, names: NameCache): Coroutine<void> {
  const first = yield* rewrite(x, x.server.scope.directives);
  let from: Next | 'location' = first === 'again' || first === 'on' ? 'location' : first;
  for (;;) {
    if (from === 'location') {
      const next = yield* inLocation(x, names);
      if (next === 'again') {
        if (++x.redirects > MAX_REDIRECTS) {
          yield* x.log('error', `rewrite or internal redirection cycle while processing "${x.uri}"`);
          from = { status: 500 };
        }
        continue;
      }
      from = next;
    }
    if (from === undefined) return;
    if ('redirect' in from) {
      if (++x.redirects > MAX_REDIRECTS) {
        yield* x.log(
          'error',
          `rewrite or internal redirection cycle while internally redirecting to "${from.redirect}"`,
        );
        from = { status: 500 };
        continue;
      }
      internalRedirect(x, from.redirect);
      from = 'location';
      continue;
    }
    const page: Next | 'named' = yield* errorPage(x, from.status);
    if (page === 'named') {
      from = yield* content(x, names);
      continue;
    }
    from = page;
  }
}

function internalRedirect(x: Exchange, target: string): void {
  const question = target.indexOf('?');
  x.uri = question < 0 ? target : target.slice(0, question);
  if (question >= 0) x.args = target.slice(question + 1);
  x.internal = true;
}

function enterNamed(x: Exchange, name: string): boolean {
  const named = x.server.locations.find((l) => l.modifier === '@' && l.name === name);
  if (!named) return false;
  x.location = named;
  x.scope = named.scope;
  x.internal = true;
  return true;
}

/** Runs a location's phases. @returns 'again' when the URI was rewritten */
function* inLocation(x: Exchange, names: NameCache): Coroutine<Next | 'again'> {
  const location = findLocation(x, x.server.locations);
  x.location = location;
  x.scope = location?.scope ?? x.server.scope;
  if (location?.scope.own('internal') && !x.internal) return { status: 404 };
  // A prefix that ends in a slash and is handed on: the client is told to add the slash.
  if (!location || location.modifier === '') {
    const wanted = x.server.locations.find(
      (l) => l.name === `${x.uri}/` && !l.regex && (l.scope.own('proxy_pass') ?? l.scope.own('fastcgi_pass')),
    );
    if (wanted) {
      yield* x.special(301, `${x.uri}/${x.args === '' ? '' : `?${x.args}`}`);
      return undefined;
    }
  }
  const max = x.scope.get('client_max_body_size')?.args[0] ?? '1m';
  const limit = size(max);
  if (limit > 0 && x.body.length > limit) {
    yield* x.log('error', `client intended to send too large body: ${x.body.length} bytes`);
    return { status: 413 };
  }
  const next = yield* rewrite(x, x.scope.directives, location);
  return next === 'on' ? yield* content(x, names) : next;
}

function size(text: string): number {
  const m = /^(\d+)([kmg]?)$/i.exec(text);
  return m ? Number(m[1]) * { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[m[2]!.toLowerCase() as 'k']! : 0;
}

/** Access, try_files and the content handler of the present scope. */
function* content(x: Exchange, names: NameCache): Coroutine<Next> {
  if (x.errorStatus === 0 && !(yield* allowed(x))) return { status: 403 };
  const files = x.scope.own('try_files');
  if (files) {
    const next = yield* tryFiles(x, files);
    if (next !== 'here') return next === 'named' ? yield* content(x, names) : next;
  }
  const { scope } = x;
  if (scope.own('proxy_pass')) return yield* proxyPass(x, names);
  if (scope.own('fastcgi_pass')) return yield* fastCgiPass(x, names);
  if (scope.own('stub_status')) {
    const c = x.site.counters;
    const text = `Active connections: ${c.active} \nserver accepts handled requests\n ${c.accepted} ${c.accepted} ${c.requests} \nReading: 0 Writing: 1 Waiting: ${Math.max(0, c.active - 1)} \n`;
    yield* x.respond({ status: 200, type: 'text/plain', body: encode(text) });
    return undefined;
  }
  return yield* serveFile(x);
}

function* allowed(x: Exchange): Coroutine<boolean> {
  let scope: Scope | undefined = x.scope;
  while (scope && !scope.directives.some((d) => d.name === 'allow' || d.name === 'deny')) scope = scope.parent;
  for (const d of scope?.directives ?? []) {
    if (d.name !== 'allow' && d.name !== 'deny') continue;
    const [what = ''] = d.args;
    const [address = '', length] = what.split('/');
    const parsed = parseIp(address);
    const { address: client } = x.client;
    const hit =
      what === 'all' ||
      (parsed !== undefined &&
        typeof parsed === typeof client &&
        containsIp(parsed, length === undefined ? (typeof parsed === 'number' ? 32 : 128) : Number(length), client));
    if (!hit) continue;
    if (d.name === 'allow') return true;
    yield* x.log('error', 'access forbidden by rule');
    return false;
  }
  return true;
}

function* tryFiles(x: Exchange, d: Directive): Coroutine<Next | 'here' | 'named'> {
  const { sys } = x;
  for (const template of d.args.slice(0, -1)) {
    yield* sys.work(2);
    const dir = template.endsWith('/');
    const path = x.text(dir ? template.slice(0, -1) : template);
    const file = x.fileName(path.startsWith('/') || x.scope.own('alias') ? path : `/${path}`);
    if (!sys.files.exists(file) || (sys.files.stat(file).type === 'dir') !== dir) continue;
    x.uri = dir && !path.endsWith('/') ? `${path}/` : path;
    return 'here';
  }
  const last = d.args[d.args.length - 1]!;
  if (last.startsWith('=')) return { status: Number(last.slice(1)) };
  if (last.startsWith('@')) {
    if (enterNamed(x, last)) return 'named';
    yield* x.log('error', `could not find named location "${last}"`);
    return { status: 500 };
  }
  return { redirect: x.text(last) };
}

/** Runs the directives of the rewrite module in their order. @returns 'on': go on; 'again': look for the location again. */
function* rewrite(
  x: Exchange,
  directives: readonly Directive[],
  location?: Location,
): Coroutine<Next | 'again' | 'on'> {
  let moved = false;
  let inner: Scope | undefined;
  for (const d of directives) {
    yield* x.sys.work();
    if (d.name === 'set') x.variables.set(d.args[0]!.slice(1), x.text(d.args[1]!));
    else if (d.name === 'break') break;
    else if (d.name === 'return') return yield* returned(x, d);
    else if (d.name === 'if' && condition(x, d.args)) {
      const next: Next | 'again' | 'on' = yield* rewrite(x, d.block!, location);
      if (next !== 'on') return next;
      if (location) inner = new Scope('if', d.block!, location.scope);
    } else if (d.name === 'rewrite') {
      const [pattern = '', replacement = '', flag] = d.args;
      const regex = compile(pattern, false, d);
      if (!x.remember(regex, x.uri)) continue;
      const target = x.text(replacement);
      const keep = x.args === '' || replacement.endsWith('?') ? '' : x.args;
      const clean = target.replace(/\?$/, '');
      const withArgs = keep === '' ? clean : `${clean}${clean.includes('?') ? '&' : '?'}${keep}`;
      if (flag === 'redirect' || flag === 'permanent' || /^(https?:\/\/|\$scheme)/.test(replacement)) {
        yield* x.special(flag === 'permanent' ? 301 : 302, withArgs);
        return undefined;
      }
      const question = withArgs.indexOf('?');
      x.uri = question < 0 ? withArgs : withArgs.slice(0, question);
      x.args = question < 0 ? '' : withArgs.slice(question + 1);
      x.internal = true;
      if (flag === 'break') break;
      moved = true;
      if (flag === 'last') break;
    }
  }
  if (moved && location) return 'again';
  // The content of a location with a true `if` is what the `if` says, on top of the location.
  if (inner) x.scope = inherit(inner);
  return 'on';
}

/** Content directives of a location hold inside its `if`, too, unless the `if` has its own. */
function inherit(inner: Scope): Scope {
  const outer = inner.parent!;
  const own = inner.directives.some((d) => ['proxy_pass', 'fastcgi_pass'].includes(d.name));
  const content = own
    ? []
    : outer.directives.filter((d) => ['proxy_pass', 'fastcgi_pass', 'alias', 'stub_status'].includes(d.name));
  return new Scope('if', [...inner.directives, ...content], outer);
}

function condition(x: Exchange, args: readonly string[]): boolean {
  const text = args
    .join(' ')
    .replace(/^\(\s*/, '')
    .replace(/\s*\)$/, '');
  const [left = '', op, ...rest] = text.split(/\s+/);
  const right = rest.join(' ').replace(/^(["'])(.*)\1$/, '$2');
  if (/^!?-[fdex]$/.test(left)) {
    const path = x.text(op ?? '');
    const { files } = x.sys;
    const there = files.exists(path);
    const kind = left.slice(-1);
    const hit =
      there &&
      (kind === 'e' ||
        (kind === 'f' && files.stat(path).type === 'file') ||
        (kind === 'd' && files.stat(path).type === 'dir') ||
        (kind === 'x' && files.isExecutable(path)));
    return left.startsWith('!') !== hit;
  }
  const value = x.text(left);
  if (op === undefined) return value !== '' && value !== '0';
  if (op === '=') return value === x.text(right);
  if (op === '!=') return value !== x.text(right);
  const regex = compile(right, op.endsWith('*'), { file: '', line: 0 });
  return x.remember(regex, value) !== op.startsWith('!');
}

function* returned(x: Exchange, d: Directive): Coroutine<Next> {
  const [first = '', text] = d.args;
  if (!/^\d+$/.test(first)) {
    yield* x.special(302, x.text(first));
    return undefined;
  }
  const status = Number(first);
  if (status === 444) {
    x.status = 444;
    x.keepAlive = false;
    x.headersSent = true;
    return undefined;
  }
  if ([301, 302, 303, 307, 308].includes(status)) {
    yield* x.special(status, text === undefined ? undefined : x.text(text));
    return undefined;
  }
  if (text === undefined) {
    if (status >= 300) return { status };
    yield* x.respond({ status, ...(status === 204 ? {} : { type: typeOf(x.scope, x.uri), body: new Uint8Array(0) }) });
    return undefined;
  }
  const type = x.scope.all('error_page').length > 0 && status >= 400 ? undefined : typeOf(x.scope, x.uri);
  yield* x.respond({ status, type: type ?? typeOf(x.scope, x.uri), body: encode(x.text(text)) });
  return undefined;
}

/** What becomes of an error: nginx's page, or what error_page says. */
function* errorPage(x: Exchange, status: number): Coroutine<Next | 'named'> {
  if (x.headersSent) return undefined;
  const rules = x.scope.all('error_page');
  const first = x.errorStatus === 0;
  if (first || x.scope.flag('recursive_error_pages', false)) {
    for (const d of rules) {
      const codes = d.args.slice(0, -1);
      if (!codes.includes(String(status))) continue;
      const change = codes.find((c) => c.startsWith('='));
      const target = x.text(d.args[d.args.length - 1]!);
      x.errorStatus = change === undefined ? status : Number(change.slice(1)) || 200;
      if (/^https?:\/\//.test(target)) {
        yield* x.special(
          change !== undefined && [301, 302, 303, 307, 308].includes(Number(change.slice(1)))
            ? Number(change.slice(1))
            : 302,
          target,
        );
        return undefined;
      }
      if (target.startsWith('@')) return enterNamed(x, target) ? 'named' : { status: 500 };
      return { redirect: target };
    }
  }
  yield* x.special(first ? status : x.errorStatus);
  return undefined;
}

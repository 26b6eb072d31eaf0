/** Access and error logs: which files there are, what is written when (ngx_log.c, ngx_http_log_module.c). */
import type { Coroutine } from '../../../core';
import { errnoNumber, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import { strftime } from '../../lib/strftime';
import type { Config, Scope } from './config';
import type { Exchange, Level } from './exchange';
import { LEVELS } from './exchange';
import { ConfigError } from './parser';
import { interpolate } from './variables';

/** Where logs go that are not configured. */
export interface LogDefaults {
  readonly errorLog: string;
  readonly accessLog: string;
}

/** `2026/11/27 00:09:09 [error] 8#8: `, as every line of the error log begins. */
export function errorPrefix(now: number, level: Level, pid: number): string {
  return `${strftime('%Y/%m/%d %H:%M:%S', now)} [${level}] ${pid}#${pid}: `;
}

/** A line on standard error while there is no log yet, or beside it. @param errorLog where errors go without a configuration */
export function startMessage(sys: Sys, errorLog: string, level: Level, text: string): string {
  return `${errorLog === 'stderr' ? errorPrefix(sys.now, level, sys.pid) : `nginx: [${level}] `}${text}\n`;
}

/** Every file that the configuration logs to, in the order in which it names them. */
function logFiles(config: Config, defaults: LogDefaults): string[] {
  const paths: string[] = [];
  const add = (path: string): void => {
    if (!paths.includes(path) && path !== 'stderr') paths.push(path);
  };
  if (!config.main.own('error_log')) add(defaults.errorLog);
  const visit = (scope: Scope | { directives: Scope['directives'] }): void => {
    for (const d of scope.directives) {
      if (d.name === 'error_log' && !d.args[0]!.startsWith('syslog:')) add(d.args[0]!);
      if (
        d.name === 'access_log' &&
        d.args[0] !== 'off' &&
        !d.args[0]!.startsWith('syslog:') &&
        !d.args[0]!.includes('$')
      )
        add(d.args[0]!);
      if (d.block && ['http', 'server', 'location', 'if', 'limit_except'].includes(d.name))
        visit({ directives: d.block });
    }
  };
  visit(config.main);
  if (config.http && config.servers.some((s) => s.scope.all('access_log').length === 0)) add(defaults.accessLog);
  return paths;
}

/** Opens the log files. @throws ConfigError */
export function* openLogs(sys: Sys, config: Config, defaults: LogDefaults): Coroutine<Map<string, number>> {
  const logs = new Map<string, number>([['stderr', 2]]);
  for (const path of logFiles(config, defaults)) {
    try {
      logs.set(path, yield* sys.open(path, { write: true, create: true, append: true, mode: 0o644 }));
    } catch (e) {
      if (!isErrno(e)) throw e;
      for (const [p, fd] of logs) if (p !== 'stderr') sys.close(fd);
      throw new ConfigError(`open() "${path}" failed (${errnoNumber(e.code)}: ${e.message})`);
    }
  }
  return logs;
}

/** Writes a line to the error logs that hold in `scope`. */
export function* logError(
  sys: Sys,
  logs: ReadonlyMap<string, number>,
  defaults: LogDefaults,
  scope: Scope,
  pid: number,
  level: Level,
  text: string,
): Coroutine<void> {
  const found = scope.all('error_log');
  const targets =
    found.length > 0
      ? found.map((d) => [d.args[0]!, d.args[1] ?? 'error'] as const)
      : [[defaults.errorLog, 'error'] as const];
  for (const [path, limit] of targets) {
    const fd = logs.get(path);
    if (fd === undefined || LEVELS.indexOf(level) > LEVELS.indexOf(limit as Level)) continue;
    yield* write(sys, fd, `${errorPrefix(sys.now, level, pid)}${text}\n`);
  }
}

/** Writes the line of the access log for a request that is over. */
export function* logAccess(x: Exchange, defaults: LogDefaults): Coroutine<void> {
  const found = x.scope.all('access_log');
  if (found.some((d) => d.args[0] === 'off')) return;
  const targets = found.length > 0 ? found : [{ args: [defaults.accessLog] }];
  for (const d of targets) {
    const [path = '', format = 'combined', ...options] = d.args;
    const fd = x.site.logs.get(path);
    if (fd === undefined) continue;
    const when = options.find((o) => o.startsWith('if='))?.slice(3);
    if (when !== undefined && ['', '0'].includes(x.text(when))) continue;
    const template = x.site.config.formats.get(format.includes('=') ? 'combined' : format) ?? '';
    yield* write(x.sys, fd, `${logText(x, template)}\n`);
  }
}

/** Puts variables into a log line: an empty one is `-`, control characters and quotes are `\xNN`. */
function logText(x: Exchange, template: string): string {
  return template.replace(/\$(?:\{\w+\}|\w+)/g, (v) => {
    const value = interpolate(x, v, '-');

    return value.replace(
      /[\x00-\x1f"\\\x7f-\xff]/g,
      (c) => `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
  });
}

function* write(sys: Sys, fd: number, text: string): Coroutine<void> {
  try {
    yield* sys.write(fd, text);
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
}

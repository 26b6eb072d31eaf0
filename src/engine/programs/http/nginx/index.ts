/** nginx(8): what a command line leads to. */
import type { Coroutine } from '../../../core';
import type { Program, Sys } from '../../../host';
import { readAccounts } from '../../processes/users';
import type { NginxBuild } from './build';
import { DEBIAN_BUILD } from './build';
import type { CommandLine } from './command-line';
import { Fatal, parseArgs, usage } from './command-line';
import type { Config } from './config';
import { ConfigReader } from './load';
import { openLogs } from './log';
import { Master } from './master';
import { at, ConfigError, NotSimulated } from './parser';
import { signalMaster } from './signal';
import { resolveUpstreams } from './upstream';

const NO_EVENTS = 'no "events" section in configuration';

function* main(sys: Sys, argv: readonly string[], build: NginxBuild): Coroutine<number> {
  const o = parseArgs(argv.slice(1), build);
  if (o.version) {
    yield* sys.eprint(`nginx version: nginx/${build.version}\n`);
    if (o.help) yield* sys.eprint(usage(build));
    if (o.configure)
      yield* sys.eprint(
        `configure arguments: --prefix=${build.prefix.replace(/\/$/, '')} --conf-path=${build.configuration} --http-log-path=${build.accessLog} --error-log-path=${build.errorLog} --pid-path=${build.pidFile}\n`,
      );
    if (!o.test) return 0;
  }
  const { configuration } = o;
  const master = new Master(sys, o, build);
  const reader = new ConfigReader(sys);
  const refuse = function* (e: ConfigError): Coroutine<number> {
    if (e instanceof NotSimulated) yield* sys.eprint(`nginx: not simulated in this course: ${e.message}\n`);
    else if (e.message !== '') yield* master.say('emerg', e.message);
    if (o.test) yield* sys.eprint(`nginx: configuration file ${configuration} test failed\n`);
    return 1;
  };
  let config: Config;
  try {
    config = yield* reader.load(configuration, o.globals);
    if (o.signal !== undefined) return yield* signalMaster(sys, o, config, build);
    const user = config.main.own('user');
    if (user && !(yield* readAccounts(sys)).some((a) => a.name === user.args[0]))
      throw new ConfigError(`getpwnam("${user.args[0]!}") failed${at(user)}`);
    for (const text of config.warnings) yield* master.say('warn', text);
    if (o.test) return yield* test(sys, o, config, reader, build);
    if (!config.events) throw new ConfigError(NO_EVENTS);
    yield* master.start(config);
  } catch (e) {
    if (!(e instanceof ConfigError)) throw e;
    return yield* refuse(e);
  }
  if (config.main.flag('daemon', true)) {
    const child = sys.fork(
      function* (inner) {
        return yield* master.runDaemon(inner, argv);
      },
      { session: { tty: null } },
    );
    child.argv = argv;
    return 0;
  }
  return yield* master.run(argv);
}

/** -t and -T. @throws ConfigError */
function* test(sys: Sys, o: CommandLine, config: Config, reader: ConfigReader, build: NginxBuild): Coroutine<number> {
  // Hosts are looked up while the file is read, so their absence is an error of the syntax.
  yield* resolveUpstreams(sys, config);
  if (!o.quiet) yield* sys.eprint(`nginx: the configuration file ${o.configuration} syntax is ok\n`);
  if (!config.events) throw new ConfigError(NO_EVENTS);
  for (const [path, fd] of yield* openLogs(sys, config, { errorLog: o.errorLog, accessLog: build.accessLog }))
    if (path !== 'stderr') sys.close(fd);
  if (!o.quiet) yield* sys.eprint(`nginx: configuration file ${o.configuration} test is successful\n`);
  if (o.dump) for (const f of reader.files) yield* sys.print(`# configuration file ${f.path}:\n${f.text}\n`);
  return 0;
}

/** An nginx of a given build. */
export function makeNginx(build: NginxBuild = DEBIAN_BUILD): Program {
  return {
    name: 'nginx',
    path: '/usr/sbin/nginx',
    size: 1249520,
    summary: 'HTTP and reverse proxy server',
    manual: `NAME
       nginx - HTTP and reverse proxy server

SYNOPSIS
       nginx [-?hvVtTq] [-s signal] [-c file] [-g directives]

DESCRIPTION
       Serves files and hands requests to other servers, as its configuration file says (${build.configuration} unless -c names another).

       -t   test the configuration          -T   ... and print it             -s stop|quit|reopen|reload   tell the running master
       -g 'daemon off;'   stay in the foreground
`,
    complete: (words) => (words[words.length - 1] === '-s' ? ['stop', 'quit', 'reopen', 'reload'] : undefined),
    *main(sys, argv) {
      try {
        return yield* main(sys, argv, build);
      } catch (e) {
        if (!(e instanceof Fatal)) throw e;
        yield* sys.eprint(e.message);
        return 1;
      }
    },
  };
}

/** Debian's nginx. */
export const nginx = makeNginx();

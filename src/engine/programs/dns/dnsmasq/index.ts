/** dnsmasq(8) 2.90: the DNS half. DHCP, TFTP, DNSSEC and authoritative zones are not simulated. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Program, Sys } from '../../../host';
import { Stop, stoppable } from '../../network/common';
import { users } from '../../lib/users';
import type { DnsmasqConfig } from './config';
import { BadOption, NotSimulated, parseCommandLine, readConfText } from './config';
import { Log } from './log';
import { Dnsmasq } from './server';

const COMPILED =
  'IPv6 GNU-getopt DBus no-UBus i18n IDN2 DHCP DHCPv6 no-Lua TFTP conntrack ipset nftset auth cryptohash DNSSEC loop-detect inotify dumpfile';

const VERSION = `Dnsmasq version 2.90  Copyright (c) 2000-2024 Simon Kelley
Compile time options: ${COMPILED}

This software comes with ABSOLUTELY NO WARRANTY.
Dnsmasq is free software, and you are welcome to redistribute it
under the terms of the GNU General Public License, version 2 or 3.
`;

const HELP = `Usage: dnsmasq [options]

Valid options here are:
-a, --listen-address=<ipaddr>     -i, --interface=<name>        -I, --except-interface=<name>
-z, --bind-interfaces             -p, --port=<integer>          -c, --cache-size=<integer>
-A, --address=/<domain>/<ipaddr>  -S, --server=/<domain>/<ipaddr>   --local=/<domain>/
    --rev-server=<net>,<ipaddr>       --host-record=<name>,<ipaddr>  --cname=<alias>,<target>
-m, --mx-host=<name>,<target>,<pref>  -Y, --txt-record=<name>,<text>  -W, --srv-host=<name>,<target>,<port>
    --ptr-record=<name>,<target>      --caa-record=<name>,<flags>,<tag>,<value>
-h, --no-hosts                    -H, --addn-hosts=<path>       -E, --expand-hosts
-s, --domain=<domain>             -R, --no-resolv               -r, --resolv-file=<path>
-D, --domain-needed               -b, --bogus-priv              -N, --no-negcache
-o, --strict-order                    --all-servers                 --filter-A, --filter-AAAA
-T, --local-ttl=<seconds>             --neg-ttl=<seconds>           --max-ttl, --max-cache-ttl, --min-cache-ttl
-q, --log-queries[=extra]         -8, --log-facility=<file>|-   -C, --conf-file=<path>
-d, --no-daemon                   -k, --keep-in-foreground      -u, --user=<name>
-x, --pid-file=<path>                 --test                    -v, --version
`;

/** Exit statuses (dnsmasq.h): configuration, network, files, other. */
const EXIT = { CONF: 1, NET: 2, FILE: 3, MISC: 5 } as const;
const DEFAULT_CONF = '/etc/dnsmasq.conf';

function fail(status: number, text: string): never {
  throw new Stop(status, `\ndnsmasq: ${text}\n`);
}

/** Reads the configuration files: those named, or the default one when it is there. */
function* readFiles(sys: Sys, config: DnsmasqConfig): Coroutine<void> {
  const named = config.confFiles.length > 0;
  const files = named ? config.confFiles : [DEFAULT_CONF];
  for (let i = 0; i < files.length && i < 100; i++) {
    const file = files[i]!;
    if (file === '') continue;
    let text: string;
    try {
      text = yield* sys.readFile(file);
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (!named && e.code === 'ENOENT') return;
      fail(EXIT.FILE, `cannot read ${file}: ${e.message}`);
    }
    try {
      readConfText(config, text, file);
    } catch (e) {
      if (e instanceof BadOption) fail(EXIT.CONF, e.message);
      throw e;
    }
  }
}

function* run(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let line;
  try {
    line = parseCommandLine(argv);
  } catch (e) {
    if (e instanceof BadOption) fail(EXIT.CONF, e.message);
    throw e;
  }
  const { config, show } = line;
  if (show) {
    yield* sys.print(show === 'help' ? HELP : VERSION);
    return 0;
  }
  yield* readFiles(sys, config);
  if (config.test) {
    yield* sys.eprint('dnsmasq: syntax check OK.\n');
    return 0;
  }
  const account = users(sys).find((u) => u.name === (config.user ?? 'nobody'));
  if (config.user !== undefined && !account) fail(EXIT.CONF, `unknown user or group: ${config.user}`);
  const resolv = config.resolvFiles[0];
  if (resolv !== undefined && !config.noResolv && !sys.files.exists(resolv.slice(0, resolv.lastIndexOf('/')) || '/'))
    fail(EXIT.MISC, `directory ${resolv} for resolv-file is missing, cannot poll`);
  const log = new Log(config);
  const server = new Dnsmasq(config, log);
  for (const name of config.bindInterfaces ? config.interfaces : [])
    if (!sys.net.links.byName(name)) fail(EXIT.NET, `unknown interface ${name}`);
  try {
    server.listen(sys);
  } catch (e) {
    if (!isErrno(e)) throw e;
    fail(EXIT.NET, e.message);
  }
  try {
    yield* log.open(sys);
  } catch (e) {
    if (!isErrno(e)) throw e;
    fail(EXIT.FILE, `cannot open log ${config.logFacility}: ${e.message}`);
  }
  const work = function* (me: Sys): Coroutine<number> {
    if (account && account.uid !== 0 && me.proc.uid === 0) me.proc.uid = account.uid;
    yield* server.announce(me, COMPILED);
    return yield* server.serve(me);
  };
  if (config.debug || config.foreground) return yield* work(sys);
  const pidFile = config.pidFile ?? '/run/dnsmasq.pid';
  const child = sys.fork(
    function* (me) {
      for (const fd of [0, 1, 2]) {
        const none = yield* me.open('/dev/null', { read: true, write: true });
        if (none === fd) continue;
        me.dup2(none, fd);
        me.close(none);
      }
      return yield* work(me);
    },
    { session: { tty: null } },
  );
  if (pidFile !== '') {
    try {
      yield* sys.writeFile(pidFile, `${child.pidIn(sys.proc.ns.pid)}\n`, 0o644);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* sys.kill(child.pidIn(sys.proc.ns.pid), 'SIGKILL');
      fail(EXIT.FILE, `failed to open pidfile ${pidFile}: ${e.message}`);
    }
  }
  return 0;
}

/** The program. */
export const dnsmasq: Program = {
  name: 'dnsmasq',
  path: '/usr/sbin/dnsmasq',
  size: 505544,
  summary: 'a small caching DNS server',
  manual: `NAME
       dnsmasq - a DNS server that answers from files and forwards the rest

SYNOPSIS
       dnsmasq [OPTION]...

DESCRIPTION
${HELP.split('\n')
  .slice(2)
  .map((l) => (l === '' ? '' : `       ${l}`))
  .join('\n')}
       Each option is also a line of /etc/dnsmasq.conf, without the dashes. SIGHUP empties the cache and reads hosts files again,
       SIGUSR1 writes statistics to the log.
`,
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      try {
        return yield* run(sys, argv);
      } catch (e) {
        if (!(e instanceof NotSimulated)) throw e;
        throw new Stop(1, `dnsmasq: not simulated in this course: ${e.message}\n`);
      }
    });
  },
};

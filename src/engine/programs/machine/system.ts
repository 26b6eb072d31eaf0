import { isErrno } from '../../core';
import { KERNEL_RELEASE, KERNEL_VERSION } from '../../host/proc/root';
import { formatIp } from '../../wire';
import { Fail, tool, UsageError } from '../lib/tool';

/** uname(1). */
export const uname = tool({
  name: 'uname',
  summary: 'print system information',
  help: `[OPTION]...
Print certain system information. With no OPTION, same as -s.

  -a, --all                everything, in this order, without -p and -i when unknown
  -s, --kernel-name        the kernel name
  -n, --nodename           the network node hostname
  -r, --kernel-release     the kernel release
  -v, --kernel-version     the kernel version
  -m, --machine            the machine hardware name
  -p, --processor          the processor type
  -i, --hardware-platform  the hardware platform
  -o, --operating-system   the operating system
`,
  *run(t) {
    const { options, operands } = t.getopt('asnrvmpio', [
      'all=a',
      'kernel-name=s',
      'nodename=n',
      'kernel-release=r',
      'kernel-version=v',
      'machine=m',
      'processor=p',
      'hardware-platform=i',
      'operating-system=o',
    ]);
    if (operands.length > 0) throw new UsageError(`extra operand ${t.q(operands[0]!)}`);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const values: [string, string][] = [
      ['s', 'Linux'],
      ['n', t.sys.proc.ns.uts.hostname],
      ['r', KERNEL_RELEASE],
      ['v', KERNEL_VERSION],
      ['m', 'x86_64'],
      ['p', 'unknown'],
      ['i', 'unknown'],
      ['o', 'GNU/Linux'],
    ];
    const wanted = has('a')
      ? values.filter(([k]) => k !== 'p' && k !== 'i')
      : values.filter(([k]) => has(k) || (options.length === 0 && k === 's'));
    yield* t.out.line(wanted.map(([, v]) => v).join(' '));
    return 0;
  },
});

/** arch(1). */
export const arch = tool({
  name: 'arch',
  summary: 'print machine hardware name',
  help: `[OPTION]...
Print machine architecture.
`,
  *run(t) {
    t.getopt('');
    yield* t.out.line('x86_64');
    return 0;
  },
});

/** nproc(1). */
export const nproc = tool({
  name: 'nproc',
  summary: 'print the number of processing units available',
  help: `[OPTION]...
Print the number of processing units available to the current process.

      --all        the number of installed processors
      --ignore=N   if possible, exclude N processing units
`,
  *run(t) {
    const { options } = t.getopt('', ['all', 'ignore:']);
    const ignore = options.findLast((o) => o.name === 'ignore')?.arg ?? '0';
    if (!/^\d+$/.test(ignore)) throw new Fail(`invalid number: ${t.q(ignore)}`);
    yield* t.out.line(String(Math.max(1, t.sys.machine.cpus - Number(ignore))));
    return 0;
  },
});

/** hostname(1) of Debian's package hostname. */
export const hostname = tool({
  name: 'hostname',
  summary: "show or set the system's host name",
  version: 'hostname 3.23',
  help: `[-s|-f|-i|-I|-d|-A] [NAME]
Show the host name, or set it to NAME.

  -s, --short             the name up to the first dot
  -f, --fqdn, --long      the long name
  -d, --domain            the DNS domain name
  -i, --ip-address        the address of the host name
  -I, --all-ip-addresses  all addresses of the host
  -F, --file FILE         set the name from FILE
`,
  *run(t) {
    const { options, operands } = t.getopt('sfdiIAF:by', [
      'short=s',
      'fqdn=f',
      'long=f',
      'domain=d',
      'ip-address=i',
      'all-ip-addresses=I',
      'all-fqdns=A',
      'file:=F',
      'boot=b',
      'yp=y',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const { uts } = t.sys.proc.ns;
    let wanted = operands[0];
    const file = options.findLast((o) => o.name === 'F')?.arg;
    if (file !== undefined) {
      try {
        wanted = (yield* t.sys.readFile(file))
          .split('\n')
          .find((l) => l !== '' && !l.startsWith('#'))
          ?.trim();
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`${file}: ${e.message}`);
      }
    }
    if (wanted !== undefined) {
      if (!/^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$/.test(wanted) || wanted.length > 64)
        throw new Fail('the specified hostname is invalid');
      if (!t.sys.proc.capable(uts.owner)) throw new Fail('you must be root to change the host name');
      uts.hostname = wanted;
      return 0;
    }
    if (has('I')) {
      const addresses = t.sys.net.addrs
        .list()
        .filter((a) => a.scope === 0)
        .map((a) => formatIp(a.local));
      yield* t.out.line(`${addresses.join(' ')} `);
    } else if (has('i') || has('f') || has('d')) {
      const name = uts.hostname;
      const hosts = (yield* t.sys.readFile('/etc/hosts'))
        .split('\n')
        .map((l) => l.replace(/#.*/, '').trim().split(/\s+/));
      const line = hosts.find((words) => words.slice(1).includes(name));
      if (!line) throw new Fail('Name or service not known');
      const full = line[1]!;
      if (has('i')) yield* t.out.line(line[0]!);
      else if (has('f')) yield* t.out.line(full);
      else yield* t.out.line(full.includes('.') ? full.slice(full.indexOf('.') + 1) : '');
    } else yield* t.out.line(has('s') ? uts.hostname.split('.')[0]! : uts.hostname);
    return 0;
  },
});

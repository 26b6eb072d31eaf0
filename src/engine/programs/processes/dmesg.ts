/** dmesg(1) of util-linux: the kernel's log. */
import type { KernelMessage } from '../../host';
import { DAYS, gmtime, MONTHS } from '../lib/strftime';
import { Fail, notSimulated, tool, UsageError } from '../lib/tool';

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;

/** dmesg(1). */
export const dmesg = tool({
  name: 'dmesg',
  summary: "print or control the kernel's log",
  version: 'util-linux 2.38.1',
  help: `[options]
Print the messages of the kernel, oldest first.

  -C, --clear              forget them
  -c, --read-clear         print them, then forget them
  -l, --level LIST         only these levels: emerg alert crit err warn notice info debug
  -L, --color[=WHEN]       colours: auto, always, never
  -r, --raw                as the kernel keeps them
  -t, --notime             without times
  -T, --ctime              with dates
  -w, --follow             wait for more
  -W, --follow-new         wait for new ones only
  -x, --decode             facility and level in words
  -H, --human              colours and dates
`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = t.getopt('CcDdEeF:f:HkL::l:n:PprSs:TtuVWwx', [
      'clear=C',
      'read-clear=c',
      'color::=L',
      'level:=l',
      'raw=r',
      'notime=t',
      'ctime=T',
      'follow=w',
      'follow-new=W',
      'decode=x',
      'human=H',
      'nopager=P',
      'kernel=k',
      'userspace=u',
      'show-delta=d',
      'reltime=e',
      'console-level:=n',
    ]);
    if (operands.length > 0) throw new UsageError();
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const last = (name: string): string | undefined => options.findLast((o) => o.name === name)?.arg;
    for (const o of ['d', 'e', 'F', 'f', 'n', 'D', 'E', 's']) if (has(o)) throw notSimulated(`${t.name} -${o}`);
    const { machine, proc } = sys;
    if (!proc.privileged && (has('C') || has('c')))
      throw new Fail('clear kernel buffer failed: Operation not permitted');
    if (!proc.privileged) throw new Fail('read kernel buffer failed: Operation not permitted');
    if (has('C')) {
      machine.log.clear();
      return 0;
    }
    const wanted = last('l')
      ?.split(',')
      .map((name) => {
        const level = (LEVELS as readonly string[]).indexOf(name);
        if (level < 0) throw new Fail(`unknown level '${name}'`);
        return level;
      });
    const when = has('L') ? (last('L') ?? 'auto') : 'auto';
    const color = when === 'always' || (when !== 'never' && sys.isatty(1));
    const show = (m: KernelMessage): string => {
      const seconds = Math.max(0, m.time - machine.bootTime) / 1e6;
      if (has('r')) return `<${m.level}>[${seconds.toFixed(6).padStart(12)}] ${m.text}\n`;
      const decode = has('x') ? `kern  :${LEVELS[m.level]!.padEnd(6)}: ` : '';
      const stamp = has('t')
        ? ''
        : has('T') || has('H')
          ? `[${date(m.time)}] `
          : `[${seconds.toFixed(6).padStart(12)}] `;
      return `${decode}${color && stamp !== '' ? `\x1b[32m${stamp}\x1b[0m` : stamp}${color ? painted(m) : m.text}\n`;
    };
    let next = has('W') ? machine.log.messages.length + machine.log.dropped : 0;
    const all = machine.log.shown;
    if (!has('W')) {
      for (const m of all) {
        yield* sys.work();
        if (!wanted || wanted.includes(m.level)) yield* t.out.write(show(m));
      }
      next = machine.log.messages.length + machine.log.dropped;
    }
    if (has('c')) machine.log.clear();
    while (has('w') || has('W')) {
      yield* t.out.flush();
      yield* sys.sleep(100_000);
      const { log } = machine;
      for (const m of log.messages.slice(Math.max(0, next - log.dropped)))
        if (!wanted || wanted.includes(m.level)) yield* t.out.write(show(m));
      next = log.messages.length + log.dropped;
    }
    return 0;
  },
});

/** What comes before the first colon is the subsystem; warnings are bold, errors red. */
function painted(m: KernelMessage): string {
  const subsystem = /^[^\s:][^:]{0,40}: /.exec(m.text)?.[0] ?? '';
  const rest = m.text.slice(subsystem.length);
  const style = m.level <= 2 ? '\x1b[1;31m' : m.level === 3 ? '\x1b[31m' : m.level === 4 ? '\x1b[1m' : '';
  const head = subsystem === '' ? '' : `\x1b[33m${subsystem}\x1b[0m`;
  return head + (style === '' ? rest : `${style}${rest}\x1b[0m`);
}

function date(micros: number): string {
  const t = gmtime(micros);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${DAYS[t.weekday]!.slice(0, 3)} ${MONTHS[t.month - 1]!.slice(0, 3)} ${String(t.day).padStart(2)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} ${t.year}`;
}

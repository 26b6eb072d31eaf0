/** `tc` (iproute2): queueing disciplines. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import { deviceNames } from '../iproute2/complete';
import { Quit } from '../iproute2/lib/args';
import type { Options } from '../iproute2/lib/context';
import { colorOption, Context, defaultOptions, runTool } from '../iproute2/lib/context';
import { enterNetns } from '../iproute2/netns/switch';
import { TC_USAGE } from './help';
import { qdisc } from './qdisc';

/** Takes the options in front of the object. @returns the words after them. @throws Quit */
function* options(sys: Sys, words: readonly string[], o: Options): Coroutine<string[]> {
  let i = 0;
  for (; i < words.length; i++) {
    let opt = words[i]!;
    if (!opt.startsWith('-')) break;
    if (opt.startsWith('--')) opt = opt.slice(1);
    const is = (name: string): boolean => name.startsWith(opt);
    const color = colorOption(opt);
    if (is('-stats') || is('-statistics')) o.stats++;
    else if (is('-details')) o.details++;
    else if (is('-raw') || is('-pretty')) o.pretty = is('-pretty') || o.pretty;
    else if (is('-Version')) throw new Quit(0, '', 'tc utility, iproute2-6.1.0, libbpf 1.1.2\n');
    else if (is('-netns')) {
      const name = words[++i];
      if (name === undefined)
        throw new Quit(255, 'Cannot open network namespace "(null)": No such file or directory\n');
      const warning = enterNetns(sys, name);
      if (warning !== '') yield* sys.eprint(warning);
    } else if (is('-iec') || is('-graph') || is('-names') || is('-nm') || is('-Numeric') || is('-force')) {
      // Nothing here that they would change.
    } else if (is('-help')) throw new Quit(0, '', TC_USAGE);
    else if (is('-oneline')) o.oneline = true;
    else if (is('-json')) o.json = true;
    else if (color !== undefined) o.color = color;
    else if (is('-batch')) throw new Quit(2, 'tc: not simulated in this course: -batch\n');
    else throw new Quit(255, `Option "${opt}" is unknown, try "tc -help".\n`);
  }
  return words.slice(i);
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let ctx: Context | undefined;
  return yield* runTool(
    () => ctx,
    sys,
    function* () {
      const o = defaultOptions();
      const [name, ...rest] = yield* options(sys, argv.slice(1), o);
      if (name === undefined) throw new Quit(0, '', TC_USAGE);
      ctx = new Context(sys, o);
      const is = (object: string): boolean => object.startsWith(name);
      if (is('qdisc')) return qdisc(ctx, rest);
      for (const object of ['class', 'filter', 'chain', 'actions', 'monitor', 'exec'])
        if (is(object)) throw new Quit(2, `tc: not simulated in this course: ${object}\n`);
      if (is('help')) throw new Quit(0, '', TC_USAGE);
      throw new Quit(255, `Object "${name}" is unknown, try "tc help".\n`);
    },
  );
}

const tc: Program = {
  name: 'tc',
  path: '/usr/sbin/tc',
  size: 530128,
  summary: 'show / manipulate traffic control settings',
  manual: `NAME
       tc - show and change the queues in which links hold packets back

SYNOPSIS
       tc [ OPTIONS ] qdisc { show | add | change | replace | del } dev DEVICE root [ KIND OPTIONS ]

DESCRIPTION
       Every link sends through a queueing discipline. Virtual links have "noqueue", cards "fq_codel".

       netem delay TIME [JITTER [CORRELATION]]     packets wait
             loss PERCENT                          packets are lost
             duplicate PERCENT                     packets are sent twice
             reorder PERCENT [gap N]               packets pass those that wait (needs a delay)
             rate RATE                             packets wait as on a slow line
             limit PACKETS                         more than that do not wait but are dropped
       tbf   rate RATE burst SIZE latency TIME     a token bucket

       -s counters    -j JSON    -n NAME in a network namespace

EXAMPLES
       tc qdisc add dev eth0 root netem delay 100ms loss 1%
       tc -s qdisc show dev eth0
       tc qdisc del dev eth0 root

SEE ALSO
       ip(8)
`,
  main,
  complete: (words, sys) => {
    const rest = words.filter((w) => !w.startsWith('-'));
    const last = rest[rest.length - 1];
    if (last === 'dev') return deviceNames(sys);
    if (rest.length === 0) return ['help', 'qdisc'];
    if (rest.length === 1) return ['add', 'change', 'del', 'help', 'replace', 'show'];
    if (rest.includes('netem')) return ['delay', 'duplicate', 'limit', 'loss', 'rate', 'reorder'];
    if (rest.includes('tbf')) return ['burst', 'latency', 'limit', 'rate'];
    return ['dev', 'netem', 'root', 'tbf'];
  },
};

/** The programs of traffic control. */
export const TRAFFIC_PROGRAMS: readonly Program[] = [tc];

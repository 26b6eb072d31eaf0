/** The queueing disciplines `tc` can attach here: their options and how they are printed. */
import type { Link, Qdisc } from '../../net';
import { PassQdisc } from '../../net/qdisc/base';
import { Netem, NETEM_DEFAULTS } from '../../net/qdisc/netem';
import type { NetemOptions } from '../../net/qdisc/netem';
import { Tbf } from '../../net/qdisc/tbf';
import type { TbfOptions } from '../../net/qdisc/tbf';
import type { Args } from '../iproute2/lib/args';
import { Quit, readUnsigned } from '../iproute2/lib/args';
import type { Output } from '../iproute2/lib/output';
import { FIFO_USAGE, NETEM_USAGE, TBF_USAGE } from './help';
import { percentText, rateText, readPercent, readRate, readSize, readTime, sizeText, timeText } from './units';

/** One discipline. */
export interface QdiscKind {
  /** Reads the words behind its name. @throws Quit */
  parse(args: Args): unknown;
  /** Makes it for a link. */
  make(link: Link, handle: number, options: unknown): Qdisc;
  /** Changes one of its kind that is there. */
  change(qdisc: Qdisc, options: unknown): void;
  print(out: Output, qdisc: Qdisc): void;
}

function missing(what: string): never {
  throw new Quit(2, `tc: not simulated in this course: ${what}\n`);
}

function illegal(what: string, usage = ''): never {
  throw new Quit(1, `Illegal "${what}"\n${usage}`);
}

/** The next word if it is a percentage or a time; the current one stays otherwise. */
function follows<T>(args: Args, read: (word: string) => T | undefined): T | undefined {
  const ahead = args.ahead;
  if (ahead === undefined || !/^[\d.+-]/.test(ahead)) return undefined;
  const value = read(ahead);
  if (value !== undefined) args.skip();
  return value;
}

function percent(args: Args, what: string): number {
  const p = readPercent(args.next());
  if (p === undefined) illegal(what);
  return p;
}

const netem: QdiscKind = {
  parse(args): Partial<NetemOptions> {
    const o: Partial<NetemOptions> = {};
    while (args.more) {
      if (args.matches('limit')) {
        const n = readUnsigned(args.next());
        if (n === undefined) illegal('limit');
        o.limit = n;
      } else if (args.matches('latency') || args.matches('delay')) {
        const delay = readTime(args.next());
        if (delay === undefined) illegal('latency');
        o.delay = delay;
        const jitter = follows(args, readTime);
        if (jitter !== undefined) {
          o.jitter = jitter;
          o.delayCorrelation = follows(args, readPercent) ?? 0;
        }
      } else if (args.matches('loss') || args.matches('drop')) {
        if (args.ahead === 'random') args.skip();
        else if (args.ahead === 'state' || args.ahead === 'gemodel') missing(`netem loss ${args.ahead}`);
        else if (args.ahead !== undefined && !/^\d/.test(args.ahead))
          throw new Quit(1, `Unknown loss parameter: ${args.ahead}\n`);
        o.loss = percent(args, 'loss percent');
        o.lossCorrelation = follows(args, readPercent) ?? 0;
      } else if (args.matches('duplicate')) {
        o.duplicate = percent(args, 'duplicate');
        o.duplicateCorrelation = follows(args, readPercent) ?? 0;
      } else if (args.matches('reorder')) {
        o.reorder = percent(args, 'reorder');
        o.reorderCorrelation = follows(args, readPercent) ?? 0;
        o.gap ??= 1;
      } else if (args.matches('gap')) {
        const n = readUnsigned(args.next());
        if (n === undefined) illegal('gap');
        o.gap = n;
      } else if (args.matches('rate')) {
        const rate = readRate(args.next());
        if (rate === undefined) illegal('rate');
        o.rate = rate;
        const number = (word: string): number | undefined => (/^-?\d+$/.test(word) ? Number(word) : undefined);
        for (const key of ['overhead', 'cellSize', 'cellOverhead'] as const) {
          const n = follows(args, number);
          if (n === undefined) break;
          o[key] = n;
        }
      } else if (['corrupt', 'distribution', 'ecn', 'slot', 'seed'].some((k) => args.is(k))) {
        missing(`netem ${args.word}`);
      } else if (args.is('help')) throw new Quit(1, NETEM_USAGE);
      else throw new Quit(1, `What is "${args.word}"?\n${NETEM_USAGE}`);
      args.skip();
    }
    if ((o.reorder ?? 0) > 0 && (o.delay ?? 0) === 0)
      throw new Quit(1, `reordering not possible without specifying some delay\n${NETEM_USAGE}`);
    return o;
  },
  make: (link, handle, o) => new Netem(link, handle, { ...NETEM_DEFAULTS, ...(o as Partial<NetemOptions>) }),
  change(qdisc, o) {
    (qdisc as Netem).options = { ...NETEM_DEFAULTS, ...(o as Partial<NetemOptions>) };
  },
  print(out, qdisc) {
    const o = (qdisc as Netem).options;
    out.any('limit', o.limit, `limit ${o.limit}`);
    const correlation = (value: number): void => {
      if (out.isJson) out.member('correlation', value);
      else if (value > 0) out.fp(` ${percentText(value)}`);
    };
    if (o.delay > 0) {
      if (out.isJson) {
        out.openObject('delay');
        out.member('delay', o.delay / 1e6);
        out.member('jitter', o.jitter / 1e6);
        correlation(o.delayCorrelation);
        out.closeObject();
      } else {
        out.fp(` delay ${timeText(o.delay)}`);
        if (o.jitter > 0) {
          out.fp(`  ${timeText(o.jitter)}`);
          correlation(o.delayCorrelation);
        }
      }
    }
    const chance = (name: string, json: string, value: number, corr: number): void => {
      if (value === 0) return;
      if (out.isJson) {
        out.openObject(json);
        out.member(name, value);
        correlation(corr);
        out.closeObject();
      } else {
        out.fp(` ${name} ${percentText(value)}`);
        correlation(corr);
      }
    };
    chance('loss', 'loss-random', o.loss, o.lossCorrelation);
    chance('duplicate', 'duplicate', o.duplicate, o.duplicateCorrelation);
    chance('reorder', 'reorder', o.reorder, o.reorderCorrelation);
    if (o.rate > 0) {
      if (out.isJson) {
        out.openObject('rate');
        out.member('rate', o.rate);
        out.member('packetoverhead', o.overhead);
        out.member('cellsize', o.cellSize);
        out.member('celloverhead', o.cellOverhead);
        out.closeObject();
      } else {
        out.fp(` rate ${rateText(o.rate)}`);
        if (o.overhead !== 0) out.fp(` packetoverhead ${o.overhead}`);
        if (o.cellSize !== 0) out.fp(` cellsize ${o.cellSize}`);
        if (o.cellOverhead !== 0) out.fp(` celloverhead ${o.cellOverhead}`);
      }
    }
    if (out.isJson) {
      out.member('ecn', false);
      out.member('gap', o.gap);
    } else if (o.gap > 0) out.fp(` gap ${o.gap}`);
  },
};

const tbf: QdiscKind = {
  parse(args): TbfOptions {
    let rate: number | undefined;
    let burst: number | undefined;
    let limit: number | undefined;
    let latency: number | undefined;
    const value = <T>(name: string, read: (word: string) => T | undefined): T => {
      const word = args.next();
      const v = read(word);
      if (v === undefined) throw new Quit(1, `tbf: illegal value for "${name}": "${word}"\n`);
      return v;
    };
    while (args.more) {
      if (args.matches('limit')) {
        limit = value('limit', readSize);
        if (latency !== undefined) throw new Quit(1, 'tbf: specifying both "latency" and "limit" is not allowed\n');
      } else if (args.matches('latency')) {
        latency = value('latency', readTime);
        if (limit !== undefined) throw new Quit(1, 'tbf: specifying both "latency" and "limit" is not allowed\n');
      } else if (args.matches('burst') || args.is('buffer') || args.is('maxburst')) burst = value('burst', readSize);
      else if (args.is('rate')) rate = value('rate', readRate);
      else if (['mtu', 'minburst', 'peakrate', 'mpu', 'overhead', 'linklayer'].some((k) => args.matches(k)))
        missing(`tbf ${args.word}`);
      else if (args.is('help')) throw new Quit(1, TBF_USAGE);
      else throw new Quit(1, `tbf: unknown parameter "${args.word}"\n${TBF_USAGE}`);
      args.skip();
    }
    let text = '';
    if (rate === undefined) text += 'tbf: the "rate" parameter is mandatory.\n';
    if (burst === undefined) text += 'tbf: the "burst" parameter is mandatory.\n';
    if (limit === undefined && latency === undefined) text += 'tbf: either "limit" or "latency" is required.\n';
    if (rate === undefined || burst === undefined || text !== '') throw new Quit(1, text + TBF_USAGE);
    limit ??= Math.floor((rate * latency!) / 1e6 + burst);
    // The kernel is told how many whole microseconds the burst takes.
    burst = (Math.floor((burst / rate) * 1e6) * rate) / 1e6;
    return { rate, burst, limit };
  },
  make: (link, handle, o) => new Tbf(link, handle, o as TbfOptions),
  change(qdisc, o) {
    (qdisc as Tbf).options = o as TbfOptions;
  },
  print(out, qdisc) {
    const { rate, burst, limit } = (qdisc as Tbf).options;
    out.any('rate', rate, `rate ${rateText(rate)} `);
    out.any('burst', Math.floor(burst), `burst ${sizeText(Math.floor(burst))} `);
    const latency = (limit / rate) * 1e6 - Math.round((burst / rate) * 1e6);
    if (latency >= 0) out.any('lat', Math.floor(latency), `lat ${timeText(latency)} `);
    else out.any('limit', limit, `limit ${sizeText(limit)} `);
  },
};

/** pfifo and bfifo. */
function fifo(kind: 'pfifo' | 'bfifo'): QdiscKind {
  return {
    parse(args): number | undefined {
      let limit: number | undefined;
      while (args.more) {
        if (args.is('limit')) {
          const word = args.next();
          limit = readSize(word);
          if (limit === undefined) throw new Quit(1, `${kind}: Illegal value for "limit": "${word}"\n`);
        } else if (args.is('help')) throw new Quit(1, FIFO_USAGE);
        else throw new Quit(1, `${kind}: unknown parameter "${args.word}"\n${FIFO_USAGE}`);
        args.skip();
      }
      return limit;
    },
    make: (link, handle, o) =>
      new PassQdisc(
        link,
        handle,
        kind,
        (o as number | undefined) ?? (kind === 'pfifo' ? link.txqlen : link.txqlen * (link.mtu + 14)),
      ),
    change(qdisc, o) {
      if (o !== undefined) (qdisc as PassQdisc).limit = o as number;
    },
    print(out, qdisc) {
      const { limit = 0 } = qdisc as PassQdisc;
      out.any('limit', limit, kind === 'pfifo' ? `limit ${limit}p` : `limit ${limit}b`);
    },
  };
}

/** What the default disciplines print behind their handle. */
export const DEFAULT_TEXT: Readonly<Record<string, string>> = {
  noqueue: '',
  pfifo_fast: 'bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1',
  fq_codel: 'limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64 ',
};

/** Disciplines without options: those a link has by default. */
function plain(kind: string): QdiscKind {
  return {
    parse(args): undefined {
      if (args.more) missing(`${kind} ${args.word}`);
      return undefined;
    },
    make: (link, handle) => new PassQdisc(link, handle, kind, undefined),
    change: () => undefined,
    print: (out) => out.fp(DEFAULT_TEXT[kind] ?? ''),
  };
}

/** By name. */
export const QDISCS: Readonly<Record<string, QdiscKind>> = {
  netem,
  tbf,
  pfifo: fifo('pfifo'),
  bfifo: fifo('bfifo'),
  pfifo_fast: plain('pfifo_fast'),
  fq_codel: plain('fq_codel'),
  noqueue: plain('noqueue'),
};

/** Disciplines the kernel may have and this course leaves out. */
export const LEFT_OUT = new Set([
  ...['cake', 'cbq', 'cbs', 'choke', 'codel', 'drr', 'etf', 'ets', 'fq', 'fq_pie', 'gred', 'hfsc', 'hhf', 'htb'],
  ...['mq', 'mqprio', 'multiq', 'pie', 'plug', 'prio', 'qfq', 'red', 'sfb', 'sfq', 'skbprio', 'taprio'],
]);

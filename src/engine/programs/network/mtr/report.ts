/** What mtr(8) keeps of a hop, and its reports (report.c, net.c). */
import type { IpAddress } from '../../../wire';

/** What is known of one hop. Times in microseconds. */
export interface Hop {
  address: IpAddress | undefined;
  name: string | undefined;
  /** An error other than "time exceeded" came from here. */
  error: boolean;
  sent: number;
  received: number;
  /** The last probe has no answer yet. */
  transit: boolean;
  last: number;
  best: number;
  worst: number;
  average: number;
  /** Sum of squared differences. */
  squares: number;
  logs: number;
  jitter: number;
  jitterAverage: number;
  jitterWorst: number;
  jitterInter: number;
}

/** A hop of which nothing is known. */
export function emptyHop(): Hop {
  return {
    address: undefined,
    name: undefined,
    error: false,
    sent: 0,
    received: 0,
    transit: false,
    last: 0,
    best: 0,
    worst: 0,
    average: 0,
    squares: 0,
    logs: 0,
    jitter: 0,
    jitterAverage: 0,
    jitterWorst: 0,
    jitterInter: 0,
  };
}

/** Counts an answer that took `time`. */
export function answered(h: Hop, time: number): void {
  h.transit = false;
  h.received++;
  h.jitter = h.received > 1 ? Math.abs(time - h.last) : 0;
  h.last = time;
  if (h.received === 1) {
    h.best = h.worst = time;
    h.average = h.squares = h.logs = 0;
    h.jitterAverage = h.jitterWorst = h.jitterInter = 0;
  }
  h.best = Math.min(h.best, time);
  h.worst = Math.max(h.worst, time);
  const before = h.average;
  h.average += (time - before) / h.received;
  h.squares += (time - before) * (time - h.average);
  h.logs += Math.log(Math.max(1, time));
  const jitterBefore = h.jitterAverage;
  h.jitterAverage += (h.jitter - jitterBefore) / h.received;
  h.jitterWorst = Math.max(h.jitterWorst, h.jitter);
  // RFC 1889, A.8.
  h.jitterInter += h.jitter - (h.jitterInter + 8) / 16;
  if (h.jitterInter < 0) h.jitterInter = 0;
}

const loss = (h: Hop): number => {
  const done = h.sent - (h.transit ? 1 : 0);
  return done === 0 ? 0 : 100 - (100 * h.received) / done;
};
const ms = (n: number): number => n / 1000;
const deviation = (h: Hop): number => (h.received > 1 ? Math.sqrt(h.squares / (h.received - 1)) : 0);
const geometric = (h: Hop): number => (h.received > 0 ? Math.exp(h.logs / h.received) : 0);

/** A column: its letter for -o, title, width, decimals, value. */
export interface Field {
  readonly key: string;
  readonly title: string;
  readonly width: number;
  readonly decimals: number;
  readonly unit?: '%';
  readonly value: (h: Hop) => number;
}

/** All columns. */
export const FIELDS: readonly Field[] = [
  { key: ' ', title: ' ', width: 1, decimals: 0, value: () => 0 },
  { key: 'L', title: 'Loss%', width: 6, decimals: 1, unit: '%', value: loss },
  {
    key: 'D',
    title: 'Drop',
    width: 5,
    decimals: 0,
    value: (h) => Math.max(0, h.sent - h.received - (h.transit ? 1 : 0)),
  },
  { key: 'R', title: 'Rcv', width: 6, decimals: 0, value: (h) => h.received },
  { key: 'S', title: 'Snt', width: 6, decimals: 0, value: (h) => h.sent },
  { key: 'N', title: 'Last', width: 6, decimals: 1, value: (h) => ms(h.last) },
  { key: 'B', title: 'Best', width: 6, decimals: 1, value: (h) => ms(h.best) },
  { key: 'A', title: 'Avg', width: 6, decimals: 1, value: (h) => ms(h.average) },
  { key: 'W', title: 'Wrst', width: 6, decimals: 1, value: (h) => ms(h.worst) },
  { key: 'V', title: 'StDev', width: 6, decimals: 1, value: (h) => ms(deviation(h)) },
  { key: 'G', title: 'Gmean', width: 6, decimals: 1, value: (h) => ms(geometric(h)) },
  { key: 'J', title: 'Jttr', width: 5, decimals: 1, value: (h) => ms(h.jitter) },
  { key: 'M', title: 'Javg', width: 5, decimals: 1, value: (h) => ms(h.jitterAverage) },
  { key: 'X', title: 'Jmax', width: 5, decimals: 1, value: (h) => ms(h.jitterWorst) },
  { key: 'I', title: 'Jint', width: 5, decimals: 1, value: (h) => ms(h.jitterInter) },
];

/** The columns of an order such as `LS NABWV`. */
export function fieldsOf(order: string): Field[] {
  return [...order].flatMap((c) => FIELDS.filter((f) => f.key === c));
}

/** One value as its column has it; long numbers are cut, as the real one's buffer does. */
export function cell(f: Field, h: Hop): string {
  if (f.key === ' ') return ' ';
  const text = f.value(h).toFixed(f.decimals) + (f.unit ?? '');
  return ` ${text.padStart(f.width - 1)}`.slice(0, f.width);
}

/** Width of the column of hosts. */
const HOSTS = 33;

/** The table of -r and -w. @param hops those shown, the first being hop number `first` */
export function tableReport(
  local: string,
  hops: readonly { readonly text: string; readonly hop: Hop }[],
  first: number,
  order: string,
  wide: boolean,
): string {
  const fields = fieldsOf(order);
  const width = wide ? Math.max(local.length, ...hops.map((h) => h.text.length)) : HOSTS;
  const begin = (text: string): string => (wide ? text : text.padEnd(HOSTS).slice(0, HOSTS));
  let out = `${begin(`HOST: ${local.padEnd(width)}`)}${fields.map((f) => f.title.padStart(f.width)).join('')}\n`;
  hops.forEach(({ text, hop }, i) => {
    const head = begin(` ${String(first + i).padStart(2)}.|-- ${text.padEnd(width)}`);
    out += `${head}${fields.map((f) => cell(f, hop)).join('')}\n`;
  });
  return out;
}

const real = (n: number, decimals: number): string => {
  const text = String(Number(n.toFixed(decimals)));
  return text.includes('.') ? text : `${text}.0`;
};

/** -j */
export function jsonReport(
  about: {
    readonly local: string;
    readonly host: string;
    readonly tos: number;
    readonly tests: number;
    readonly size: number;
    readonly pattern: number;
  },
  hops: readonly { readonly text: string; readonly hop: Hop }[],
  first: number,
  order: string,
): string {
  const fields = fieldsOf(order).filter((f) => f.key !== ' ');
  const hex = (n: number): string => `0x${n.toString(16).toUpperCase().padStart(2, '0')}`;
  const hubs = hops.map(({ text, hop }, i) => {
    const values = fields.map((f) => {
      const n = f.value(hop);
      return `                "${f.title}": ${f.decimals === 0 ? n : real(n, f.unit ? 1 : 3)}`;
    });
    const lines = [
      `                "count": ${first + i}`,
      `                "host": ${JSON.stringify(text)}`,
      ...values,
    ];
    return `            {\n${lines.join(',\n')}\n            }`;
  });
  return `{
    "report": {
        "mtr": {
            "src": ${JSON.stringify(about.local)},
            "dst": ${JSON.stringify(about.host)},
            "tos": ${about.tos},
            "tests": ${about.tests},
            "psize": "${about.size}",
            "bitpattern": "${hex(about.pattern)}"
        },
        "hubs": [${hubs.length === 0 ? '' : `\n${hubs.join(',\n')}\n        `}]
    }
}
`;
}

/** -x */
export function xmlReport(
  about: {
    readonly local: string;
    readonly host: string;
    readonly tos: number;
    readonly tests: number;
    readonly size: number;
    readonly pattern: number;
  },
  hops: readonly { readonly text: string; readonly hop: Hop }[],
  first: number,
  order: string,
): string {
  const hex = (n: number, w: number): string => `0x${n.toString(16).toUpperCase().padStart(w, '0')}`;
  const hubs = hops.map(({ text, hop }, i) => {
    const values = fieldsOf(order)
      .filter((f) => f.key !== ' ')
      .map((f) => {
        const tag = f.title.replace('%', '');
        return `        <${tag}>${cell(f, hop)}</${tag}>\n`;
      });
    return `    <HUB COUNT="${first + i}" HOST="${text}">\n${values.join('')}    </HUB>\n`;
  });
  return `<?xml version="1.0"?>
<MTR SRC="${about.local}" DST="${about.host}" TOS="${hex(about.tos, 1)}" PSIZE="${about.size}" BITPATTERN="${hex(about.pattern, 2)}" TESTS="${about.tests}">
${hubs.join('')}</MTR>
`;
}

/** -C. @param began seconds since the epoch */
export function csvReport(
  host: string,
  began: number,
  hops: readonly { readonly text: string; readonly hop: Hop }[],
  first: number,
  order: string,
): string {
  const fields = fieldsOf(order);
  const head = `Mtr_Version,Start_Time,Status,Host,Hop,Ip,${fields.map((f) => `${f.title},`).join('')}\n`;
  return (
    head +
    hops
      .map(({ text, hop }, i) => {
        const values = fields.map((f) => (f.decimals === 0 ? String(f.value(hop)) : f.value(hop).toFixed(2)));
        return `MTR.0.95,${began},OK,${host},${first + i},${text},${values.join(',')}\n`;
      })
      .join('')
  );
}

/** How a service chooses a server (net/netfilter/ipvs/ip_vs_{rr,wrr,lc,wlc,sh,dh,sed,nq,fo}.c). */
import type { Ip4 } from '../../wire';
import type { Destination, Service } from './service';

/** What a choice may depend on. */
export interface Arrival {
  readonly src: Ip4;
  readonly dst: Ip4;
}

/** A scheduler bound to one service. */
export interface Scheduler {
  readonly name: string;
  /** The server for a new connection; undefined when none can take it. */
  schedule(service: Service, packet: Arrival): Destination | undefined;
  /** Servers or weights have changed. */
  changed(service: Service): void;
  /** A server is about to leave the list. */
  removed?(service: Service, dest: Destination): void;
}

const usable = (d: Destination): boolean => d.weight > 0 && !d.overloaded;
/** ip_vs_dest_conn_overhead: an active connection costs as much as 256 idle ones. */
const overhead = (d: Destination): number => d.active * 256 + d.inactive;

function rr(): Scheduler {
  let last: Destination | undefined;
  return {
    name: 'rr',
    schedule({ destinations }) {
      const n = destinations.length;
      const from = last === undefined ? -1 : destinations.indexOf(last);
      for (let i = 1; i <= n; i++) {
        const d = destinations[(from + i + n) % n]!;
        if (usable(d)) return (last = d);
      }
      return undefined;
    },
    changed: () => undefined,
    removed({ destinations }, dest) {
      if (dest === last) last = destinations[destinations.indexOf(dest) - 1];
    },
  };
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function wrr(): Scheduler {
  let current: Destination | undefined;
  let [maxWeight, weight, step] = [0, 0, 1];
  return {
    name: 'wrr',
    schedule({ destinations }) {
      if (maxWeight === 0) return undefined;
      let at = current === undefined ? -1 : destinations.indexOf(current);
      // Two passes at the most over every weight.
      for (let turns = 0; turns <= 2 * (maxWeight / step + 1); turns++) {
        for (at++; at < destinations.length; at++) {
          const d = destinations[at]!;
          if (!d.overloaded && d.weight >= weight && d.weight > 0) return (current = d);
        }
        at = -1;
        weight -= step;
        if (weight <= 0) weight = maxWeight;
      }
      return undefined;
    },
    changed({ destinations }) {
      current = undefined;
      step = destinations.reduce((g, d) => (d.weight > 0 ? gcd(d.weight, g) : g), 0) || 1;
      maxWeight = Math.max(0, ...destinations.map((d) => d.weight));
      maxWeight -= step - 1;
      if (weight > maxWeight || weight === 0) weight = maxWeight;
      else if (step > 1) weight = (Math.floor(weight / step) - 0) * step + 1;
    },
  };
}

/** The server with the least of something; ties go to the first of the list. */
function least(name: string, cost: (d: Destination) => number, weighted: boolean, idle: boolean): () => Scheduler {
  return () => ({
    name,
    schedule({ destinations }) {
      let best: Destination | undefined;
      for (const d of destinations) {
        if (!usable(d)) continue;
        if (idle && d.active === 0) return d;
        if (best === undefined || (weighted ? cost(best) * d.weight > cost(d) * best.weight : cost(d) < cost(best)))
          best = d;
      }
      return best;
    },
    changed: () => undefined,
  });
}

/** Buckets of the hashing schedulers. */
const BUCKETS = 256;

function hashed(
  name: string,
  key: (p: Arrival) => Ip4,
  multiplier: number,
  shift: number,
  byWeight: boolean,
): () => Scheduler {
  return () => {
    let buckets: (Destination | undefined)[] = [];
    return {
      name,
      schedule(_service, packet) {
        const product = Math.imul(key(packet), multiplier) >>> 0;
        const d = buckets[shift > 0 ? product >>> shift : product & (BUCKETS - 1)];
        return d && usable(d) ? d : undefined;
      },
      changed({ destinations }) {
        buckets = [];
        if (destinations.length === 0 || destinations.every((d) => d.weight <= 0)) return;
        let at = 0;
        let taken = 0;
        for (let i = 0; i < BUCKETS; i++) {
          const d = destinations[at]!;
          buckets.push(d);
          if (!byWeight || ++taken >= d.weight) {
            at = (at + 1) % destinations.length;
            taken = 0;
          }
        }
      },
    };
  };
}

function fo(): Scheduler {
  return {
    name: 'fo',
    schedule({ destinations }) {
      let best: Destination | undefined;
      for (const d of destinations) if (!d.overloaded && d.weight > (best?.weight ?? 0)) best = d;
      return best;
    },
    changed: () => undefined,
  };
}

const FACTORIES: Readonly<Record<string, () => Scheduler>> = {
  rr,
  wrr,
  lc: least('lc', overhead, false, false),
  wlc: least('wlc', overhead, true, false),
  sed: least('sed', (d) => d.active + 1, true, false),
  nq: least('nq', (d) => d.active + 1, true, true),
  // hash_32 with the golden ratio; Knuth's multiplicative hash.
  sh: hashed('sh', (p) => p.src, 0x61c88647, 24, true),
  dh: hashed('dh', (p) => p.dst, 2654435761, 0, false),
  fo,
};

/** Schedulers of the real kernel that this course does not have. */
export const MISSING_SCHEDULERS: readonly string[] = ['lblc', 'lblcr', 'mh', 'ovf', 'twos'];

/** A scheduler by name; undefined when there is none. */
export function makeScheduler(name: string): Scheduler | undefined {
  return FACTORIES[name]?.();
}

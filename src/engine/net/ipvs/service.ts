/** Virtual services, the servers behind them, and the connections between (struct ip_vs_service, ip_vs_dest, ip_vs_conn). */
import type { Micros, Timer } from '../../core';
import type { Ip4 } from '../../wire';
import { IpvsStats } from './estimator';
import type { Scheduler } from './schedulers';
import type { IpvsState } from './states';

/** How packets get to a server. */
export type Forwarding = 'masq' | 'route';

/** Names a service: a firewall mark, or protocol, address and port (port 0: all, with persistence). */
export type ServiceKey =
  { readonly fwmark: number } | { readonly protocol: 6 | 17; readonly address: Ip4; readonly port: number };

/** Settings of a service. */
export interface ServiceSettings {
  scheduler: string;
  /** Seconds for which a client stays with its server; undefined: no persistence. */
  persistent: number | undefined;
  /** Clients with equal bits stay together. */
  netmask: Ip4;
  onePacket: boolean;
}

/** Settings of a server. */
export interface DestinationSettings {
  weight: number;
  forwarding: Forwarding;
  upper: number;
  lower: number;
}

/** A server. */
export class Destination {
  active = 0;
  inactive = 0;
  persistentConns = 0;
  overloaded = false;
  readonly stats: IpvsStats;

  constructor(
    readonly address: Ip4,
    readonly port: number,
    public settings: DestinationSettings,
    now: Micros,
  ) {
    this.stats = new IpvsStats(now);
  }

  get weight(): number {
    return this.settings.weight;
  }
}

/** A virtual service. */
export class Service {
  /** The newest first, as the kernel's list has them: schedulers walk it in this order. */
  readonly destinations: Destination[] = [];
  readonly stats: IpvsStats;

  constructor(
    readonly key: ServiceKey,
    public settings: ServiceSettings,
    public scheduler: Scheduler,
    now: Micros,
  ) {
    this.stats = new IpvsStats(now);
  }
}

/** A connection, or with `template` the memory of where a client belongs. */
export interface IpvsConnection {
  readonly protocol: number;
  readonly client: Ip4;
  readonly clientPort: number;
  readonly virtual: Ip4;
  readonly virtualPort: number;
  readonly destination: Destination;
  readonly service: Service | undefined;
  readonly template: boolean;
  /** What holds this client to its server. */
  readonly control: IpvsConnection | undefined;
  controlled: number;
  state: IpvsState;
  /** It counts as active at its server. */
  active: boolean;
  timeout: Micros;
  expires: Micros;
  timer: Timer | undefined;
  inPackets: number;
}

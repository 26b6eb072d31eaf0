import type { NetNamespace } from '../namespace';
import { Icmp6 } from './icmp';
import { Ip6Input } from './input';
import { Ip6Output } from './output';
import { Ip6Routing } from './route';

/** IPv6 of one namespace. */
export class Ip6Stack {
  readonly routing: Ip6Routing;
  readonly input: Ip6Input;
  readonly output: Ip6Output;
  readonly icmp: Icmp6;

  constructor(ns: NetNamespace) {
    this.routing = new Ip6Routing(ns);
    this.input = new Ip6Input(ns, this);
    this.output = new Ip6Output(ns, this);
    this.icmp = new Icmp6(ns, this);
  }
}

import type { NetNamespace } from '../namespace';
import { Ip4Input } from './input';
import { Ip4Output } from './output';
import { Ip4Routing } from './route';

/** IPv4 of one namespace. */
export class Ip4Stack {
  readonly routing: Ip4Routing;
  readonly input: Ip4Input;
  readonly output: Ip4Output;

  constructor(ns: NetNamespace) {
    this.routing = new Ip4Routing(ns);
    this.input = new Ip4Input(ns, this);
    this.output = new Ip4Output(ns, this);
  }
}

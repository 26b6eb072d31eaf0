/** nginx's own resolver (ngx_resolver.c): asks the name servers of the `resolver` directive and keeps answers for their TTL. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { IpAddress } from '../../../wire';
import { decodeDns, DNS_RCODE, DNS_TYPE, encodeDns, makeDns, parseIp } from '../../../wire';
import { udpSocket } from '../../network/sockets';
import type { Scope } from './config';
import { parseTime, splitHost } from './config';

/** What a lookup gave. */
export type Lookup = { readonly addresses: readonly IpAddress[] } | { readonly error: string };

/** Microseconds between repetitions of a question. */
const RESEND = 5_000_000;

/** The cache of one worker. */
export class NameCache {
  private readonly entries = new Map<string, { addresses: readonly IpAddress[]; until: number }>();

  constructor(private readonly sys: Sys) {}

  /** The addresses of `name` by the resolver of `scope`; that there is one is the caller's business. */
  *lookup(scope: Scope, name: string): Coroutine<Lookup> {
    const { sys } = this;
    const directive = scope.get('resolver')!;
    const known = this.entries.get(name);
    if (known && known.until > sys.now) return { addresses: known.addresses };
    const servers = directive.args.filter((a) => !a.includes('=')).map((a) => splitHost(a, 53));
    const valid = parseTime(directive.args.find((a) => a.startsWith('valid='))?.slice(6));
    const six = !directive.args.includes('ipv6=off');
    const timeout = scope.time('resolver_timeout', 30);
    const deadline = sys.now + timeout;
    const found: IpAddress[] = [];
    let ttl = Infinity;
    let failure = '3: Host not found';
    for (const type of six ? [DNS_TYPE.A, DNS_TYPE.AAAA] : [DNS_TYPE.A]) {
      const answer = yield* this.ask(servers, name, type, deadline);
      if (answer === undefined) return { error: '110: Operation timed out' };
      if (answer.rcode !== DNS_RCODE.NOERROR) {
        failure = RCODES[answer.rcode] ?? 'Unknown error';
        if (answer.rcode !== DNS_RCODE.NXDOMAIN) break;
        continue;
      }
      for (const r of answer.answers) {
        if (r.data.type === 'A' || r.data.type === 'AAAA') found.push(r.data.address);
        ttl = Math.min(ttl, r.ttl);
      }
    }
    if (found.length === 0) return { error: failure };
    this.entries.set(name, { addresses: found, until: sys.now + (valid ?? ttl) * 1e6 });
    return { addresses: found };
  }

  private *ask(servers: readonly { host: string; port: number }[], name: string, type: number, deadline: number) {
    const { sys } = this;
    const id = (sys.random(1)[0]! << 8) | sys.random(1)[0]!;
    const query = encodeDns(makeDns({ id, recursionDesired: true, questions: [{ name, type, class: 1 }] }));
    for (let n = 0; sys.now < deadline; n++) {
      const server = servers[n % servers.length]!;
      const address = parseIp(server.host.replace(/^\[|\]$/g, ''));
      if (address === undefined) return undefined;
      const socket = udpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6');
      const fd = sys.install(socket);
      try {
        socket.connect({ address, port: server.port });
        socket.send(query);
        for (;;) {
          const m = yield* socket.receive(sys, { until: Math.min(deadline, sys.now + RESEND) });
          const reply = decodeDns(m.data);
          if (reply && reply.response && reply.id === id) return reply;
        }
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (!isErrno(e, 'EAGAIN')) yield* sys.sleep(Math.min(RESEND, Math.max(0, deadline - sys.now)));
      } finally {
        sys.close(fd);
      }
    }
    return undefined;
  }
}

const RCODES: Readonly<Record<number, string>> = {
  1: '1: Format error',
  2: '2: Server failure',
  3: '3: Host not found',
  4: '4: Unimplemented',
  5: '5: Operation refused',
};

/** modprobe(8): of the modules this kernel has, br_netfilter and ip_vs matter; the others are always there. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import { loadBridgeNetfilter } from '../../net/netfilter/br-netfilter';
import { ipvsOf } from '../../net/ipvs';
import { KERNEL_RELEASE } from '../../host/klog';
import { GetoptError, getopt } from '../lib/getopt';

/** Modules that can be named; they do their work whether loaded or not. */
const PRESENT = new Set([
  '8021q',
  'bridge',
  'dummy',
  'ip_set',
  'ip_tables',
  'ip6_tables',
  'ip_vs',
  'ip_vs_rr',
  'ip_vs_sh',
  'ip_vs_wrr',
  'ipt_MASQUERADE',
  'iptable_filter',
  'iptable_nat',
  'ipvlan',
  'macvlan',
  'nf_conntrack',
  'nf_nat',
  'nf_tables',
  'overlay',
  'stp',
  'llc',
  'tun',
  'veth',
  'vxlan',
  'xt_conntrack',
]);

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let names: readonly string[];
  let remove = false;
  let all = false;
  let quiet = false;
  try {
    const parsed = getopt(argv, 'arqvnf', ['all=a', 'remove=r', 'quiet=q', 'verbose=v', 'dry-run=n', 'force=f']);
    for (const o of parsed.options) {
      if (o.name === 'r') remove = true;
      if (o.name === 'a') all = true;
      if (o.name === 'q') quiet = true;
    }
    names = all ? parsed.operands : parsed.operands.slice(0, 1);
  } catch (error) {
    if (!(error instanceof GetoptError)) throw error;
    yield* sys.eprint(`${argv[0]}: ${error.message}\n`);
    return 1;
  }
  if (names.length === 0) {
    yield* sys.eprint('modprobe: ERROR: missing parameters. See -h.\n');
    return 1;
  }
  if (remove) {
    yield* sys.eprint('modprobe: not simulated in this course: -r\n');
    return 1;
  }
  let status = 0;
  for (const given of names) {
    const name = given.replace(/-/g, '_');
    if (name !== 'br_netfilter' && !PRESENT.has(name) && !PRESENT.has(given)) {
      if (!quiet)
        yield* sys.eprint(`modprobe: FATAL: Module ${given} not found in directory /lib/modules/${KERNEL_RELEASE}\n`);
      status = 1;
      continue;
    }
    const ipvs = /^ip_vs(_|$)/.test(name);
    if (name !== 'br_netfilter' && !ipvs) continue;
    if (!sys.netAdmin) {
      yield* sys.eprint(`modprobe: ERROR: could not insert '${name}': Operation not permitted\n`);
      status = 1;
    } else if (ipvs) ipvsOf(sys.net);
    else loadBridgeNetfilter(sys.net);
  }
  return status;
}

/** modprobe(8) */
export const modprobe: Program = {
  name: 'modprobe',
  path: '/usr/sbin/modprobe',
  summary: 'add a module to the kernel',
  main,
  complete: () => ['br_netfilter', ...PRESENT],
};

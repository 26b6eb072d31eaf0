/** Programs that configure netfilter, and that show what it does. */
import type { Program } from '../../host';
import '../../host/netfs/register';
import { conntrack } from './conntrack';
import { ipset } from './ipset';
import { IPTABLES_PROGRAMS } from './iptables';
import { nft } from './nft/nft';
import { modprobe } from './modprobe';

/** All of them. */
export const NETFILTER_PROGRAMS: readonly Program[] = [conntrack, nft, ...IPTABLES_PROGRAMS, ipset, modprobe];

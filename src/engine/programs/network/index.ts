/** Network tools. */
import type { Program } from '../../host';
import '../../host/netfs/register';
import { haveDialer } from '../../shell/dialer';
import { arping } from './arping';
import { brctl } from './brctl';
import { dial } from './dial';
import { ethtool } from './ethtool';
import { miiTool } from './mii-tool';
import { ipcalc } from './ipcalc';
import { nc } from './nc';
import { mtr } from './mtr';
import { ncat } from './ncat';
import { arp } from './net-tools/arp';
import { ifconfig } from './net-tools/ifconfig';
import { netstat } from './net-tools/netstat';
import { route } from './net-tools/route';
import { ping } from './ping';
import { socat } from './socat';
import { tcpdump } from './tcpdump';
import { tracepath } from './tracepath';
import { traceroute } from './traceroute';

haveDialer(dial);

/** All of them. */
export const NETWORK_PROGRAMS: readonly Program[] = [
  arp,
  arping,
  brctl,
  ethtool,
  ifconfig,
  ipcalc,
  miiTool,
  mtr,
  nc,
  ncat,
  netstat,
  ping,
  route,
  socat,
  tcpdump,
  tracepath,
  traceroute,
];

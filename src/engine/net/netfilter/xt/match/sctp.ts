/** -m sctp: its ports; chunk types are not simulated (net/netfilter/xt_sctp.c). */
import type { XtMatchExtension } from '../command-line';
import { transportBytes } from '../packet';
import { nftPorts, portMatches, printPorts, savePorts } from './tcp';
import type { UdpInfo } from './udp';
import { udp } from './udp';

/** The extension. */
export const sctp: XtMatchExtension<UdpInfo> = {
  ...udp,
  name: 'sctp',
  protocols: { ip: 132, ip6: 132 },
  print: (i, c) =>
    ' sctp' +
    printPorts('spt', i.sport, i.notSport, 132, c.numeric) +
    printPorts('dpt', i.dport, i.notDport, 132, c.numeric),
  save: (i) => savePorts('sport', i.sport, i.notSport) + savePorts('dport', i.dport, i.notDport),
  nft: (i) => (nftPorts('sctp sport', i.sport, i.notSport) + nftPorts('sctp dport', i.dport, i.notDport)).trimEnd(),
  kernel: {
    name: 'sctp',
    matches(i, p) {
      if (p.fragmentOffset > 0) return false;
      const b = transportBytes(p);
      if (b.length < 12) return false;
      return (
        portMatches(i.sport, (b[0]! << 8) | b[1]!, i.notSport) && portMatches(i.dport, (b[2]! << 8) | b[3]!, i.notDport)
      );
    },
    check: (_i, place) => (place.protocol === 132 && !place.protocolInverted ? undefined : 'EINVAL'),
  },
};

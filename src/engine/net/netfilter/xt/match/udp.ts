/** -m udp (net/netfilter/xt_tcpudp.c, extensions/libxt_udp.c). */
import type { XtMatchExtension } from '../command-line';
import { portsOf } from '../packet';
import { PORT_OPTIONS, nftPorts, portMatches, portsOnce, printPorts, savePorts } from './tcp';

/** struct xt_udp */
export interface UdpInfo {
  sport: readonly [number, number];
  dport: readonly [number, number];
  notSport: boolean;
  notDport: boolean;
}

/** The extension. */
export const udp: XtMatchExtension<UdpInfo> = {
  kind: 'match',
  name: 'udp',
  revision: 0,
  protocols: { ip: 17, ip6: 17 },
  options: PORT_OPTIONS,
  make: () => ({ sport: [0, 65535], dport: [0, 65535], notSport: false, notDport: false }),
  parse(info, option, value, inverted, c) {
    portsOnce(option, c.seen, c.again === true);
    if (option === 'sport' || option === 'source-port') {
      info.sport = value.range;
      info.notSport = inverted;
    } else {
      info.dport = value.range;
      info.notDport = inverted;
    }
  },
  print: (i, c) =>
    ' udp' +
    printPorts('spt', i.sport, i.notSport, 17, c.numeric) +
    printPorts('dpt', i.dport, i.notDport, 17, c.numeric),
  save: (i) => savePorts('sport', i.sport, i.notSport) + savePorts('dport', i.dport, i.notDport),
  nft: (i) => (nftPorts('udp sport', i.sport, i.notSport) + nftPorts('udp dport', i.dport, i.notDport)).trimEnd(),
  kernel: {
    name: 'udp',
    matches(i, p) {
      const { src, dst } = portsOf(p);
      return src >= 0 && portMatches(i.sport, src, i.notSport) && portMatches(i.dport, dst, i.notDport);
    },
    check: (_i, place) => (place.protocol === 17 && !place.protocolInverted ? undefined : 'EINVAL'),
  },
};

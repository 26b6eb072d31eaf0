/**
 * Records which packets of synthetic.pcap the real libpcap 1.10.3 lets through for each filter expression, or what it says
 * against it: filters.json maps an expression to packet numbers or to the error line.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const EXPRESSIONS = `
tcp|udp|icmp|icmp6|arp|rarp|ip|ip6|igmp|sctp|host 10.0.0.1|src 10.0.0.1|dst 10.0.0.1|src host 10.0.0.2|ip host 10.0.0.2|arp host 10.0.0.2
host 2001:db8::1|ip6 host 2001:db8::2|net 10.0.0.0/8|net 10.1|net 10|net 10.0.0.0 mask 255.255.255.0|src net 10.0.0.0/24|net 2001:db8::/32|net fe80::/10
port 80|tcp port 80|udp port 53|port 53|src port 53|dst port 53|src or dst port 80|src and dst port 5353|src and dst 10.0.0.1|portrange 1-1000|tcp portrange 21-25
port domain|port http|port ssh|tcp port 80 or 443|tcp port 80 or 443 or 8080 and src port 40000|host 10.0.0.1 and not tcp|not arp and not ip6|not (tcp or udp)
host (10.0.0.1 or 10.0.0.3)|port (53 or 80)|tcp or udp and port 53|tcp and (port 22 or port 25)|!arp && (icmp || icmp6)
ether host 02:00:00:00:00:01|ether dst ff:ff:ff:ff:ff:ff|ether src 02:00:00:00:00:02|ether broadcast|ether multicast|broadcast|multicast|ip broadcast|ip multicast|ip6 multicast
ether proto 0x0806|ether proto \\arp|ether proto \\ip6|ether[12:2] = 0x8100|ether[0] & 1 = 1|proto 17|ip proto 1|ip6 proto 58|ip proto \\tcp|proto \\udp|ip proto 47|ip proto 253
vlan|vlan 10|vlan 11|vlan and arp|vlan 10 and host 10.0.0.1|arp or vlan|vlan or arp
less 60|greater 100|len > 60|len <= 60|len = 42|length < 50
tcp[tcpflags] & (tcp-syn|tcp-ack) != 0|tcp[tcpflags] & tcp-syn != 0|tcp[tcpflags] == tcp-syn|tcp[13] = 18|tcp[13] & 4 != 0 or icmp|tcp[tcpflags] & (tcp-fin|tcp-rst) != 0
icmp[icmptype] == icmp-echo|icmp[icmptype] = icmp-unreach and icmp[icmpcode] = 4|icmp[0] = 8 or icmp[0] = 0|icmp6[icmp6type] = icmp6-neighborsolicit|icmp6[0] = 135 or icmp6[0] = 136|icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply
ip[8] < 5|ip[8] = 64|ip[6:2] & 0x3fff != 0|ip[6:2] & 0x1fff != 0|ip[6] & 0x40 != 0|ip[0] & 0xf != 5|ip[2:2] > 100|(ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2) != 0
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)|udp[4:2] > 40|udp[8] = 0x68|tcp[20:4] = 0x47455420|tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420|ip[1] & 0xfc >> 2 = 0|ip[9] * 2 = 12|ip[9] / 2 = 3|ip[1] != 0
5 > 3|3 > 5|1 + 1 = 2|ip[2000] = 1|not ip[2000] = 1|tcp[2000] = 1 or arp|ip[19] + ip[15] = 3|-1 = 0xffffffff|udp[2:2] = 4789|udp port 4789 and udp[8:2] = 0x0800
inbound|outbound
src 10.0.0.1 and dst 10.0.0.2 and tcp|tcp and src 10.0.0.1 or udp|src or dst host 10.0.0.2|dst or src port 25|src 10.0.0.1 or 10.0.0.2|icmp or arp or tcp port 22
bogus filter|port http and|host|tcp[13|port 99999|host nosuch.invalid|proto foo|net 10.0.0.1/8|port foo|ether host 1|foo|ip host|vlan 5000|(tcp|tcp)|less|udp host 10.0.0.1
ip proto tcp|10.0.0.1|icmp[300000|host 10.0.0.256|icmp port 3|not|host -1|a b|arp port 5|net 10.0.0.5/24|src port 80 dst port 90|ip6 host 10.0.0.1|ip host 2001:db8::1|@|gateway foo|tcp[0:3] = 1
udp port http|tcp port tftp|host 10.0.0.1 port 80|tcp-syn|port 80-90|host 10.0.0.0/8|tcp port|and|tcp and|tcp or or udp|port|src|src port|host 02:00:00:00:00:01|net 10.0.0.0/33|net 2001:db8::1/32|ether proto arp|tcp[] = 1|len >|()|tcp ()|host 10.0.0.1 and 10.0.0.2|0x11111111111|ip[0]
tcp host 10.0.0.1|icmp host 10.0.0.1|tcp net 10.0.0.0/8|tcp src 10.0.0.1|ip src 10.0.0.1|ip dst host 10.0.0.2|arp src 10.0.0.1|ether src host 02:00:00:00:00:01|tcp src port 80|udp dst portrange 50-60|ip net 10.0.0.0/24|portrange 80|portrange 90-80|port 0x50|host 0x0a000001|net 192.168|host 10.1
`
  .split(/\n|(?<!\|)\|(?=[a-z!(\d@\-])(?!tcp-ack|tcp-rst|\|)/)
  .map((e) => e.trim())
  .filter((e) => e !== '');

const results = {};
const stamp = (number) => `${1763916410 + Math.floor(number / 3) * 7}.${String((number * 123457) % 1000000).padStart(6, '0')}`;
const numbers = new Map(Array.from({ length: 500 }, (_, i) => [stamp(i), i]));
for (const expression of EXPRESSIONS) {
  const run = spawnSync('tcpdump', ['-n', '-tt', '-r', join(here, 'synthetic.pcap'), '--', expression], { encoding: 'latin1' });
  if (run.status === 0) {
    results[expression] = run.stdout
      .split('\n')
      .map((line) => numbers.get(line.split(' ')[0]))
      .filter((n) => n !== undefined);
  } else results[expression] = run.stderr.split('\n').find((line) => line.startsWith('tcpdump: ')).slice('tcpdump: '.length);
}
writeFileSync(join(here, 'filters.json'), JSON.stringify(results).replace(/,"/g, ',\n"') + '\n');

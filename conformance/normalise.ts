/**
 * Makes two recordings of the same thing comparable: clocks, identifiers, random names and hash orders are levelled.
 * The rules are the recordings' own (`normalise.md` beside them); the same function is applied to both sides.
 */
import type { Row } from './recording';

/** MAC addresses that scenarios set themselves, or that are not random. */
const FIXED_MAC = /^(02:00:00|02:42|ff:ff:ff:ff:ff:ff|00:00:00:00:00:00|33:33:00|01:00:5e|01:80:c2)/;

/** Substitutions, in order. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/\b\d\d:\d\d:\d\d\.\d{6}\b/gm, 'HH:MM:SS.U'],
  [
    /\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (\d\d )?[A-Z][a-z]{2} ([ \d]\d )?(\d{4} )?\d\d:\d\d:\d\d( (UTC|GMT))?( \d{4})?/gm,
    'DATE',
  ],
  [/\[\d\d\/[A-Z][a-z]{2}\/\d{4}[ :]\d\d:\d\d:\d\d( \+0000)?\]/gm, '[DATE]'],
  [/\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d(:\d\d)?\b/gm, 'DATE'],
  [/\b\d{4}[-\/]\d\d[-\/]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?/gm, 'DATE'],
  [/\[\d{10}\.\d{6}\s*\]/gm, '[EPOCH]'],
  [/\[\d{4}-\d\d-\d\dT[\d:.]+\]/gm, '[DATE]'],
  [/time=[\d.]+ ms/gm, 'time=T ms'],
  [/\btime \d+ms$/gm, 'time Tms'],
  [/= [\d.]+\/[\d.]+\/[\d.]+\/[\d.]+ ms/gm, '= T/T/T/T ms'],
  [/^pipe \d+$/gm, 'pipe N'],
  [/, pipe \d+$/gm, ', pipe N'],
  [/ipg\/ewma [\d.\/]+ ms/gm, 'ipg/ewma T ms'],
  [/\b\d+\.\d+ ms\b/gm, 'T ms'],
  [/ +\d+\.\d+ms\b/gm, ' Tms'],
  [/after \d+ (ms|milliseconds)/gm, 'after T $1'],
  [/^(real|user|sys)\t\d+m[\d.]+s/gm, '$1\tT'],
  [/Query time: \d+ msec/gm, 'Query time: T msec'],
  [/\bexpires \d+sec/gm, 'expires Tsec'],
  [/timer:\((\w+),[\d.a-z]+,(\d+)\)/gm, 'timer:($1,T,$2)'],
  [/^\d{3} \d+\.\d{6}$/gm, 'CODE T'],
  [/\bid \d+, (seq|offset)/gm, 'id N, $1'],
  [/\bid=\d+/gm, 'id=N'],
  [/->>HEADER<<-(.*), id: \d+/gm, '->>HEADER<<-$1, id: N'],
  [/cksum 0x[0-9a-f]+ \((incorrect -> 0x[0-9a-f]+|correct)\)/gm, 'cksum C'],
  [/\bseq \d{6,}:\d{6,}/gm, 'seq S:S'],
  [/\b(seq|ack) \d{6,}/gm, '$1 S'],
  [/sack \d+ \{[\d:}{]+\}/gm, 'sack X'],
  [/TS val \d+ ecr \d+/gm, 'TS val T ecr T'],
  [/\bwin \d+/gm, 'win W'],
  [
    /((?:sport|dport|port-src|port-dst|SPT|DPT)[= ])(3[3-9]\d{3}|32[89]\d\d|327[7-9]\d|3276[89]|[45]\d{4}|60\d{3})\b/gm,
    '$1EPH',
  ],
  [/(\d[.:\]])(3[3-9]\d{3}|32[89]\d\d|327[7-9]\d|3276[89]|[45]\d{4}|60\d{3})\b(?! bytes)/gm, '$1EPH'],
  [/sport=80(80)? dport=\d{4,5}/gm, 'sport=80$1 dport=EPH'],
  [/dport=80(80)? sport=\d{4,5}/gm, 'dport=80$1 sport=EPH'],
  [/(\d+\.\d+\.\d+\.\d+):\d{4,5}(?= +(users|$|timer))/gm, '$1:EPH'],
  [/(: )\d{1,5}([+*]{0,2} (?:\[1au\] )?(?:[A-Z]+\?|\d+\/\d+\/\d+|NXDomain|Refused|ServFail))/gm, '$1DNSID$2'],
  [/(Connection received on [\d.]+) \d+/gm, '$1 EPH'],
  [/\b\d+ usec\b/gm, 'U usec'],
  [/qdisc (\w+) \d{4}:/gm, 'qdisc $1 H:'],
  [/in \d+\.\d\d seconds/gm, 'in T seconds'],
  [/0x7f[0-9a-f]{10}/gm, 'PTR'],
  [/closed \d+,/gm, 'closed N,'],
  [/\bpid[= ]\d+/gm, 'pid=P'],
  [/\b\d+\/([A-Za-z][\w.-]*)(?=[ :])/gm, 'P/$1'],
  [/\b(dnsmasq|socat)\[\d+\]/gm, '$1[P]'],
  [/\/proc\/\d+\//gm, '/proc/P/'],
  [/\b(net|uts|mnt|ipc|pid|user|time|cgroup):\[\d+\]/gm, '$1:[INO]'],
  [/\b40265\d{5}\b/gm, 'INO'],
  [/ETag(\x1b\[0m)?: "[0-9a-f]+-/gm, 'ETag$1: "X-'],
  [/^ +\d+: ([0-9A-F]{8}:[0-9A-F]{4}) ([0-9A-F]{8}):[0-9A-F]{4} (\w\w) .*$/gm, '$1 $2 $3 ...'],
  [
    /^((?:\[DATE\]\t *\[\w+\] |\[EPOCH\]\t *\[\w+\] | *\[\w+\] )?(?:ipv[46] +\d+ +)?(?:tcp|udp|icmp|icmpv6) +\d+ )\d+ /gm,
    '$1TTL ',
  ],
  [/ use=\d+/gm, ' use=N'],
  [/-A -t \d+ /gm, '-A -t TTL '],
  [/<timeout>\d+<\/timeout>/gm, '<timeout>TTL</timeout>'],
  [/<(id|use)>\d+</gm, '<$1>N<'],
  [/ref \d+ used [\d\/]+(probes)? ?(\d+)?/gm, 'ref N used U'],
  [/used \d+\/\d+/gm, 'used U'],
  [/\b(REACHABLE|DELAY|STALE|PROBE)\b/gm, 'VALID'],
  [/"(REACHABLE|DELAY|STALE|PROBE)"/gm, '"VALID"'],
  [/\b(INCOMPLETE|FAILED)\b/gm, 'UNRESOLVED'],
  [/^( +\d+\t[0-9a-f:]{17}\t(?:yes|no)\t\t) +[\d.]+/gm, '$1 AGE'],
  [/(_timer|timer)\s+\d+\.\d\d/gm, '$1 T'],
  [/^ *[\d.]+[kMG]?( +[\d.]+[kMG]?){5} *$/gm, 'COUNTERS'],
  [/(RX|TX) packets \d+  bytes \d+ \(.*\)/gm, '$1 packets N  bytes N'],
  [/(drops|packets|xmit|bytes|redirect|errors)": ?\d+/gm, '$1":N'],
  [/^ *\w+:( +\d+){16}$/gm, 'DEV COUNTERS'],
  [/\[(\d+):(\d+)\]/gm, '[PKTS:BYTES]'],
  [/^\t .*\b(cubic|bbr|reno)\b.*$/gm, '	TCPINFO'],
  [/(\d+ +){2,}\d+ +\d+ .*--:--.*/gm, 'CURLPROGRESS'],
];

/**
 * What differs between two machines, not between two kernels: process 1 (the recorder itself there, init here) and the
 * counters of /proc that are summed over every namespace of the machine.
 */
const MACHINE: readonly (readonly [command: RegExp, pattern: RegExp, replacement: string])[] = [
  [/\blsns\b/, /(\/root\/\.pyenv\/|\/sbin\/init).*$/gm, 'PID1'],
  [/sockstat/, /orphan \d+ tw (\d+) alloc \d+ mem \d+/g, 'orphan N tw $1 alloc N mem N'],
  // Queues follow the number of processors; a kernel for one has no receive queues to tell of, and other timer ticks.
  [/\btc\b/, /refcnt \d+/g, 'refcnt N'],
  // Counters, as those of `ip -s`: how many frames got lost is chance.
  [/\btc\b/, /Sent \d+ bytes \d+ pkt \(dropped \d+/g, 'Sent N bytes N pkt (dropped N'],
  [/\bip (-\S+ )*-d|-details/, / numrxqueues \d+|,"num_rx_queues":\d+/g, ''],
  [/\bip (-\S+ )*-d|-details/, /(mcast_startup_query_interval) 312[45]/g, '$1 T'],
  // Lines of LOG: clock, identities and sequence numbers; the window scale follows the machine's memory.
  [/\bdmesg\b/, /\[ *\d+\.\d{6}\]/g, '[CLOCK]'],
  [/\bdmesg\b/, / ID=\d+/g, ' ID=N'],
  [/\bdmesg\b/, / (SEQ|ACK)=\d{6,}/g, ' $1=S'],
  [/\bdmesg\b/, /(OPT \([0-9A-F]*080A)[0-9A-F]{16}([0-9A-F]*0303)[0-9A-F]{2}/g, '$1T$2W'],
  [/protocols/, /^(\w+) +\d+ +-?\d+ +-?\d+ +/gm, '$1 SIZE N N '],
];

/** Commands whose output has no order: hash tables. */
const UNORDERED =
  /conntrack -[LDE]|\bip (-\S+ )*n(eigh)?\b|bridge .*fdb|showmacs|^ss |\barp -|\/proc\/net\/|netstat -t|nf_conntrack|ip netns( list)?$|getent ahosts|dig .*multi|lsns|pcap/;

/** MAC addresses seen so far in one scenario, by order of appearance. */
export type MacContext = Map<string, string>;

/** What is compared of a command. */
export interface Compared {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

/** Normalises what a command printed. `macs` is one map per scenario and side. */
export function normalise(row: Pick<Row, 'cmd' | 'stdout' | 'stderr' | 'exit'>, macs: MacContext): Compared {
  return {
    stdout: normaliseText(row.stdout, row.cmd, macs),
    stderr: normaliseText(row.stderr, row.cmd, macs),
    exit: row.exit,
  };
}

function normaliseText(raw: string, cmd: string, macs: MacContext): string {
  let text = nameMacs(raw.replace(/\r/g, ''), macs);
  for (const [pattern, replacement] of RULES) text = text.replace(pattern, replacement);
  for (const [command, pattern, replacement] of MACHINE)
    if (command.test(cmd)) text = text.replace(pattern, replacement);
  text = text.replace(/[ \t]+$/gm, '');
  if (/\bss\b|netstat|iptables.* -v|lsns/.test(cmd)) text = text.replace(/[ \t]+/g, ' ');
  if (/iptables.*-v|-c\b/.test(cmd)) text = text.replace(/^ ?\d+[KMG]? +\d+[KMG]? /gm, 'N N ');
  if (UNORDERED.test(cmd)) text = text.split('\n').sort().join('\n');
  return text;
}

function nameMacs(text: string, macs: MacContext): string {
  return text
    .replace(/8000\.[0-9a-f:]{8,17}/g, '8000.<BRIDGEID>')
    .replace(/\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b/g, (mac) => {
      const lower = mac.toLowerCase();
      if (FIXED_MAC.test(lower)) return lower;
      const known = macs.get(lower) ?? `<MAC${macs.size}>`;
      macs.set(lower, known);
      return known;
    })
    .replace(/fe80::[0-9a-f]{1,4}:[0-9a-f]{1,2}ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}/g, (address) =>
      /^fe80::(42|ff|0?):/.test(address) ? address : '<LL>',
    )
    .replace(/ff02::1:ff[0-9a-f]{2}:[0-9a-f]{1,4}/g, '<SOLICITED>');
}

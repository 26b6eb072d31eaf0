/**
 * Port and protocol names, the extract of Debian's /etc/services and /etc/protocols that the course meets. Used when
 * printing without -n and for names in filter expressions.
 */

/** name, port, and the protocols it is registered for: t TCP, u UDP. The first name of a port is the one printed. */
const SERVICES: readonly (readonly [string, number, string])[] = [
  ['tcpmux', 1, 't'],
  ['echo', 7, 'tu'],
  ['discard', 9, 'tu'],
  ['systat', 11, 't'],
  ['daytime', 13, 'tu'],
  ['netstat', 15, 't'],
  ['qotd', 17, 't'],
  ['chargen', 19, 'tu'],
  ['ftp-data', 20, 't'],
  ['ftp', 21, 't'],
  ['fsp', 21, 'u'],
  ['ssh', 22, 't'],
  ['telnet', 23, 't'],
  ['smtp', 25, 't'],
  ['time', 37, 'tu'],
  ['whois', 43, 't'],
  ['tacacs', 49, 'tu'],
  ['domain', 53, 'tu'],
  ['bootps', 67, 'u'],
  ['bootpc', 68, 'u'],
  ['tftp', 69, 'u'],
  ['gopher', 70, 't'],
  ['finger', 79, 't'],
  ['http', 80, 't'],
  ['kerberos', 88, 'tu'],
  ['iso-tsap', 102, 't'],
  ['acr-nema', 104, 't'],
  ['pop3', 110, 't'],
  ['sunrpc', 111, 'tu'],
  ['auth', 113, 't'],
  ['nntp', 119, 't'],
  ['ntp', 123, 'u'],
  ['epmap', 135, 't'],
  ['netbios-ns', 137, 'u'],
  ['netbios-dgm', 138, 'u'],
  ['netbios-ssn', 139, 't'],
  ['imap2', 143, 't'],
  ['snmp', 161, 'tu'],
  ['snmp-trap', 162, 'tu'],
  ['cmip-man', 163, 'tu'],
  ['bgp', 179, 't'],
  ['irc', 194, 'tu'],
  ['ldap', 389, 'tu'],
  ['https', 443, 'tu'],
  ['snpp', 444, 't'],
  ['microsoft-ds', 445, 'tu'],
  ['kpasswd', 464, 'tu'],
  ['submissions', 465, 't'],
  ['isakmp', 500, 'u'],
  ['exec', 512, 't'],
  ['biff', 512, 'u'],
  ['login', 513, 't'],
  ['who', 513, 'u'],
  ['shell', 514, 't'],
  ['syslog', 514, 'u'],
  ['printer', 515, 't'],
  ['route', 520, 'u'],
  ['dhcpv6-client', 546, 'u'],
  ['dhcpv6-server', 547, 'u'],
  ['rtsp', 554, 'tu'],
  ['nntps', 563, 't'],
  ['submission', 587, 't'],
  ['ldaps', 636, 'tu'],
  ['domain-s', 853, 'tu'],
  ['rsync', 873, 't'],
  ['ftps', 990, 't'],
  ['telnets', 992, 't'],
  ['imaps', 993, 't'],
  ['pop3s', 995, 't'],
  ['socks', 1080, 't'],
  ['openvpn', 1194, 'tu'],
  ['ms-sql-s', 1433, 't'],
  ['radius', 1812, 'tu'],
  ['radius-acct', 1813, 'tu'],
  ['nfs', 2049, 'tu'],
  ['gnunet', 2086, 'tu'],
  ['iscsi-target', 3260, 't'],
  ['mysql', 3306, 't'],
  ['ms-wbt-server', 3389, 't'],
  ['svn', 3690, 't'],
  ['epmd', 4369, 't'],
  ['ipsec-nat-t', 4500, 'u'],
  ['iax', 4569, 'u'],
  ['sip', 5060, 'tu'],
  ['sip-tls', 5061, 'tu'],
  ['xmpp-client', 5222, 't'],
  ['xmpp-server', 5269, 't'],
  ['mdns', 5353, 'u'],
  ['postgresql', 5432, 't'],
  ['amqps', 5671, 't'],
  ['amqp', 5672, 't'],
  ['x11', 6000, 't'],
  ['redis', 6379, 't'],
  ['ircs-u', 6697, 't'],
  ['http-alt', 8080, 'tu'],
  ['bacula-dir', 9101, 't'],
  ['git', 9418, 't'],
  ['zabbix-agent', 10050, 't'],
  ['zabbix-trapper', 10051, 't'],
];

/** Other spellings /etc/services lists for the same port. */
const ALIASES: Readonly<Record<string, string>> = {
  www: 'http',
  mail: 'smtp',
  imap: 'imap2',
  loc: 'epmap',
  nicname: 'whois',
  'kerberos-sec': 'kerberos',
  krb5: 'kerberos',
  'pop-3': 'pop3',
  portmapper: 'sunrpc',
  snmptrap: 'snmp-trap',
  ident: 'auth',
  urd: 'submissions',
  ssmtp: 'submissions',
  smtps: 'submissions',
  cmd: 'shell',
  spooler: 'printer',
  router: 'route',
  rip: 'route',
  webcache: 'http-alt',
  postgres: 'postgresql',
};

const tcpNames = new Map<number, string>();
const udpNames = new Map<number, string>();
const byName = new Map<string, { port: number; tcp: boolean; udp: boolean }>();

for (const [name, port, protocols] of SERVICES) {
  const tcp = protocols.includes('t');
  const udp = protocols.includes('u');
  if (tcp && !tcpNames.has(port)) tcpNames.set(port, name);
  if (udp && !udpNames.has(port)) udpNames.set(port, name);
  byName.set(name, { port, tcp, udp });
}

/** The service registered for a port, if there is one. */
export function serviceName(port: number, protocol: 'tcp' | 'udp'): string | undefined {
  return (protocol === 'tcp' ? tcpNames : udpNames).get(port);
}

/** The port of a service name or alias, and the protocols it is registered for. */
export function servicePort(name: string): { port: number; tcp: boolean; udp: boolean } | undefined {
  return byName.get(ALIASES[name] ?? name);
}

/** Names of IP protocols as /etc/protocols spells them. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  0: 'hopopt',
  1: 'icmp',
  2: 'igmp',
  4: 'ipencap',
  6: 'tcp',
  8: 'egp',
  17: 'udp',
  33: 'dccp',
  41: 'ipv6',
  43: 'ipv6-route',
  44: 'ipv6-frag',
  46: 'rsvp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  59: 'ipv6-nonxt',
  60: 'ipv6-opts',
  88: 'eigrp',
  89: 'ospf',
  94: 'ipip',
  103: 'pim',
  112: 'vrrp',
  115: 'l2tp',
  132: 'sctp',
  136: 'udplite',
};

/** The name of an IP protocol number. */
export function protocolName(protocol: number): string | undefined {
  return PROTOCOLS[protocol];
}

/** The number of an IP protocol name. */
export function protocolNumber(name: string): number | undefined {
  for (const [number, known] of Object.entries(PROTOCOLS)) if (known === name) return Number(number);
  return undefined;
}

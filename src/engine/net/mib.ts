/** Counters of a namespace: /proc/net/snmp, /proc/net/netstat and /proc/net/snmp6, named as nstat prints them. */
const NAMES = [
  'IpInReceives', 'IpInHdrErrors', 'IpInAddrErrors', 'IpForwDatagrams', 'IpInUnknownProtos', 'IpInDiscards', 'IpInDelivers',
  'IpOutRequests', 'IpOutDiscards', 'IpOutNoRoutes', 'IpReasmTimeout', 'IpReasmReqds', 'IpReasmOKs', 'IpReasmFails', 'IpFragOKs',
  'IpFragFails', 'IpFragCreates', 'IpOutTransmits', 'IcmpInMsgs', 'IcmpInErrors', 'IcmpInCsumErrors', 'IcmpInDestUnreachs',
  'IcmpInTimeExcds', 'IcmpInRedirects', 'IcmpInEchos', 'IcmpInEchoReps', 'IcmpOutMsgs', 'IcmpOutErrors', 'IcmpOutDestUnreachs',
  'IcmpOutTimeExcds', 'IcmpOutRedirects', 'IcmpOutEchos', 'IcmpOutEchoReps', 'IcmpOutRateLimitHost', 'TcpActiveOpens', 'TcpPassiveOpens',
  'TcpAttemptFails', 'TcpEstabResets', 'TcpInSegs', 'TcpOutSegs', 'TcpRetransSegs', 'TcpInErrs', 'TcpOutRsts',
  'TcpInCsumErrors', 'UdpInDatagrams', 'UdpNoPorts', 'UdpInErrors', 'UdpOutDatagrams', 'UdpRcvbufErrors', 'UdpSndbufErrors',
  'UdpInCsumErrors', 'Ip6InReceives', 'Ip6InDelivers', 'Ip6OutRequests', 'Ip6OutForwDatagrams', 'Ip6InNoRoutes',
  'Ip6InAddrErrors', 'Ip6InHdrErrors', 'Ip6InTooBigErrors', 'Ip6OutNoRoutes', 'Icmp6InMsgs', 'Icmp6OutMsgs', 'Icmp6InEchos', 'Icmp6InEchoReplies',
  'Icmp6OutEchos', 'Icmp6OutEchoReplies', 'TcpExtIPReversePathFilter', 'TcpExtListenOverflows', 'TcpExtListenDrops',
  'TcpExtTCPTimeouts', 'TcpExtTCPSynRetrans', 'TcpExtTCPFastRetrans', 'TcpExtDelayedACKs', 'TcpExtTW', 'TcpExtTCPAbortOnData',
  'TcpExtTCPAbortOnClose', 'TcpExtTCPAbortOnTimeout',
] as const;

/** Name of a counter. */
export type MibName = (typeof NAMES)[number];

/** All counters, in the order of the kernel's files as far as they are kept. */
export type Mib = Record<MibName, number>;

/** Fresh counters. */
export function zeroMib(): Mib {
  return Object.fromEntries(NAMES.map((n) => [n, 0])) as Mib;
}

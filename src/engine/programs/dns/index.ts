/** Names: the tools that ask name servers, and a name server. */
import type { Program } from '../../host';
import { dig } from './dig';
import { dnsmasq } from './dnsmasq';
import { host } from './host';
import { nslookup } from './nslookup';

/** All of them. */
export const DNS_PROGRAMS: readonly Program[] = [dig, dnsmasq, host, nslookup];

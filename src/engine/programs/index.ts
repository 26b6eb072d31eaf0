import type { Program } from '../host';
import { BASH_PROGRAMS, setLineReader } from '../shell';
import { Readline } from '../shell/readline';
import { COREUTILS } from './coreutils';
import { DATA_TOOLS } from './data';
import { DNS_PROGRAMS } from './dns';
import { FILE_TOOLS } from './files';
import { HTTP_PROGRAMS } from './http';
import { IPROUTE2_PROGRAMS } from './iproute2';
import './link-kinds';
import { IPVS_PROGRAMS } from './ipvs';
import { MACHINE_TOOLS } from './machine';
import { NAMESPACE_PROGRAMS } from './namespaces';
import { NETFILTER_PROGRAMS } from './netfilter';
import { NETWORK_PROGRAMS } from './network';
import { PROCESS_TOOLS } from './processes';
import { SCREEN_TOOLS } from './screen';
import { TEXT_TOOLS } from './text';
import { TRAFFIC_PROGRAMS } from './traffic';

setLineReader(new Readline());

/** Every program that can be installed on a machine. */
export const PROGRAMS: readonly Program[] = [
  ...BASH_PROGRAMS,
  ...COREUTILS,
  ...DATA_TOOLS,
  ...DNS_PROGRAMS,
  ...FILE_TOOLS,
  ...HTTP_PROGRAMS,
  ...IPROUTE2_PROGRAMS,
  ...IPVS_PROGRAMS,
  ...MACHINE_TOOLS,
  ...NAMESPACE_PROGRAMS,
  ...NETFILTER_PROGRAMS,
  ...NETWORK_PROGRAMS,
  ...PROCESS_TOOLS,
  ...SCREEN_TOOLS,
  ...TEXT_TOOLS,
  ...TRAFFIC_PROGRAMS,
];

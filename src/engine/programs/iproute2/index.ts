/** The programs of iproute2. */
import type { Program } from '../../host';
import '../../host/netfs/register';
import { bridge } from './bridge';
import { ip } from './ip';
import { nstat } from './nstat';
import { ss } from './ss';

/** All of them. */
export const IPROUTE2_PROGRAMS: readonly Program[] = [bridge, ip, nstat, ss];

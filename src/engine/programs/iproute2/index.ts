/** The programs of iproute2. */
import type { Program } from '../../host';
import '../../host/netfs/register';
import { bridge } from './bridge';
import { ip } from './ip';

/** All of them. */
export const IPROUTE2: readonly Program[] = [bridge, ip];

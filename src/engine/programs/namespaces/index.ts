/** Programs about namespaces and kernel settings. */
import type { Program } from '../../host';
import '../../host/netfs/register';
import { lsns } from './lsns';
import { nsenter } from './nsenter';
import { sysctl } from './sysctl';
import { unshare } from './unshare';

/** All of them. */
export const NAMESPACE_PROGRAMS: readonly Program[] = [lsns, nsenter, sysctl, unshare];

import type { Program } from '../host';
import { BASH_PROGRAMS } from '../shell';
import { COREUTILS } from './coreutils';
import { FILE_TOOLS } from './files';
import { IPROUTE2_PROGRAMS } from './iproute2';
import { MACHINE_TOOLS } from './machine';
import { NAMESPACE_PROGRAMS } from './namespaces';
import { NETWORK_PROGRAMS } from './network';
import { SYSUTILS } from './sysutils';
import { TEXT_TOOLS } from './text';

/** Every program that can be installed on a machine. */
export const PROGRAMS: readonly Program[] = [
  ...BASH_PROGRAMS,
  ...COREUTILS,
  ...FILE_TOOLS,
  ...IPROUTE2_PROGRAMS,
  ...MACHINE_TOOLS,
  ...NAMESPACE_PROGRAMS,
  ...NETWORK_PROGRAMS,
  ...SYSUTILS,
  ...TEXT_TOOLS,
];

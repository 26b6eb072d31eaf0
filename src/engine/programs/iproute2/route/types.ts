/** Types of routes by the names `ip route` takes, in the order of the kernel's numbers from 1 (RTN_*). */
export const ROUTE_TYPES = [
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
] as const;

import { LINK_TYPES, LINK_USAGE } from './help';
import { Quit } from '../lib/args';

/** `ip link help`. @throws Quit */
export function linkUsage(): never {
  throw new Quit(255, LINK_USAGE + LINK_TYPES);
}

import type { World } from '../../engine/world';
import { networks } from '../netns';
import type { Place } from '../protocol';

/** A network stack as people call it. */
export interface StackName {
  readonly place: Place;
  /** The shortest name that is clear. */
  readonly where: string;
  /** Its box in the picture. */
  readonly box: string;
}

/** Names of the stacks that traces know by number; those that are gone keep the name they had. */
export class Names {
  private readonly known = new Map<string, StackName>();

  /** Looks at the world again: namespaces come, go and are renamed. */
  refresh(world: World): void {
    const all = networks(world);
    for (const n of all) {
      const where = all.some((o) => o !== n && o.title === n.title) ? n.id : n.title;
      this.known.set(key(n.machine.name, n.ns.inode), {
        place: { machine: n.machine.name, ...(n.netns === undefined ? {} : { netns: n.netns }) },
        where,
        box: n.id,
      });
    }
  }

  /** The name of a stack. */
  of({ machine, netns }: { machine: string; netns: number }): StackName {
    const label = `net:[${netns}]`;
    return (
      this.known.get(key(machine, netns)) ?? {
        place: { machine, netns: label },
        where: label,
        box: `${machine}/${label}`,
      }
    );
  }
}

const key = (machine: string, netns: number) => `${machine} ${netns}`;

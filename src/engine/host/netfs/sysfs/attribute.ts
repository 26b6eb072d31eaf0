/** Files of a link in /sys, each an attribute: a value to show and perhaps a way to store one (Documentation/filesystems/sysfs.rst). */
import { Errno } from '../../../core';
import type { Link, LinkChange, LinkInfo, NetNamespace } from '../../../net';
import { MemDir, SymlinkNode, TextNode } from '../../inode';
import type { Process } from '../../process';

/** A link as its files see it: looked up at every access, for it may be gone by then. */
export class Device {
  constructor(
    readonly net: NetNamespace,
    readonly index: number,
    /** When its files were made, in microseconds. */
    readonly since: number,
  ) {}

  /** What is known of it now. @throws Errno ENODEV */
  info(): LinkInfo {
    return this.net.links.info(this.link());
  }

  /** @throws Errno ENODEV, and what the change is refused with */
  set(change: LinkChange): void {
    this.net.links.set(this.link(), change);
  }

  private link(): Link {
    const link = this.net.links.get(this.index);
    if (!link) throw new Errno('ENODEV');
    return link;
  }
}

type Shown = string | number | boolean;

/** Says the value in the file; a boolean is 0 or 1. Without it the file is for writing only. @throws Errno */
export type Show<T> = (of: T, device: Device) => Shown;

/** Takes what was written, without the white space around it. @throws Errno EINVAL, ERANGE */
export type Store = (value: string, device: Device) => void;

/** Attributes by file name: a value that never changes, what shows it, or what shows and what stores it. */
export type Attributes<T> = Readonly<Record<string, string | number | Show<T> | readonly [Show<T> | undefined, Store]>>;

/** Makes a file of each attribute. @param of what they show, asked at every reading */
export function attributeFiles<T>(device: Device, of: () => T, attributes: Attributes<T>): Map<string, TextNode> {
  return new Map(
    Object.entries(attributes).map(([name, attribute]) => {
      const [show, store] = typeof attribute === 'object' ? attribute : [attribute];
      return [name, attributeFile(device, of, show, store).touch(device.since)];
    }),
  );
}

/** A directory of attributes, by name. */
export function attributeDir<T>(device: Device, of: () => T, attributes: Attributes<T>): MemDir {
  const dir = new MemDir(0o755);
  const files = attributeFiles(device, of, attributes);
  for (const name of [...files.keys()].sort()) dir.link(name, files.get(name)!);
  return dir.touch(device.since);
}

function attributeFile<T>(
  device: Device,
  of: () => T,
  show: string | number | Show<T> | undefined,
  store: Store | undefined,
): TextNode {
  const text = (): string => {
    if (show === undefined) return '';
    const value = typeof show === 'function' ? show(of(), device) : show;
    return `${typeof value === 'boolean' ? Number(value) : value}\n`;
  };
  const write = store && ((value: string, writer: Process): void => storeAs(writer, device, value, store));
  return new TextNode(text, write, store && show === undefined ? 0o200 : undefined);
}

function storeAs(writer: Process, device: Device, value: string, store: Store): void {
  if (!writer.capable(device.net.owner as Process['ns']['user'])) throw new Errno('EPERM');
  try {
    store(value.trim(), device);
  } catch (e) {
    // write(2) has no words, only the number: what netlink would say is lost here.
    throw e instanceof Errno ? new Errno(e.code) : e;
  }
}

/** Reads a number as kstrtoul() does with base 0. @throws Errno EINVAL */
export function parseNumber(value: string): number {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(value)) throw new Errno('EINVAL');
  return Number(value);
}

/** Stores a number as a change of the link. */
export function storeNumber(change: (value: number) => LinkChange): Store {
  return (value, device) => device.set(change(parseNumber(value)));
}

/** `0x1f` */
export const hex = (n: number): string => `0x${n.toString(16)}`;

/** `8000.020000000101`, the identifier of a bridge, without the colons that other places have. */
export const bridgeId = (id: string): string => id.replace(/:/g, '');

/** A link whose target is known when it is read. sysfs gives no size for its links. */
export class SysfsLink extends SymlinkNode {
  constructor(private readonly to: string | (() => string)) {
    super('');
  }

  override get size(): number {
    return 0;
  }

  override text(): string {
    return typeof this.to === 'string' ? this.to : this.to();
  }
}

/** Mount options: what mount(8) takes with -o, and how /proc/mounts shows it. */

/** Words that say what is to be done, rather than how the file system behaves. */
export const ACTIONS: ReadonlySet<string> = new Set([
  'bind',
  'rbind',
  'remount',
  'move',
  ...['private', 'shared', 'slave'].flatMap((kind) => [kind, `r${kind}`, `make-${kind}`, `make-r${kind}`]),
]);

/** True for a change of propagation alone. */
export const isPropagation = (option: string): boolean => /^(make-)?r?(private|shared|slave)$/.test(option);

/** Flags that the list of mounts shows, and those that take one away. */
const FLAGS = new Set('rw ro nosuid suid nodev dev noexec exec noatime nodiratime relatime strictatime'.split(' '));

/** Options that are taken and leave no trace in the list. */
const UNSEEN = new Set(
  'defaults atime async sync dirsync lazytime loud silent user users nouser auto noauto _netdev nofail'.split(' '),
);

/** Options as /proc/mounts orders them: ro or rw, then flags, then the file system's own. */
export function optionText(asked: readonly string[], base: readonly string[] = []): string {
  const set = new Set(base.filter((o) => FLAGS.has(o)));
  const own = base.filter((o) => !FLAGS.has(o) && !UNSEEN.has(o));
  for (const o of asked) {
    if (o === 'rw') set.delete('ro');
    else if (o === 'suid' || o === 'dev' || o === 'exec') set.delete(`no${o}`);
    else if (o === 'noatime' || o === 'strictatime') set.add(o).delete('relatime');
    else if (FLAGS.has(o)) set.add(o);
    else if (!UNSEEN.has(o)) own.push(o);
  }
  const atime = set.has('noatime') ? 'noatime' : set.has('strictatime') ? '' : 'relatime';
  const head = [
    set.has('ro') ? 'ro' : 'rw',
    ...['nosuid', 'nodev', 'noexec'].filter((o) => set.has(o)),
    atime,
    set.has('nodiratime') ? 'nodiratime' : '',
  ];
  return [...head.filter((o) => o !== ''), ...own].join(',');
}

/** `size=1m` as the kernel shows it. */
export function tmpfsOption(option: string): string {
  const m = /^size=(\d+)([kmg%]?)$/i.exec(option);
  if (!m || m[2] === '%') return option;
  const unit = { '': 1 / 1024, k: 1, m: 1024, g: 1024 * 1024 }[m[2]!.toLowerCase()]!;
  return `size=${Math.ceil((Number(m[1]) * unit) / 4) * 4}k`;
}

import { isErrno } from '../core';
import { JobTable } from './jobs';
import { loadBuiltins } from './builtins';
import { BASH_DYNAMICS, DASH_DYNAMICS } from './dynamics';
import { parseProgram } from './syntax/parser';
import { Source } from './syntax/source';
import type { Shell } from './shell';
import { AssocArray, IndexedArray, isName } from './variables';

/** Sets up a shell's variables from the environment of its process. */
export function initialise(sh: Shell): void {
  loadBuiltins();
  sh.jobs = new JobTable();
  const { proc } = sh.sys;
  sh.vars.dynamics = sh.dash ? DASH_DYNAMICS : BASH_DYNAMICS;
  for (const [name, value] of proc.env) {
    const fn = /^BASH_FUNC_(.+)%%$/.exec(name);
    if (fn) {
      const text = `${fn[1]} ${value}`;
      const node = parseProgram(text).statements[0]?.command;
      if (node?.type === 'Function') {
        sh.functions.set(fn[1]!, {
          name: fn[1]!,
          body: node.body,
          source: new Source(text, 'environment'),
          pos: 0,
          exported: true,
        });
      }
      continue;
    }
    if (!isName(name) || name === 'SHELLOPTS' || name === 'BASHOPTS') continue;
    const v = sh.vars.create(name);
    v.value = value;
    v.exported = true;
    v.imported = true;
  }
  const defaults = (name: string, value: string, exported = false): void => {
    if (sh.vars.find(name)) return;
    const v = sh.vars.create(name);
    v.value = value;
    v.exported = exported;
  };
  const pwd = sh.get('PWD');
  if (pwd === undefined || !samePlace(sh, pwd)) {
    const v = sh.vars.find('PWD') ?? sh.vars.create('PWD');
    v.value = proc.cwd;
    v.exported = true;
  }
  sh.vars.find('PWD')!.exported = true;
  defaults('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  defaults('IFS', ' \t\n');
  sh.vars.find('IFS')!.value = ' \t\n';
  sh.vars.find('IFS')!.exported = false;
  defaults('OPTIND', '1');
  defaults('PS4', '+ ');
  if (sh.dash) {
    defaults('PS1', proc.uid === 0 ? '# ' : '$ ');
    defaults('PS2', '> ');
    return;
  }
  const level = Number(sh.get('SHLVL') ?? 0);
  sh.set('SHLVL', String(Number.isInteger(level) ? Math.max(0, level) + 1 : 1));
  sh.vars.find('SHLVL')!.exported = true;
  // OLDPWD is exported even before it has a value.
  if (!sh.vars.find('OLDPWD')) sh.vars.create('OLDPWD').exported = true;
  defaults('_', proc.exe, true);
  defaults('BASH', proc.exe || '/usr/bin/bash');
  defaults('BASH_VERSION', '5.2.15(1)-release');
  defaults('HOSTNAME', proc.ns.uts.hostname);
  defaults('HOSTTYPE', 'x86_64');
  defaults('MACHTYPE', 'x86_64-pc-linux-gnu');
  defaults('OSTYPE', 'linux-gnu');
  defaults('OPTERR', '1');
  defaults('TERM', 'dumb');
  sh.underscore = sh.get('_') ?? '';
  const info = sh.vars.create('BASH_VERSINFO');
  info.value = IndexedArray.from(['5', '2', '15', '1', 'release', 'x86_64-pc-linux-gnu']);
  info.array = 'a';
  info.readonly = true;
  for (const [name, value] of [
    ['UID', proc.uid],
    ['EUID', proc.uid],
  ] as const) {
    const v = sh.vars.find(name) ?? sh.vars.create(name);
    v.value = String(proc.ns.user.inside(value));
    v.readonly = true;
    v.integer = true;
    v.exported = false;
  }
  for (const name of ['BASH_ALIASES', 'BASH_CMDS']) {
    const v = sh.vars.create(name);
    v.array = 'A';
    v.value = new AssocArray();
  }
}

function samePlace(sh: Shell, path: string): boolean {
  if (!path.startsWith('/')) return false;
  try {
    return sh.sys.files.realpath(path) === sh.sys.files.realpath('.');
  } catch (e) {
    if (isErrno(e)) return false;
    throw e;
  }
}

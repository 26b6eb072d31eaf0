/** locale and getconf of glibc 2.36. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';

const CATEGORIES =
  'CTYPE NUMERIC TIME COLLATE MONETARY MESSAGES PAPER NAME ADDRESS TELEPHONE MEASUREMENT IDENTIFICATION'.split(' ');

function* localeMain(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const [, word] = argv;
  if (word === '-a') {
    yield* sys.print('C\nC.utf8\nPOSIX\n');
    return 0;
  }
  if (word === 'charmap') {
    const name = sys.env('LC_ALL') || sys.env('LC_CTYPE') || sys.env('LANG') || 'C';
    yield* sys.print(/utf-?8/i.test(name) ? 'UTF-8\n' : 'ANSI_X3.4-1968\n');
    return 0;
  }
  if (word !== undefined) {
    yield* sys.eprint(`locale: not simulated in this course: ${word}\n`);
    return 1;
  }
  const all = sys.env('LC_ALL') ?? '';
  const lang = sys.env('LANG') ?? '';
  let text = `LANG=${lang}\nLANGUAGE=${sys.env('LANGUAGE') ?? ''}\n`;
  for (const c of CATEGORIES) {
    const own = sys.env(`LC_${c}`) ?? '';
    // A value that only follows from another variable is shown in quotes.
    text += all === '' && own !== '' ? `LC_${c}=${own}\n` : `LC_${c}="${all || lang || 'POSIX'}"\n`;
  }
  yield* sys.print(`${text}LC_ALL=${all}\n`);
  return 0;
}

/** locale(1). */
export const locale: Program = {
  name: 'locale',
  path: '/usr/bin/locale',
  summary: 'get locale-specific information',
  manual: 'Usage: locale [-a] [charmap]\nShows the environment that decides language and character set.\n',
  main: localeMain,
};

const USAGE = 'Usage: getconf [-v specification] variable_name [pathname]\n       getconf -a [pathname]\n';

function variables(sys: Sys): Record<string, string> {
  const pages = Math.floor(sys.machine.memory / 4096);
  return {
    ARG_MAX: '2097152',
    CHAR_BIT: '8',
    CLK_TCK: '100',
    HOST_NAME_MAX: '64',
    INT_MAX: '2147483647',
    IOV_MAX: '1024',
    LINE_MAX: '2048',
    LOGIN_NAME_MAX: '256',
    LONG_BIT: '64',
    NAME_MAX: '255',
    OPEN_MAX: '1024',
    PAGESIZE: '4096',
    PAGE_SIZE: '4096',
    PATH: '/bin:/usr/bin',
    PATH_MAX: '4096',
    PIPE_BUF: '4096',
    WORD_BIT: '32',
    _PHYS_PAGES: String(pages),
    GNU_LIBC_VERSION: 'glibc 2.36',
  };
}

function* getconfMain(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const [, name, path] = argv;
  if (name === undefined || argv.length > 3) {
    yield* sys.eprint(USAGE);
    return 2;
  }
  if (name.startsWith('-')) {
    yield* sys.eprint(`getconf: not simulated in this course: ${name}\n`);
    return 2;
  }
  const value = variables(sys)[name];
  if (value === undefined) {
    yield* sys.eprint(`getconf: Unrecognized variable \`${name}'\n`);
    return 2;
  }
  if ((name === 'NAME_MAX' || name === 'PATH_MAX' || name === 'PIPE_BUF') && path === undefined) {
    yield* sys.eprint(USAGE);
    return 2;
  }
  yield* sys.print(`${value}\n`);
  return 0;
}

/** getconf(1). */
export const getconf: Program = {
  name: 'getconf',
  path: '/usr/bin/getconf',
  summary: 'query system configuration variables',
  manual: USAGE,
  main: getconfMain,
};

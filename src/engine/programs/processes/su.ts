/** su(1) of util-linux. */
import type { Coroutine } from '../../core';
import { shellStatus } from '../../host';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';
import { become, CannotRun, execvp, waitFor } from './run-as';
import { readUsers } from './users';

const LOGIN_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games';
const ROOT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** su(1). */
export const su = tool({
  name: 'su',
  dir: '/bin',
  summary: 'run a command as another user',
  version: 'util-linux 2.38.1',
  help: `[options] [-] [USER [ARGUMENT...]]
Become USER, root when none is named, and run a shell.

  -, -l, --login            a login shell in the home directory, with a fresh environment
  -c, --command COMMAND     run COMMAND with the shell's -c
  -s, --shell SHELL         this shell instead of the account's
  -m, -p, --preserve-environment   leave the environment alone
`,
  *run(t) {
    const { options, operands } = t.getopt('+c:flmpg:G:s:w:Pu', [
      'command:=c',
      'session-command:=c',
      'fast=f',
      'login=l',
      'preserve-environment=m',
      'shell:=s',
      'group:=g',
      'supp-group:=G',
      'pty=P',
    ]);
    const rest = [...operands];
    let login = options.some((o) => o.name === 'l');
    if (rest[0] === '-') {
      login = true;
      rest.shift();
    }
    // Options may follow the user's name, as in `su nobody -c id`.
    const name = rest.shift() ?? 'root';
    const late = t.getopt('+c:flmpg:G:s:w:Pu', ['command:=c', 'login=l', 'shell:=s'], ['su', ...rest]);
    const all = [...options, ...late.options];
    const last = (o: string): string | undefined => all.findLast((x) => x.name === o)?.arg;
    login ||= late.options.some((o) => o.name === 'l');
    return yield* switchUser(t, name, {
      login,
      preserve: all.some((o) => o.name === 'm' || o.name === 'p'),
      shell: last('s'),
      command: last('c'),
      args: late.operands,
    });
  },
});

function* switchUser(
  t: Tool,
  name: string,
  o: {
    login: boolean;
    preserve: boolean;
    shell: string | undefined;
    command: string | undefined;
    args: readonly string[];
  },
): Coroutine<number> {
  const { sys } = t;
  const users = yield* readUsers(sys);
  const account = users.account(name);
  if (!account)
    throw new Fail(`user ${name} does not exist or the user entry does not contain all the required fields`);
  if (sys.proc.uid !== 0) {
    // No account has a password here: su of anybody but root fails as it does with a locked account.
    yield* sys.eprint('Password: \n');
    throw new Fail('Authentication failure');
  }
  const shell = o.shell ?? account.shell;
  const env = new Map(o.login ? [] : sys.proc.env);
  if (o.login) {
    const term = sys.env('TERM');
    if (term !== undefined) env.set('TERM', term);
  }
  if (!o.preserve || o.login) {
    env.set('HOME', account.home);
    env.set('SHELL', shell);
    if (account.uid !== 0 || o.login) {
      env.set('USER', account.name);
      env.set('LOGNAME', account.name);
    }
    if (o.login) env.set('PATH', account.uid === 0 ? ROOT_PATH : LOGIN_PATH);
  }
  const base = shell.slice(shell.lastIndexOf('/') + 1);
  const argv = [o.login ? `-${base}` : base, ...(o.command === undefined ? [] : ['-c', o.command]), ...o.args];
  const child = sys.fork(function* (c) {
    become(c, account, users);
    if (o.login && c.files.exists(account.home)) c.files.chdir(account.home);
    try {
      return yield* execvp(c, [shell, ...argv.slice(1)], env);
    } catch (e) {
      if (!(e instanceof CannotRun)) throw e;
      yield* c.eprint(`${t.name}: failed to execute ${shell}: ${e.message}\n`);
      return e.status;
    }
  });
  for (const s of ['SIGINT', 'SIGQUIT'] as const) sys.onSignal(s, 'ignore');
  return shellStatus(yield* waitFor(sys, child));
}

/** nologin(8): the shell of accounts that nobody logs in to. */
export const nologin = tool({
  name: 'nologin',
  dir: '/usr/sbin',
  summary: 'politely refuse a login',
  version: 'util-linux 2.38.1',
  help: `
Say that the account is not available and exit with 1.
`,
  *run(t) {
    yield* t.out.line('This account is currently not available.');
    return 1;
  },
});

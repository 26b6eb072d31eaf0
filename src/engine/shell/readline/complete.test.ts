import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, Scheduler } from '../../core';
import type { Program, FileNode } from '../../host';
import { Machine } from '../../host';
import { quoteName, insertion, sortedWords } from './candidates';
import type { ShellNames } from './complete';
import { makeCompleter } from './complete';
import { commandAt, innerCommand } from './words';

const ip: Program = {
  name: 'ip',
  path: '/bin/ip',
  summary: 'show and change the network',
  *main() {
    return 0;
  },
  complete: (words) =>
    words.length === 0
      ? ['addr', 'link', 'netns']
      : words.join(' ') === 'netns exec'
        ? ['c1', 'c2']
        : words[0] === 'link'
          ? ['dev']
          : undefined,
};

const names: ShellNames = {
  builtins: () => ['cd', 'echo', 'export'],
  functions: () => ['myfunc'],
  aliases: () => ['ll', 'ns1'],
  keywords: () => ['if', 'while'],
  variables: () => ['HOME', 'HOSTNAME', 'PS1'],
  value: (name) => ({ HOME: '/root', HOSTNAME: 'host', PATH: '/bin' })[name],
  alias: (name) => ({ ll: 'ls -l', ns1: 'ip netns exec c1' })[name],
};

/** The line after Tab with `|` for the cursor, and the candidates when there are several. */
function tab(line: string): string {
  const m = new Machine({
    name: 'host',
    scheduler: new Scheduler(0),
    random: new Random('test'),
    programs: new Map([['ip', ip]]),
  });
  let out = '';
  m.spawn({
    parent: m.init,
    argv: ['t'],
    *main(sys) {
      for (const dir of ['/bin', '/root', '/root/my docs', '/etc', '/root/sub', '/root/sub/deep']) sys.files.mkdir(dir);
      yield* sys.writeFile('/etc/passwd', 'root:x:0:0::/root:/bin/bash\nruth:x:1:1::/root/sub:/bin/bash\n');
      for (const path of [
        '/root/notes.txt',
        '/root/my docs/a b.txt',
        '/root/.hidden',
        '/bin/ip',
        '/bin/ipcalc',
        '/root/run me',
      ]) {
        yield* sys.writeFile(path, '');
      }
      const program = sys.files.stat('/bin/ip').inode as FileNode;
      program.program = 'ip';
      for (const path of ['/bin/ip', '/bin/ipcalc', '/root/run me']) sys.files.stat(path).inode.mode = 0o755;
      sys.proc.cwd = '/root';
      const found = yield* makeCompleter(sys, names)(line, line.length);
      const words = sortedWords(found.words);
      if (words.length === 0) out = '-';
      else {
        const put = insertion(found, words);
        out = put.unique ? `${line.slice(0, found.start)}${put.text}|` : words.join(' ');
      }
      return 0;
    },
  });
  m.onCrash = (e) => {
    throw e;
  };
  while (m.scheduler.step(m.scheduler.now + 1_000_000) && out === '');
  return out;
}

test('the first word is a command', () => {
  assert.equal(tab('ex'), 'export |');
  assert.equal(tab('ip'), 'ip ipcalc');
  assert.equal(tab('A=1 myf'), 'A=1 myfunc |');
  assert.equal(tab('echo x | ec'), 'echo x | echo |');
  assert.equal(tab('if ec'), 'if echo |');
  assert.equal(tab('echo $(ec'), 'echo $(echo |');
  assert.equal(tab('(ec'), '(echo |');
  assert.equal(tab('./ru'), './run\\ me |');
  assert.equal(tab('no-such'), '-');
});

test('file names', () => {
  assert.equal(tab('cat no'), 'cat notes.txt |');
  assert.equal(tab('cat my'), 'cat my\\ docs/|');
  assert.equal(tab('cat my\\ docs/'), 'cat my\\ docs/a\\ b.txt |');
  assert.equal(tab('cat "my docs/a'), 'cat "my docs/a b.txt" |');
  assert.equal(tab("cat 'my d"), "cat 'my docs/|");
  assert.equal(tab('cat .h'), 'cat .hidden |');
  assert.equal(tab('cat ~/no'), 'cat ~/notes.txt |');
  assert.equal(tab('cat ~ruth/d'), 'cat ~ruth/deep/|');
  assert.equal(tab('cat $HOME/no'), 'cat $HOME/notes.txt |');
  assert.equal(tab('cat "$HOME/no'), 'cat "$HOME/notes.txt" |');
  assert.equal(tab('cat --file=/root/no'), 'cat --file=/root/notes.txt |');
  assert.equal(tab('echo x >no'), 'echo x >notes.txt |');
  assert.equal(tab('cd '), 'my docs/ sub/');
});

test('variables and users', () => {
  assert.equal(tab('echo $HO'), 'HOME HOSTNAME');
  assert.equal(tab('echo $HOM'), 'echo $HOME/|');
  assert.equal(tab('echo ${PS'), 'echo ${PS1}|');
  assert.equal(tab('echo "x$PS'), 'echo "x$PS1 |');
  assert.equal(tab('cd ~ru'), 'cd ~ruth/|');
  assert.equal(tab('unset PS'), 'unset PS1 |');
});

test('programs offer their own words, also behind other commands', () => {
  assert.equal(tab('ip ne'), 'ip netns |');
  assert.equal(tab('ip netns exec '), 'c1 c2');
  assert.equal(tab('ip netns exec c1 ec'), 'ip netns exec c1 echo |');
  assert.equal(tab('ip netns exec c1 ip a'), 'ip netns exec c1 ip addr |');
  assert.equal(
    tab('sudo -u root ip netns exec c1 timeout 5 ip l'),
    'sudo -u root ip netns exec c1 timeout 5 ip link |',
  );
  assert.equal(tab('nsenter -t 1 -n -- ip li'), 'nsenter -t 1 -n -- ip link |');
  assert.equal(tab('env A=b watch -n 1 ip a'), 'env A=b watch -n 1 ip addr |');
  assert.equal(tab('ns1 ip a'), 'ns1 ip addr |');
  assert.equal(tab('ip link zz'), '-');
});

test('finding the command around the cursor', () => {
  assert.deepEqual(commandAt('a b; c "d e" f', 14).words, ['c', 'd e']);
  assert.deepEqual(commandAt('a 2>x b ', 8).words, ['a', 'b']);
  assert.deepEqual(commandAt('a $(b c) d ', 11).words.slice(0, 1), ['a']);
  assert.deepEqual(innerCommand(['timeout', '-k', '3', '5', 'ls']), ['ls']);
  assert.deepEqual(innerCommand(['xargs', '-n1', 'ls', '-l']), ['ls', '-l']);
  assert.equal(innerCommand(['timeout']), undefined);
  assert.equal(innerCommand(['ip', 'netns', 'exec']), undefined);
});

test('quoted names', () => {
  assert.equal(quoteName('a b$c', undefined), 'a\\ b\\$c');
  assert.equal(quoteName('#x', undefined), '\\#x');
  assert.equal(quoteName('a"b', '"'), 'a\\"b');
});

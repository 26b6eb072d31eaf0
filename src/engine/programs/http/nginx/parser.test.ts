import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigBuilder } from './config';
import { checkDirective } from './directives';
import { ConfigError, parseFile } from './parser';

const build = (text: string) => new ConfigBuilder().build(parseFile(text, 'n.conf', checkDirective, []));
const HEAD = 'events {} http { server { listen 80;';

test('nginx refuses what nginx 1.22.1 refuses, with its words', () => {
  // Texts recorded from Debian's nginx -t.
  const cases: [string, string][] = [
    [`${HEAD} locaton / {} } }`, 'unknown directive "locaton" in n.conf:1'],
    ['events {} http { server { listen 80 } }', 'unexpected "}" in n.conf:1'],
    [`${HEAD} `, 'unexpected end of file, expecting "}" in n.conf:1'],
    [`${HEAD} root; } }`, 'invalid number of arguments in "root" directive in n.conf:1'],
    [
      `${HEAD}\n sendfile yes; } }`,
      'invalid value "yes" in "sendfile" directive, it must be "on" or "off" in n.conf:2',
    ],
    ['events {} http { listen 80; }', '"listen" directive is not allowed here in n.conf:1'],
    [`${HEAD} location / { proxy_pass php:9000; } } }`, 'invalid URL prefix in n.conf:1'],
    [`${HEAD} location / {} location / {} } }`, 'duplicate location "/" in n.conf:1'],
    [`${HEAD} location ~ ( {} } }`, 'pcre2_compile() failed: missing closing parenthesis in "(" in n.conf:1'],
    ['events {} http { upstream u { } }', 'no servers are inside upstream in n.conf:1'],
    [`${HEAD} root a; root b; } }`, '"root" directive is duplicate in n.conf:1'],
  ];
  for (const [text, message] of cases)
    assert.throws(
      () => build(text),
      (e: unknown) => e instanceof ConfigError && e.message === message,
      text,
    );
});

test('values are inherited from the block around; arrays only whole', () => {
  const c = build(
    'events {} http { root /a; add_header X 1; server { add_header Y 2; location / {} } server { root /b; } }',
  );
  const [one, two] = c.servers;
  assert.equal(one!.locations[0]!.scope.get('root')!.args[0], '/a');
  assert.deepEqual(
    one!.locations[0]!.scope.all('add_header').map((d) => d.args[0]),
    ['Y'],
  );
  assert.equal(two!.scope.get('root')!.args[0], '/b');
  assert.deepEqual(
    two!.scope.all('add_header').map((d) => d.args[0]),
    ['X'],
  );
});

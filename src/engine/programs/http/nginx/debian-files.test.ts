import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../../world';

/** Runs shell lines on the host and returns what the last one shows. */
function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'nginx');
  let text = '';
  for (const line of lines) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

test('nginx starts as installed, on both families, and serves the welcome page', () => {
  assert.match(screen('nginx', 'sleep 1', 'curl -s http://127.0.0.1/'), /<title>Welcome to nginx!<\/title>/);
  assert.match(screen('nginx', 'sleep 1', 'curl -sI http://[::1]/'), /^HTTP\/1\.1 200 OK\r?\n/);
});

test('the default site can be changed, removed and made anew', () => {
  assert.equal(
    screen(
      "sed -i 's/listen 80/listen 8080/' /etc/nginx/sites-available/default; nginx",
      'sleep 1',
      "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/",
    ),
    '200',
  );
  assert.equal(screen('rm /etc/nginx/sites-enabled/default; ls /etc/nginx/sites-enabled'), '');
});

test('a file put there before anybody looked keeps its place', () => {
  assert.equal(screen('echo mine > /var/www/html/index.html; nginx', 'sleep 1', 'curl -s http://127.0.0.1/'), 'mine\n');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefetchAtRest } from './prefetchAtRest';

test('pages are fetched ahead once no further link has come into view for half a second, each once', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const fetched: string[] = [];
  const preload = (): false => false;
  const docusaurus = { preload, prefetch: (path: string) => fetched.push(path) > 0 && false };
  Object.assign(globalThis, { window: { docusaurus } });
  prefetchAtRest();
  const { prefetch } = window.docusaurus;
  prefetch('/a/');
  mock.timers.tick(400);
  prefetch('/b/');
  prefetch('/a/');
  mock.timers.tick(499);
  assert.deepEqual(fetched, []);
  mock.timers.tick(1);
  assert.deepEqual(fetched, ['/a/', '/b/']);
  prefetch('/c/');
  mock.timers.tick(500);
  assert.deepEqual(fetched, ['/a/', '/b/', '/c/']);
  assert.equal(window.docusaurus.preload, preload, 'a link that the pointer is on is fetched as before');
});

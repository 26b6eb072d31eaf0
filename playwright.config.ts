import { spawnSync } from 'node:child_process';
import { defineConfig, devices } from '@playwright/test';

/** What Node prints. */
const print = (...args: string[]): string => spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim();

// The site is tested as it is served: static files under a sub-path. Build it first with the same BASE_URL (see e2e/README.md).
const base = process.env.BASE_URL ?? '/course-test/';
const dir = process.env.SITE_DIR ?? 'build';
// A free one, so that another checkout, or what a killed run has left, is not in the way; the workers inherit it.
process.env.E2E_PORT ??= print(
  '-e',
  'const s = net.createServer().listen(0, () => s.close(console.log(s.address().port)))',
);
const port = Number(process.env.E2E_PORT);
// Run rather than imported: Playwright loads this file with require(), which a module of Node's own kind does not take part in.
const executablePath = print('scripts/find-chromium.mjs');

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // Two cores at most: a starved browser makes a slow test look like a broken one.
  workers: process.env.CI ? 1 : 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  // A machine that does other things besides makes a browser miss a deadline now and then; what is broken fails each time.
  retries: process.env.CI ? 2 : 0,
  reporter: [['list']],
  use: {
    baseURL: `http://127.0.0.1:${port}${base}`,
    locale: 'en-GB',
    trace: 'retain-on-failure',
    actionTimeout: 10_000,
    permissions: ['clipboard-read', 'clipboard-write'],
    launchOptions: { ...(executablePath ? { executablePath } : {}), args: ['--no-sandbox'] },
  },
  projects: [
    { name: 'desktop', use: { ...devices['Desktop Chrome'], viewport: { width: 1440, height: 900 } } },
    { name: 'phone', use: { ...devices['Pixel 7'], viewport: { width: 390, height: 844 } } },
  ],
  webServer: {
    command: `node e2e/server.mjs ${dir} ${base} ${port}`,
    url: `http://127.0.0.1:${port}${base}`,
    reuseExistingServer: false,
  },
});

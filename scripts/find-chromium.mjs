// Where a Chromium for the browser tests is: one in the PATH, else Playwright's own.
// `node scripts/find-chromium.mjs --install` gets one when there is none: Playwright's download, else Debian's package when run by root.
// No top-level await: playwright.config.ts is loaded with require().
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function playwrightsOwn() {
  try {
    const require = createRequire(join(process.cwd(), 'package.json'));
    const path = require('@playwright/test').chromium.executablePath();
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Path of a Chromium, or undefined. CHROMIUM_PATH overrides the search. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  for (const dir of (process.env.PATH ?? '').split(delimiter))
    for (const name of names) if (dir && executable(join(dir, name))) return join(dir, name);
  return playwrightsOwn();
}

/** Finds a Chromium or installs one. Returns its path, or undefined when neither way worked. */
export function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  console.log('No Chromium found; asking Playwright to download one.');
  spawnSync('npx', ['playwright', 'install', 'chromium'], { stdio: 'inherit' });
  const downloaded = findChromium();
  if (downloaded) return downloaded;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('The download did not work; installing Debian’s chromium.');
    spawnSync('apt-get', ['update'], { stdio: 'inherit' });
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { stdio: 'inherit' });
  }
  return findChromium();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = process.argv.includes('--install') ? ensureChromium() : findChromium();
  if (!path) {
    console.error('No Chromium. Install one, or set CHROMIUM_PATH.');
    process.exit(1);
  }
  console.log(path);
  if (process.argv.includes('--version')) execFileSync(path, ['--version'], { stdio: 'inherit' });
}

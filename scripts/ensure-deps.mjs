// Installs the project's packages when they are missing or no longer those that package.json and the lock file name.
// Runs before `npm start` and `npm test`, so it may use nothing but Node itself.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  console.error(`Node ${process.versions.node} is too old: this project needs 20.20 or newer.`);
  process.exit(1);
}

const STAMP = 'node_modules/.installed-for';
const hash = createHash('sha256').update(process.versions.node);
for (const file of ['package.json', 'package-lock.json']) if (existsSync(file)) hash.update(readFileSync(file));
const wanted = hash.digest('hex');

if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== wanted) {
  console.log('Installing packages ...');
  // Not `npm ci`: the lock file cannot name every platform's optional packages, and `npm ci` refuses it then.
  const { status } = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--no-progress'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error('npm install failed; see above.');
    process.exit(status ?? 1);
  }
  writeFileSync(STAMP, wanted);
}

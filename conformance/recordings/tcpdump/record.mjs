/**
 * Records what the real tcpdump prints for every capture and set of flags: NAME.json maps flags to standard output.
 * Run on Debian 12 (tcpdump 4.99.3): node conformance/recordings/tcpdump/record.mjs
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const FLAGS = ['-n', '-ne', '-nv', '-nvv', '-nvvv -e', '-nX', '-nxx', '-nq', '-nqe', '-nS', '-nt -v -K', '-ntt', '-nttt', '-nttttt', '-nttttA', '-n -#'];

for (const folder of [here, join(here, '../linux/pcap')]) {
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.pcap'))) {
    const outputs = {};
    for (const flags of FLAGS) {
      const args = [...flags.split(' '), '-r', join(folder, file)];
      // bytes above 127 appear with -A only as dots, so latin1 is exact
      outputs[flags] = execFileSync('tcpdump', args, { env: { ...process.env, TZ: 'UTC' }, encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] });
    }
    writeFileSync(join(here, basename(file, '.pcap') + '.json'), JSON.stringify(outputs, null, 1) + '\n');
  }
}

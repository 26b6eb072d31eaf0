/** Replays what the real tcpdump 4.99.3 printed for recorded and synthetic captures. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPcap } from '../pcap';
import type { PrintOptions } from './index';
import { makePrintState, printPacket } from './index';

const RECORDINGS = join(__dirname, '../../../../conformance/recordings/tcpdump');
const CAPTURES = [RECORDINGS, join(RECORDINGS, '../linux/pcap')];

function parseFlags(flags: string): PrintOptions {
  const options: PrintOptions = {};
  let stamps = 0;
  for (const flag of flags.replace(/[ -]/g, '')) {
    if (flag === 'n') options.numeric = true;
    else if (flag === 'e') options.ether = true;
    else if (flag === 'v') options.verbose = (options.verbose ?? 0) + 1;
    else if (flag === 'q') options.quiet = true;
    else if (flag === 'S') options.absoluteSequence = true;
    else if (flag === 'K') options.noChecksums = true;
    else if (flag === '#') options.packetNumbers = true;
    else if (flag === 't') stamps++;
    else if (flag === 'x') options.dump = options.dump === 'x' ? 'xx' : 'x';
    else if (flag === 'X') options.dump = 'X';
    else if (flag === 'A') options.dump = 'A';
    else assert.fail(`flag ${flag}`);
  }
  options.timestamp = stamps as 0 | 1 | 2 | 3 | 4 | 5;
  return options;
}

for (const file of readdirSync(RECORDINGS).filter((f) => f.endsWith('.json') && f !== 'filters.json')) {
  const name = file.slice(0, -5);
  const pcap = CAPTURES.map((dir) => join(dir, name + '.pcap')).find((path) => existsSync(path));
  const outputs = JSON.parse(readFileSync(join(RECORDINGS, file), 'utf8')) as Record<string, string>;
  test(`${name} prints as tcpdump prints it`, () => {
    assert.ok(pcap !== undefined, 'the capture of this recording');
    const read = readPcap(new Uint8Array(readFileSync(pcap)));
    assert.equal(read.error, undefined);
    for (const [flags, expected] of Object.entries(outputs)) {
      const options = { ...parseFlags(flags), linkType: read.file!.linkType };
      const state = makePrintState();
      let rest = expected;
      read.file!.records.forEach((record, i) => {
        const text = printPacket(record, options, state) + '\n';
        assert.equal(rest.slice(0, text.length), text, `${name} ${flags} packet ${i + 1}`);
        rest = rest.slice(text.length);
      });
      assert.equal(rest, '', `${name} ${flags}: nothing left`);
    }
  });
}

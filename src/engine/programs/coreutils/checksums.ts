/** md5sum, sha1sum, sha256sum; the longer digests are among the data tools, which load later. */
import type { Program } from '../../host';
import { checksumTool } from '../lib/checksum-tool';
import type { HashName } from '../lib/hash';
import { hash } from '../lib/hash';

function make(name: HashName, digits: number): Program {
  return checksumTool(name, digits, function* (t, data) {
    yield* t.sys.work(data.length >> 8);
    return hash(name, data);
  });
}

/** md5sum(1). */
export const md5sum: Program = make('md5', 32);
/** sha1sum(1). */
export const sha1sum: Program = make('sha1', 40);
/** sha256sum(1). */
export const sha256sum: Program = make('sha256', 64);

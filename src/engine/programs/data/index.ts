import type { Program } from '../../host';
import { file } from './file';
import { getent } from './getent';
import { hexdump, strings } from './hexdump';
import { xxd } from './xxd';
import { jq } from './jq/main';
import { findmnt } from './mount/findmnt';
import { mount } from './mount/mount';
import { mountpoint } from './mount/mountpoint';
import { umount } from './mount/umount';
import { numfmt } from './numfmt';
import { od } from './od';
import { setpriv } from './setpriv';
import { getconf, locale } from './settings';
import { cksum, sha224sum, sha384sum, sha512sum } from './sums';
import { which } from './which';

/** Programs that look at data, names and mounts. */
export const DATA_TOOLS: readonly Program[] = [
  cksum,
  file,
  findmnt,
  getconf,
  getent,
  hexdump,
  jq,
  locale,
  mount,
  mountpoint,
  numfmt,
  od,
  setpriv,
  sha224sum,
  sha384sum,
  sha512sum,
  strings,
  umount,
  which,
  xxd,
];

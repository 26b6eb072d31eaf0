import type { Program } from '../../host';
import { chgrp, chmod, chown } from './chmod';
import { cp, mv } from './copy';
import { ls } from './ls';
import { rm } from './rm';
import { ln, mkdir, mkfifo, mktemp, readlink, realpath, rmdir, sync, truncate } from './simple';
import { stat } from './stat';
import { touch } from './touch';
import { dd, df, du } from './usage';

/** Programs that look at and change files. */
export const FILE_TOOLS: readonly Program[] = [
  chgrp,
  chmod,
  chown,
  cp,
  dd,
  df,
  du,
  ln,
  ls,
  mkdir,
  mkfifo,
  mktemp,
  mv,
  readlink,
  realpath,
  rm,
  rmdir,
  stat,
  sync,
  touch,
  truncate,
];

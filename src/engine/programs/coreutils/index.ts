import type { Program } from '../../host';
import { base64, base32 } from './base64';
import { basename } from './basename';
import { cat } from './cat';
import { md5sum, sha1sum, sha256sum } from './checksums';
import { comm } from './comm';
import { cut } from './cut';
import { dirname } from './dirname';
import { echo } from './echo';
import { env } from './env';
import { expand, unexpand } from './expand';
import { expr } from './expr';
import { falseProgram } from './false';
import { fmt } from './fmt';
import { fold } from './fold';
import { head } from './head';
import { join } from './join';
import { nl } from './nl';
import { paste } from './paste';
import { printenv } from './printenv';
import { printf } from './printf';
import { pwd } from './pwd';
import { seq } from './seq';
import { shuf } from './shuf';
import { sleep } from './sleep';
import { sort } from './sort';
import { split } from './split';
import { tac } from './tac';
import { tail } from './tail';
import { tee } from './tee';
import { test, bracket } from './test';
import { timeout } from './timeout';
import { tr } from './tr';
import { trueProgram } from './true';
import { uniq } from './uniq';
import { wc } from './wc';
import { yes } from './yes';

/** The programs of GNU coreutils 9.1. */
export const COREUTILS: readonly Program[] = [
  base64,
  base32,
  basename,
  cat,
  md5sum,
  sha1sum,
  sha256sum,
  comm,
  cut,
  dirname,
  echo,
  env,
  expand,
  unexpand,
  expr,
  falseProgram,
  fmt,
  fold,
  head,
  join,
  nl,
  paste,
  printenv,
  printf,
  pwd,
  seq,
  shuf,
  sleep,
  sort,
  split,
  tac,
  tail,
  tee,
  test,
  bracket,
  timeout,
  tr,
  trueProgram,
  uniq,
  wc,
  yes,
];

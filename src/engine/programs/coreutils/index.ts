import type { Program } from '../../host';
import { basename } from './basename';
import { cat } from './cat';
import { dirname } from './dirname';
import { echo } from './echo';
import { env } from './env';
import { falseProgram } from './false';
import { head } from './head';
import { nl } from './nl';
import { printenv } from './printenv';
import { printf } from './printf';
import { pwd } from './pwd';
import { seq } from './seq';
import { sleep } from './sleep';
import { tac } from './tac';
import { tail } from './tail';
import { tee } from './tee';
import { timeout } from './timeout';
import { trueProgram } from './true';
import { wc } from './wc';
import { yes } from './yes';

/** The programs of GNU coreutils 9.1. */
export const COREUTILS: readonly Program[] = [
  basename,
  cat,
  dirname,
  echo,
  env,
  falseProgram,
  head,
  nl,
  printenv,
  printf,
  pwd,
  seq,
  sleep,
  tac,
  tail,
  tee,
  timeout,
  trueProgram,
  wc,
  yes,
];

import type { Program } from '../../host';
import { dmesg } from './dmesg';
import { free } from './free';
import { kill } from './kill';
import { killall } from './killall';
import { lsof } from './lsof';
import { nice, nohup, renice, setsid } from './nohup';
import { pgrep, pkill } from './pgrep';
import { pidof } from './pidof';
import { ps } from './ps';
import { pstree } from './pstree';
import { nologin, su } from './su';
import { sudo } from './sudo';
import { time } from './time';
import { top } from './top';
import { uptime } from './uptime';
import { users, w, who } from './who';

/** Programs that show processes, memory and users, or act on them. */
export const PROCESS_TOOLS: readonly Program[] = [
  dmesg,
  free,
  kill,
  killall,
  lsof,
  nice,
  nohup,
  nologin,
  pgrep,
  pidof,
  pkill,
  ps,
  pstree,
  renice,
  setsid,
  su,
  sudo,
  time,
  top,
  uptime,
  users,
  w,
  who,
];

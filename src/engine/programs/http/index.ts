import type { Program } from '../../host';
import { curl } from './curl';
import { nginx } from './nginx';
import { python3 } from './python';
import { wget } from './wget';

/** Programs that speak HTTP. */
export const HTTP_PROGRAMS: readonly Program[] = [curl, nginx, python3, wget];

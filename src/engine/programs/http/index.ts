import type { Program } from '../../host';
import { registerFileSystems } from '../../host/proc/hooks';
import { curl } from './curl';
import { nginx } from './nginx';
import { NGINX_FILES } from './nginx/debian-files';
import { python3 } from './python';
import { wget } from './wget';

registerFileSystems({ packages: NGINX_FILES });

/** Programs that speak HTTP. */
export const HTTP_PROGRAMS: readonly Program[] = [curl, nginx, python3, wget];

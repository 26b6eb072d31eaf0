import type { Program } from '../../host';
import { jq } from './jq/main';

/** Programs that look at data, names and mounts. */
export const DATA_TOOLS: readonly Program[] = [jq];

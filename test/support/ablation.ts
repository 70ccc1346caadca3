import { join } from 'node:path';

/** What makes a process and its children run with one of the changes in `ablations.mjs`. */
export const ablationEnv = (name: string): Record<string, string> => ({
  REELAY_ABLATION: name,
  NODE_OPTIONS: `--import=${join(import.meta.dirname, 'ablate.mjs')}`,
});

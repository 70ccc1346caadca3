import { join } from 'node:path';
import { repoRoot } from './paths.mjs';

/**
 * How many modules dependency-cruiser reads. It passes with none when it cannot parse TypeScript.
 * @param {readonly string[]} sources
 * @returns {Promise<number>}
 */
export async function cruiseCount(sources) {
  // Loaded late: this file is read before any package is installed.
  const { cruise } = await import('dependency-cruiser');
  const { output } = await cruise(
    sources.map((source) => join(repoRoot, source)),
    { doNotFollow: { path: 'node_modules' } },
  );
  return typeof output === 'string' ? 0 : output.summary.totalCruised;
}

import { randomInt } from 'node:crypto';
import { compileRandom } from '@reelay/contracts';
import { pickVideos, type SqlRunner } from '@reelay/persistence';
import { unprocessable } from '../http/api-error.js';

/** A compilation takes no fewer and no more inputs. */
const LEAST_INPUTS = 2;
const MOST_INPUTS = 50;
const SEEDS = 2 ** 32;

/** What a client may choose the videos by. Anything else is left to the check of the parameters. */
const criteria = compileRandom.parameters
  .pick({ directoryType: true, orientation: true, minDuration: true, maxDuration: true, count: true, seed: true })
  .strip();

/**
 * Names the inputs of a random compilation that names none: videos of the library, picked with a seed that is stored
 * with the job, so that each attempt has the same ones.
 * @throws {ApiError} 422 when the library has too few videos that fit
 */
export async function withRandomInputs(
  runner: SqlRunner,
  type: string,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  if (type !== compileRandom.type || params.inputPaths !== undefined) return params;
  const parsed = criteria.safeParse(params);
  if (!parsed.success) return params;
  const { directoryType, orientation, minDuration, maxDuration, count, seed = randomInt(SEEDS) } = parsed.data;
  const filter = {
    directoryType: directoryType === undefined ? undefined : [directoryType],
    orientation: orientation && [orientation],
    minDuration,
    maxDuration,
  };
  const inputPaths = await pickVideos(runner, filter, seed, Math.max(LEAST_INPUTS, count ?? MOST_INPUTS));
  if (inputPaths.length < LEAST_INPUTS) {
    const message =
      `the library has ${inputPaths.length === 0 ? 'no video' : 'only one video'} that fits: ` +
      'scan its folders, ask for less, or name inputPaths';
    throw unprocessable('NO_MATCHING_VIDEOS', [{ path: 'params.inputPaths', message, code: 'too_small' }]);
  }
  return { ...params, seed, inputPaths };
}

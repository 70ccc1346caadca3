import { MediaError } from './errors.js';
import { inputIsDamaged } from './failure.js';

/**
 * An output that is wrong because its input is stays wrong with every retry: ffmpeg complained of the
 * input, or what was copied does not decode.
 * @param complaints what ffmpeg said, when it ended well
 */
export function blameInput(error: unknown, complaints: readonly string[], isCopy: boolean): unknown {
  if (!(error instanceof MediaError) || error.code !== 'OUTPUT_INVALID') return error;
  const isCopyOfDamage = isCopy && error.facts.check === 'decode';
  if (!isCopyOfDamage && !inputIsDamaged(complaints)) return error;
  return new MediaError('INPUT_UNREADABLE', `the input is damaged: ${error.message}`, {
    cause: error,
    facts: { ...error.facts, complaints },
  });
}

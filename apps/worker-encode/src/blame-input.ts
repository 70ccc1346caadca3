import { inputIsDamaged, MediaError, type RunResult } from '@reelay/media';

/**
 * An output that is wrong because its input is stays wrong with every retry: ffmpeg complained of the
 * input, or what was copied does not decode.
 */
export function blameInput(error: unknown, run: RunResult, mode: 'encode' | 'remux'): unknown {
  if (!(error instanceof MediaError) || error.code !== 'OUTPUT_INVALID') return error;
  const isCopyOfDamage = mode === 'remux' && error.facts.check === 'decode';
  if (!isCopyOfDamage && !inputIsDamaged(run.stderr)) return error;
  return new MediaError('INPUT_UNREADABLE', `the input is damaged: ${error.message}`, {
    cause: error,
    facts: { ...error.facts, complaints: run.stderr },
  });
}

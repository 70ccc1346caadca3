import { MediaError, type MediaTools } from '@reelay/media';
import type { TranscodePlan } from '@reelay/media/plan';

/**
 * Makes sure that this worker's ffmpeg has all that a plan needs.
 * @throws {MediaError} FEATURE_MISSING naming what it lacks
 */
export function requireFeatures(
  { encoders, filters }: TranscodePlan['needs'],
  tools: Pick<MediaTools, 'encoders' | 'filters' | 'ffmpeg' | 'version'>,
): void {
  const lacking = [
    ...encoders.filter((name) => !tools.encoders.has(name)).map((name) => `encoder ${name}`),
    ...filters.filter((name) => !tools.filters.has(name)).map((name) => `filter ${name}`),
  ];
  if (lacking.length === 0) return;
  throw new MediaError(
    'FEATURE_MISSING',
    `the ffmpeg of this worker (${tools.version}) lacks ${lacking.join(', ')}: ` +
      'set FFMPEG_PATH to one that has it, or choose another preset',
    { facts: { lacking, ffmpeg: tools.ffmpeg, version: tools.version } },
  );
}

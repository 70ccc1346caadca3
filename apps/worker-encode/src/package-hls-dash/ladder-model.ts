import { MediaError, secondsOf } from '@reelay/media';
import { AUDIO_FOLDER } from '../encode-rendition/encode-rendition.plan.js';
import { readTracks } from '../encode-rendition/verify-tracks.js';
import { valueOf } from '../plan-ladder/ladder.plan.js';
import type { RenditionSet } from '../rendition-set.js';
import type { PackageModel } from './package-model.js';

/** All renditions of a video, and where they are. */
export interface Ladder extends RenditionSet {
  /** Absolute folder of each track, by its name. */
  readonly folders: ReadonlyMap<string, string>;
}

/** Reads the tracks that are in a folder. @throws {MediaError} OUTPUT_INVALID when they are not those of the ladder */
export async function modelOf(folder: string, ladder: Ladder): Promise<PackageModel> {
  const seconds = ladder.renditions.length === 0 ? null : ladder.frames / valueOf(ladder.frameRate);
  const { renditions, audio } = await readTracks(folder, { ...ladder, durationSeconds: null });
  if (renditions[0] !== undefined && seconds !== null) mustHaveFrames(secondsOf(renditions[0]), ladder, seconds);
  return {
    renditions: ladder.renditions.flatMap(({ name, width, height }, index) => {
      const track = renditions[index];
      return track === undefined ? [] : [{ name, size: { width, height }, frameRate: ladder.frameRate, track }];
    }),
    audio: audio === null ? null : { name: AUDIO_FOLDER, track: audio },
  };
}

/** The pictures that were encoded are there, give or take one. */
function mustHaveFrames(found: number, { frames, frameRate }: Ladder, planned: number): void {
  if (Math.abs(found - planned) * valueOf(frameRate) <= 1.5) return;
  throw new MediaError(
    'OUTPUT_INVALID',
    `the renditions last ${found.toFixed(2)} s, and ${String(frames)} pictures were encoded`,
  );
}

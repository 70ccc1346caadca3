import { MediaError, type LibraryInput, type MediaInfo, type VideoStreamInfo } from '@reelay/media';

/** Where thumbnails, sprites and previews go that no path was asked for. */
export const OUTPUT_FOLDER = 'thumbnails';

/** A video of which several moments are shown. */
export interface Film {
  readonly input: LibraryInput;
  readonly video: VideoStreamInfo;
  /** How long its picture lasts; sound may go on after it. */
  readonly durationSeconds: number;
}

/**
 * What is needed of a video whose moments are spread over it.
 * @throws {MediaError} INPUT_UNREADABLE when it does not say how long it is
 */
export function filmOf(input: LibraryInput, video: VideoStreamInfo, media: MediaInfo): Film {
  const durationSeconds = Math.min(video.durationSeconds ?? Infinity, media.durationSeconds ?? Infinity);
  if (durationSeconds === Infinity) {
    throw new MediaError('INPUT_UNREADABLE', 'it does not say how long it is: re-encode it first');
  }
  return { input, video, durationSeconds };
}

import type { CmafTrack, PictureSize } from '@reelay/media';

/** The file of a track's playlist, and of its key pictures alone. */
export const MEDIA_PLAYLIST = 'index.m3u8';
export const KEY_PLAYLIST = 'iframes.m3u8';

/** A track of a package, in a folder of its own. */
export interface PackagedTrack {
  readonly name: string;
  readonly track: CmafTrack;
}

/** A size and bitrate that a package offers. */
export interface PackagedRendition extends PackagedTrack {
  readonly size: PictureSize;
  /** As ffmpeg reads it: 25 or 30000/1001. */
  readonly frameRate: string;
}

/** What manifests are written for. */
export interface PackageModel {
  /** From the largest to the smallest. */
  readonly renditions: readonly PackagedRendition[];
  readonly audio: PackagedTrack | null;
  /** The target duration that players of a growing playlist were told: it may not become less. */
  readonly leastTarget?: number;
}

/** Bits a second of a track. */
export interface Bandwidth {
  /** Of the worst stretch that is about as long as a segment. */
  readonly peak: number;
  readonly average: number;
}

/** How long a track's segments are, in seconds, and how large. */
interface Measured {
  readonly seconds: number;
  readonly bytes: number;
}

const measuredOf = ({ header, segments }: CmafTrack, bytesOf: (index: number) => number): Measured[] =>
  segments.map(({ duration }, index) => ({ seconds: duration / header.timescale, bytes: bytesOf(index) }));

/** All tracks of a package. */
export const tracksOf = ({ renditions, audio }: PackageModel): PackagedTrack[] => [
  ...renditions,
  ...(audio === null ? [] : [audio]),
];

/** The longest segment of all tracks, rounded up to whole seconds: EXT-X-TARGETDURATION. */
export const targetDuration = (model: PackageModel): number =>
  Math.ceil(
    Math.max(
      model.leastTarget ?? 0,
      ...tracksOf(model).flatMap(({ track }) =>
        track.segments.map(({ duration }) => duration / track.header.timescale),
      ),
    ),
  );

/** Of all its segments. */
export const bandwidthOf = (track: CmafTrack, target: number): Bandwidth =>
  measure(
    measuredOf(track, (index) => track.segments[index]?.sizeBytes ?? 0),
    target,
  );

/** Of its key pictures alone. */
export const keyBandwidthOf = (track: CmafTrack, target: number): Bandwidth =>
  measure(
    measuredOf(track, (index) => track.segments[index]?.first.length ?? 0),
    target,
  );

/**
 * The peak is that of RFC 8216, section 4.1: the highest of any run of segments that lasts between half and one and a
 * half times the target duration.
 */
function measure(segments: readonly Measured[], target: number): Bandwidth {
  const bits = (bytes: number, seconds: number): number => Math.ceil(Number(((bytes * 8) / seconds).toFixed(3)));
  const seconds = segments.reduce((sum, segment) => sum + segment.seconds, 0);
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const average = bits(bytes, seconds);
  let peak = average;
  for (let from = 0; from < segments.length; from++) {
    let run = { seconds: 0, bytes: 0 };
    for (let at = from; at < segments.length && run.seconds <= target * 1.5; at++) {
      const { seconds: more, bytes: size } = segments[at] ?? { seconds: 0, bytes: 0 };
      run = { seconds: run.seconds + more, bytes: run.bytes + size };
      const counts = run.seconds >= target / 2 && run.seconds <= target * 1.5;
      if (counts) peak = Math.max(peak, bits(run.bytes, run.seconds));
    }
  }
  return { peak, average };
}

import { INIT_FILE } from '@reelay/media';
import { valueOf } from '../plan-ladder/ladder.plan.js';
import {
  bandwidthOf,
  KEY_PLAYLIST,
  keyBandwidthOf,
  MEDIA_PLAYLIST,
  targetDuration,
  type Bandwidth,
  type PackagedRendition,
  type PackagedTrack,
  type PackageModel,
} from './package-model.js';

/** The version of HLS that has maps of fragmented MP4 outside of lists of key pictures. */
const VERSION = 7;

/** A media playlist that grows, or one that is complete. */
export interface PlaylistState {
  /** EVENT: segments may be added. VOD: nothing changes any more. */
  readonly type: 'EVENT' | 'VOD';
  readonly ended: boolean;
}

/** A segment as a playlist names it. */
export interface PlaylistEntry {
  readonly name: string;
  readonly seconds: number;
}

/** The playlist of one track. */
export function mediaPlaylist(
  entries: readonly PlaylistEntry[],
  target: number,
  { type, ended }: PlaylistState,
): string {
  return lines([
    ...head(target, type),
    `#EXT-X-INDEPENDENT-SEGMENTS`,
    `#EXT-X-MAP:URI="${INIT_FILE}"`,
    ...entries.flatMap(({ name, seconds }) => [`#EXTINF:${seconds.toFixed(6)},`, name]),
    ...(ended ? ['#EXT-X-ENDLIST'] : []),
  ]);
}

/** The segments of a track, as its playlist names them. */
export const entriesOf = ({ track }: Pick<PackagedTrack, 'track'>): PlaylistEntry[] =>
  track.segments.map(({ name, duration }) => ({ name, seconds: duration / track.header.timescale }));

/** The list of the key pictures of a rendition, for fast seeking: each is the beginning of a segment. */
export function keyPlaylist({ track }: PackagedRendition, target: number): string {
  return lines([
    ...head(target, 'VOD'),
    '#EXT-X-I-FRAMES-ONLY',
    `#EXT-X-MAP:URI="${INIT_FILE}"`,
    ...track.segments.flatMap(({ name, duration, first }) => [
      `#EXTINF:${(duration / track.header.timescale).toFixed(6)},`,
      `#EXT-X-BYTERANGE:${String(first.length)}@${String(first.offset)}`,
      name,
    ]),
    '#EXT-X-ENDLIST',
  ]);
}

const head = (target: number, type: PlaylistState['type']): string[] => [
  '#EXTM3U',
  `#EXT-X-VERSION:${String(VERSION)}`,
  `#EXT-X-TARGETDURATION:${String(target)}`,
  '#EXT-X-MEDIA-SEQUENCE:1',
  `#EXT-X-PLAYLIST-TYPE:${type}`,
];

/** A rendition as the master playlist names it. */
export interface MasterVariant extends Bandwidth {
  readonly name: string;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: string;
  /** Of its key pictures; null while they are not listed. */
  readonly keys: Bandwidth | null;
}

/** The sound as the master playlist names it. */
export interface MasterAudio extends Bandwidth {
  readonly name: string;
  readonly codec: string;
  readonly channels: number;
}

/** What a complete package's master playlist names. */
export function masterOf(model: PackageModel): { variants: MasterVariant[]; audio: MasterAudio | null } {
  const target = targetDuration(model);
  const { renditions, audio } = model;
  return {
    variants: renditions.map(({ name, size, frameRate, track }) => ({
      ...{ name, ...size, frameRate, codec: track.header.codec },
      ...bandwidthOf(track, target),
      keys: keyBandwidthOf(track, target),
    })),
    audio:
      audio === null
        ? null
        : {
            ...{ name: audio.name, codec: audio.track.header.codec, channels: audio.track.header.sound?.channels ?? 2 },
            ...bandwidthOf(audio.track, target),
          },
  };
}

/** The master playlist. Players start with the first variant, so that the smallest comes first. */
export function masterPlaylist(variants: readonly MasterVariant[], audio: MasterAudio | null): string {
  const ascending = [...variants].sort((a, b) => a.peak - b.peak || a.width * a.height - b.width * b.height);
  return lines([
    '#EXTM3U',
    `#EXT-X-VERSION:${String(VERSION)}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(audio === null || variants.length === 0 ? [] : [audioLine(audio)]),
    ...(variants.length === 0 && audio !== null ? soundOnly(audio) : []),
    ...ascending.flatMap((variant) => [
      `#EXT-X-STREAM-INF:${attributes([
        ['BANDWIDTH', String(variant.peak + (audio?.peak ?? 0))],
        ['AVERAGE-BANDWIDTH', String(variant.average + (audio?.average ?? 0))],
        ['CODECS', quoted([variant.codec, ...(audio === null ? [] : [audio.codec])].join(','))],
        ['RESOLUTION', `${String(variant.width)}x${String(variant.height)}`],
        ['FRAME-RATE', valueOf(variant.frameRate).toFixed(3)],
        ...(audio === null ? [] : [['AUDIO', quoted(audio.name)] as const]),
      ])}`,
      `${variant.name}/${MEDIA_PLAYLIST}`,
    ]),
    ...ascending.flatMap(({ name, codec, width, height, keys }) =>
      keys === null
        ? []
        : [
            `#EXT-X-I-FRAME-STREAM-INF:${attributes([
              ['BANDWIDTH', String(keys.peak)],
              ['AVERAGE-BANDWIDTH', String(keys.average)],
              ['CODECS', quoted(codec)],
              ['RESOLUTION', `${String(width)}x${String(height)}`],
              ['URI', quoted(`${name}/${KEY_PLAYLIST}`)],
            ])}`,
          ],
    ),
  ]);
}

const audioLine = ({ name, channels }: MasterAudio): string =>
  `#EXT-X-MEDIA:${attributes([
    ['TYPE', 'AUDIO'],
    ['GROUP-ID', quoted(name)],
    ['NAME', quoted(name)],
    ['DEFAULT', 'YES'],
    ['AUTOSELECT', 'YES'],
    ['CHANNELS', quoted(String(channels))],
    ['URI', quoted(`${name}/${MEDIA_PLAYLIST}`)],
  ])}`;

const soundOnly = ({ name, codec, peak, average }: MasterAudio): string[] => [
  `#EXT-X-STREAM-INF:${attributes([
    ['BANDWIDTH', String(peak)],
    ['AVERAGE-BANDWIDTH', String(average)],
    ['CODECS', quoted(codec)],
  ])}`,
  `${name}/${MEDIA_PLAYLIST}`,
];

const attributes = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join(',');

/** Names and codecs hold neither quotes nor line ends. */
const quoted = (text: string): string => `"${text}"`;

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;

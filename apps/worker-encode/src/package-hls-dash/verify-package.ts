import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DASH_MANIFEST, MASTER_PLAYLIST } from '@reelay/contracts';
import {
  decodePlaylist,
  MediaError,
  probeManifest,
  samplesOf,
  secondsOf,
  type EncodeProgress,
  type Ffmpeg,
  type RunControl,
} from '@reelay/media';
import type { JobContext } from '@reelay/worker-sdk';
import { allOf } from '../all-of.js';
import { mustLast } from '../encode-rendition/verify-tracks.js';
import { readDash, readMaster, readPlaylist, type ReadPlaylist } from './manifest-reader.js';
import {
  KEY_PLAYLIST,
  MEDIA_PLAYLIST,
  targetDuration,
  tracksOf,
  type PackagedTrack,
  type PackageModel,
} from './package-model.js';

/** Times in manifests are rounded to microseconds. */
const ROUNDING_SECONDS = 0.000_001;

/** Tracks that are decoded at the same time: a small picture alone leaves cores idle. */
const DECODED_AT_ONCE = 2;

const invalid = (what: string): MediaError =>
  new MediaError('OUTPUT_INVALID', `the package is wrong: ${what}`, { facts: { check: 'package' } });

/**
 * Checks that what the playlists and the manifest of a finished package say is what is there.
 * @throws {MediaError} OUTPUT_INVALID with what was found
 */
export async function verifyManifests(
  ffmpeg: Ffmpeg,
  folder: string,
  model: PackageModel,
  job: JobContext,
): Promise<void> {
  await verifyHls(folder, model);
  await verifyDash(folder, model);
  await verifyByFfprobe(ffmpeg, folder, model, job);
}

/**
 * Decodes every segment.
 * @throws {MediaError} OUTPUT_INVALID when one does not decode, or does not show what it should
 */
export async function verifySegments(
  ffmpeg: Ffmpeg,
  folder: string,
  model: PackageModel,
  job: JobContext,
): Promise<void> {
  const tracks = tracksOf(model);
  const done = tracks.map(() => 0);
  const atOnce = Math.min(DECODED_AT_ONCE, ffmpeg.threads ?? DECODED_AT_ONCE);
  await allOf(tracks, atOnce, job.signal, (packaged, index, signal) =>
    decodeTrack(ffmpeg, folder, packaged, { signal, pause: job.pause }, ({ percent }) => {
      done[index] = percent;
      job.progress({ phase: 'verify', percent: done.reduce((sum, each) => sum + each, 0) / tracks.length });
    }),
  );
}

async function verifyHls(folder: string, model: PackageModel): Promise<void> {
  const { variants, keys, audio } = readMaster(await readFile(join(folder, MASTER_PLAYLIST), 'utf8'));
  const { renditions } = model;
  const listed = new Set([...variants, ...audio].map(({ uri }) => uri));
  for (const { name } of tracksOf(model)) {
    if (!listed.has(`${name}/${MEDIA_PLAYLIST}`)) throw invalid(`${MASTER_PLAYLIST} does not name ${name}`);
  }
  if (keys.length !== renditions.length) throw invalid(`${MASTER_PLAYLIST} does not name all lists of key pictures`);
  const target = targetDuration(model);
  for (const packaged of tracksOf(model)) {
    const path = join(folder, packaged.name, MEDIA_PLAYLIST);
    mustMatch(`${packaged.name}/${MEDIA_PLAYLIST}`, readPlaylist(await readFile(path, 'utf8')), packaged, target);
  }
  for (const packaged of renditions) {
    const label = `${packaged.name}/${KEY_PLAYLIST}`;
    const read = readPlaylist(await readFile(join(folder, packaged.name, KEY_PLAYLIST), 'utf8'));
    mustMatch(label, read, packaged, target);
    const ranges = packaged.track.segments.map(({ first }) => `${String(first.length)}@${String(first.offset)}`);
    if (read.entries.some(({ range }, index) => range !== ranges[index])) throw invalid(`${label} has a wrong range`);
  }
}

function mustMatch(label: string, read: ReadPlaylist, { track }: PackagedTrack, target: number): void {
  if (read.type !== 'VOD' || !read.ended || read.map === null) throw invalid(`${label} is not complete`);
  if (read.target !== target) throw invalid(`${label} has the target duration ${String(read.target)}`);
  if (read.entries.length !== track.segments.length) throw invalid(`${label} does not name all segments`);
  for (const [index, { name, seconds }] of read.entries.entries()) {
    const segment = track.segments[index];
    const lasts = (segment?.duration ?? 0) / track.header.timescale;
    if (name !== segment?.name) throw invalid(`${label} names ${name} out of turn`);
    if (Math.abs(seconds - lasts) > ROUNDING_SECONDS)
      throw invalid(`${label}: ${name} does not last ${String(seconds)} s`);
    if (seconds > target) throw invalid(`${label}: ${name} is longer than the target duration`);
  }
}

async function verifyDash(folder: string, model: PackageModel): Promise<void> {
  const read = readDash(await readFile(join(folder, DASH_MANIFEST), 'utf8'));
  const tracks = tracksOf(model);
  if (read.length !== tracks.length) throw invalid(`${DASH_MANIFEST} does not name all tracks`);
  for (const { name, track } of tracks) {
    const found = read.find(({ id }) => id === name);
    const { header, segments } = track;
    const differs = segments.some(({ duration }, at) => {
      return Math.abs((found?.seconds[at] ?? NaN) - duration / header.timescale) > ROUNDING_SECONDS;
    });
    if (
      found?.seconds.length !== segments.length ||
      differs ||
      found.codecs !== header.codec ||
      !(found.bandwidth > 0)
    ) {
      throw invalid(`${DASH_MANIFEST} does not name ${name} as it is`);
    }
  }
}

/** Another reader finds the same streams. */
async function verifyByFfprobe(ffmpeg: Ffmpeg, folder: string, model: PackageModel, job: JobContext): Promise<void> {
  const wanted = [
    ...model.renditions.map(({ size }) => `h264 ${String(size.width)}x${String(size.height)}`),
    ...(model.audio === null ? [] : ['aac']),
  ];
  for (const [kind, name] of [
    ['hls', MASTER_PLAYLIST],
    ['dash', DASH_MANIFEST],
  ] as const) {
    const streams = await probeManifest(ffmpeg.tools, kind, join(folder, name), job);
    if (streams === null) {
      job.log(`this ffprobe cannot read ${kind} manifests: ${name} was read by Reelay alone`);
      continue;
    }
    const found = new Set(
      streams.map(({ codec, size }) =>
        size === null ? codec : `${codec} ${String(size.width)}x${String(size.height)}`,
      ),
    );
    const missing = wanted.find((each) => !found.has(each));
    if (missing !== undefined) throw invalid(`ffprobe finds no ${missing} in ${name}`);
  }
}

async function decodeTrack(
  ffmpeg: Ffmpeg,
  folder: string,
  { name, track }: PackagedTrack,
  control: RunControl,
  onProgress: (progress: EncodeProgress) => void,
): Promise<void> {
  const seconds = secondsOf(track);
  const file = join(folder, name, MEDIA_PLAYLIST);
  const { frames, mediaSeconds } = await decodePlaylist(ffmpeg, file, seconds, control, onProgress);
  if (track.header.kind === 'video' && Math.abs(frames - samplesOf(track)) > 1) {
    throw invalid(`${name} shows ${String(frames)} pictures, not ${String(samplesOf(track))}`);
  }
  if (track.header.kind === 'audio') mustLast(mediaSeconds, seconds);
}

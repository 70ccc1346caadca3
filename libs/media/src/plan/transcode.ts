import type { PresetContainer, PresetSettings } from '@reelay/contracts';
import { expectedBytes } from '../disk-room.js';
import { MediaError } from '../errors.js';
import type { OutputExpectation } from '../expectation.js';
import { guardedInput, outputFile } from '../input.js';
import { outputBaseName } from '../library-path.js';
import type { MediaInfo } from '../media-info.js';
import { planHardware, type HardwareEncoders, type HardwarePlan } from './hardware-encoder.js';
import { planPicture, type PicturePlan } from './picture.js';
import { AUDIO_ENCODERS, planSound, soundOptions, type SoundPlan } from './sound.js';
import { hardwareOptions, VIDEO_ENCODERS, videoOptions } from './video-encoder.js';

/** What a transcode does with one input. */
export interface TranscodeRequest {
  readonly settings: PresetSettings;
  /** Seconds of the input at which the output begins and ends. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

export interface TranscodeFiles {
  readonly input: string;
  readonly output: string;
}

/** A transcode that is decided on; nothing has run. */
export interface TranscodePlan {
  /** `remux` when all is copied. */
  readonly mode: 'encode' | 'remux';
  /** What is done to the input and why, for people. */
  readonly notes: readonly string[];
  /** From the input's options to the output's name. */
  readonly args: string[];
  /** Of the picture, by ffmpeg's name; null where there is no picture. */
  readonly encoder: string | null;
  /** Device files of the GPU that encodes; none where the CPU does. */
  readonly devices: readonly string[];
  /** What of ffmpeg it needs, by ffmpeg's names. */
  readonly needs: { readonly encoders: readonly string[]; readonly filters: readonly string[] };
  readonly expect: OutputExpectation;
  /** About how large the output gets. */
  readonly expectedBytes: number;
}

interface Format {
  /** ffmpeg's name of what writes it. */
  readonly muxer: string;
  /** One of ffprobe's names of what it is. */
  readonly container: string;
  /** Extensions of a file's name that fit; the first is given to files that have no name yet. */
  readonly extensions: readonly [string, ...string[]];
}

/** How each container is written and known again. */
export const FORMATS: Readonly<Record<PresetContainer, Format>> = {
  mp4: { muxer: 'mp4', container: 'mp4', extensions: ['mp4', 'm4v'] },
  mkv: { muxer: 'matroska', container: 'matroska', extensions: ['mkv', 'mka'] },
  webm: { muxer: 'webm', container: 'webm', extensions: ['webm', 'weba'] },
  m4a: { muxer: 'ipod', container: 'm4a', extensions: ['m4a'] },
  ogg: { muxer: 'ogg', container: 'ogg', extensions: ['ogg', 'opus', 'oga'] },
  mp3: { muxer: 'mp3', container: 'mp3', extensions: ['mp3'] },
};

/** Every encoder and filter that some preset may ask for; a worker announces which of them it has. */
export const TRANSCODE_FEATURES: readonly string[] = [
  ...Object.values(VIDEO_ENCODERS),
  ...Object.values(AUDIO_ENCODERS),
  ...['bwdif', 'zscale', 'tonemap', 'loudnorm'],
];

/** Packets that wait for the other stream's first one; inputs whose sound starts late need many. */
export const MUXING_QUEUE = '1024';

/** The extensions that a file in this container may have; the first is the usual one. */
export const extensionsOf = (container: PresetContainer): readonly [string, ...string[]] =>
  FORMATS[container].extensions;

/** Where outputs go that no path was asked for. */
const OUTPUT_FOLDER = 'playback';

/** What an output is called that no path was asked for: `playback/film-web-1080p.mp4`. */
export const outputName = (
  inputPath: string,
  presetName: string,
  container: PresetContainer,
): { directory: string; base: string; extension: string } => ({
  directory: OUTPUT_FOLDER,
  base: `${outputBaseName(inputPath)}-${presetName}`,
  extension: extensionsOf(container)[0],
});

/**
 * Decides how an input is transcoded.
 * @param threads of the encoder; as many as ffmpeg likes when left out
 * @param hardware what the GPU encodes; left out, the CPU encodes all
 * @throws {MediaError} INPUT_UNREADABLE when the input lacks what the preset is for; INVALID_PARAMETERS when a
 * setting contradicts the input
 */
export function planTranscode(
  request: TranscodeRequest,
  media: MediaInfo,
  files: TranscodeFiles,
  threads?: number,
  hardware: HardwareEncoders | null = null,
): TranscodePlan {
  const { settings } = request;
  const format = FORMATS[settings.container];
  const picture = picturePlan(settings, media);
  const sound = planSound(settings.audio, media.audio, settings.container);
  if (picture === null && sound === null) {
    throw new MediaError('INPUT_UNREADABLE', 'the input has no sound, and nothing else is asked for');
  }
  const gpu = picture === null ? null : planHardware(settings.video.codec, settings.video, picture.size, hardware);
  const part = planPart(request, media, { picture: picture !== null, sound: sound !== null });
  const encoder = gpu?.encoder ?? cpuEncoder(settings);
  const args = [
    // Every complaint about the input ends the run: ffmpeg would otherwise conceal what is broken, and exit with 0.
    '-xerror',
    ...(gpu?.device ?? []),
    ...part.seek,
    ...guardedInput(files.input),
    ...part.length,
    // V leaves out cover art, which may come before the picture.
    ...(picture === null ? ['-vn'] : ['-map', '0:V:0']),
    ...(sound === null ? ['-an'] : ['-map', '0:a:0']),
    ...['-sn', '-dn', '-map_metadata', '0'],
    ...(picture === null ? [] : pictureOptions(settings, picture, gpu, threads)),
    ...(sound === null ? [] : soundOptions(sound)),
    ...(['mp4', 'ipod'].includes(format.muxer) ? ['-movflags', '+faststart'] : []),
    ...['-max_muxing_queue_size', MUXING_QUEUE, '-f', format.muxer, outputFile(files.output)],
  ];
  return {
    mode: picture === null && sound?.encoder === null ? 'remux' : 'encode',
    notes: notesOf(settings, media, picture, sound),
    args,
    needs: needsOf(encoder, picture, sound),
    encoder,
    devices: gpu === null ? [] : (hardware?.devices ?? []),
    expect: expectation(settings, format, { picture, sound, seconds: part.seconds }),
    expectedBytes: sizeOf(settings, media, part.seconds),
  };
}

function picturePlan({ video: settings }: PresetSettings, { video }: MediaInfo): PicturePlan | null {
  if (settings.codec === 'none') return null;
  if (video === null) {
    throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture to encode');
  }
  return planPicture(settings, video);
}

const cpuEncoder = ({ video: { codec } }: PresetSettings): string | null =>
  codec === 'none' ? null : VIDEO_ENCODERS[codec];

function pictureOptions(
  { video, container }: PresetSettings,
  picture: PicturePlan,
  gpu: HardwarePlan | null,
  threads?: number,
): string[] {
  if (video.codec === 'none') return [];
  const filters = [...picture.filters, ...(gpu?.filters ?? [])];
  const around = { picture, isMp4: container === 'mp4', threads };
  return [
    ...(filters.length === 0 ? [] : ['-vf', filters.join(',')]),
    ...(gpu === null ? videoOptions(video.codec, video, around) : hardwareOptions(gpu, video, around)),
  ];
}

/** Which part of the input is read, and how long that is; null where nobody knows. */
function planPart(
  { settings, start = 0, end }: TranscodeRequest,
  media: MediaInfo,
  wanted: { picture: boolean; sound: boolean },
): { seek: string[]; length: string[]; seconds: number | null } {
  const total = playingSeconds(media, wanted);
  if (total !== null && start >= total) {
    throw new MediaError('INVALID_PARAMETERS', `start is at ${text(start)} s, and the input ends at ${text(total)} s`);
  }
  const rest = total === null ? Infinity : total - start;
  const asked = Math.min((end ?? Infinity) - start, settings.maxSeconds ?? Infinity);
  return {
    seek: start > 0 ? ['-ss', text(start)] : [],
    length: asked < rest ? ['-t', text(asked)] : [],
    seconds: total === null ? null : Math.min(rest, asked),
  };
}

/** How long what is wanted lasts: a stream that is left out may last longer than the one that stays. */
export function playingSeconds(media: MediaInfo, wanted: { picture: boolean; sound: boolean }): number | null {
  const only = wanted.picture && wanted.sound ? null : wanted.picture ? media.video : media.audio;
  return only?.durationSeconds ?? media.durationSeconds;
}

/** Milliseconds are as precise as it gets. */
const text = (seconds: number): string => String(Number(seconds.toFixed(3)));

function notesOf(
  settings: PresetSettings,
  media: MediaInfo,
  picture: PicturePlan | null,
  sound: SoundPlan | null,
): string[] {
  return [
    ...(picture?.notes ?? []),
    ...(picture === null && media.video !== null ? ['its picture is left out'] : []),
    ...(sound?.notes ?? []),
    ...(sound === null && media.audio !== null ? ['its sound is left out'] : []),
    ...(settings.audio.codec !== 'none' && media.audio === null ? ['it has no sound, and neither has the output'] : []),
  ];
}

/** What of ffmpeg a picture and a sound need. */
export function needsOf(pictureEncoder: string | null, picture: PicturePlan | null, sound: SoundPlan | null) {
  const soundEncoder = sound?.encoder ?? null;
  const filters = [...(picture?.filters ?? []), ...(sound?.filters ?? [])];
  return {
    encoders: [pictureEncoder, soundEncoder].filter((name) => name !== null),
    filters: [...new Set(filters.map((filter) => filter.split('=', 1)[0] ?? filter))],
  };
}

/** With a quality, the output is taken for no larger than that part of its input; with a bitrate, it may be. */
function sizeOf({ video, audio }: PresetSettings, media: MediaInfo, seconds: number | null): number {
  const share = seconds === null || media.durationSeconds === null ? 1 : Math.min(1, seconds / media.durationSeconds);
  const inputBytes = media.sizeBytes * share;
  const picture = video.codec === 'none' ? 0 : (video.bitrateKbps ?? video.maxrateKbps ?? null);
  const kbps = picture === null ? null : picture + (audio.bitrateKbps ?? media.audio?.bitrateKbps ?? 0);
  return expectedBytes({ seconds, kbps, inputBytes: video.bitrateKbps === undefined ? inputBytes : null });
}

function expectation(
  { video }: PresetSettings,
  { container }: Format,
  made: { picture: PicturePlan | null; sound: SoundPlan | null; seconds: number | null },
): OutputExpectation {
  const { picture, sound, seconds: durationSeconds } = made;
  if (picture === null) return { kind: 'sound', container, audioCodec: sound?.codec ?? 'none', durationSeconds };
  const audioCodec = sound?.codec ?? null;
  return { kind: 'video', container, videoCodec: video.codec, audioCodec, ...picture.size, durationSeconds };
}

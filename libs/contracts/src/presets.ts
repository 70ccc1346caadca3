import { z } from 'zod';

/** What an output may be wrapped in. `ogg` holds Opus sound. */
export const PRESET_CONTAINERS = ['mp4', 'mkv', 'webm', 'm4a', 'ogg', 'mp3'] as const;
export type PresetContainer = (typeof PRESET_CONTAINERS)[number];

/** From quickest to smallest: the names of x264 and x265, which other encoders' own levels are mapped to. */
export const ENCODER_SPEEDS = [
  'ultrafast',
  'superfast',
  'veryfast',
  'faster',
  'fast',
  'medium',
  'slow',
  'slower',
  'veryslow',
] as const;
export type EncoderSpeed = (typeof ENCODER_SPEEDS)[number];

const SAMPLE_RATES = [8_000, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] as const;

const videoKbps = z.int().min(10).max(400_000);
const side = z.int().min(16).max(8192);

const videoShape = {
  codec: z.enum(['h264', 'hevc', 'av1', 'vp9', 'none']).describe('`none` leaves the picture out'),
  crf: z.int().min(0).max(63).optional().describe('Constant quality: lower is better and larger; up to 51 for H.264'),
  bitrateKbps: videoKbps.optional().describe('Average bitrate, instead of crf'),
  maxrateKbps: videoKbps.optional().describe('Highest bitrate'),
  bufsizeKbps: videoKbps.optional().describe('Over how much maxrateKbps holds; left out, two seconds of it'),
  speed: z.enum(ENCODER_SPEEDS).optional().describe('Quicker or smaller; left out, medium'),
  maxWidth: side
    .optional()
    .describe('Largest width; where it is above maxHeight, the two change places for upright pictures'),
  maxHeight: side.optional().describe('Largest height; pictures are never enlarged'),
  maxFps: z.number().min(1).max(240).optional().describe('Highest frame rate'),
  pixelFormat: z.enum(['yuv420p', 'yuv420p10le']).optional().describe('Left out, yuv420p'),
  gopSeconds: z.number().min(0.1).max(60).optional().describe('Seconds from one keyframe to the next, at most'),
};

const loudnessShape = {
  integratedLufs: z.number().min(-70).max(-5).describe('Loudness of the whole, in LUFS'),
  truePeakDb: z.number().min(-9).max(0).optional().describe('Highest peak, in dBTP; left out, -1.5'),
  rangeLu: z.number().min(1).max(50).optional().describe('Loudness range, in LU; left out, 11'),
};

const audioShape = {
  codec: z.enum(['aac', 'opus', 'mp3', 'copy', 'none']).describe('`copy` keeps it, `none` leaves it out'),
  bitrateKbps: z.int().min(8).max(1_024).optional().describe('Bitrate'),
  channels: z.int().min(1).max(8).optional().describe('At most that many channels'),
  sampleRate: z.literal(SAMPLE_RATES).optional().describe('Samples each second; left out, what the input has'),
  loudness: z.strictObject(loudnessShape).optional().describe('Makes all outputs equally loud (EBU R128)'),
};

const topShape = {
  container: z.enum(PRESET_CONTAINERS),
  maxSeconds: z.number().min(0.1).max(86_400).optional().describe('Only the first seconds are kept'),
};

/**
 * How an output is encoded. What contradicts itself, or what the container cannot hold, is refused with the place
 * of the fault.
 */
export const presetSettings = z
  .strictObject({ ...topShape, video: z.strictObject(videoShape), audio: z.strictObject(audioShape) })
  .superRefine((settings, context) => {
    for (const { path, message } of settingsFaults(settings)) context.addIssue({ code: 'custom', path, message });
  });
export type PresetSettings = z.infer<typeof presetSettings>;

type Shape = Record<string, z.ZodType>;
type Changes<S extends Shape> = { [K in keyof S]: z.ZodOptional<z.ZodNullable<S[K]>> };

/** Every field may be left out, which keeps it, or be null, which takes it away. */
const changesOf = <S extends Shape>(shape: S): Changes<S> =>
  Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [name, field.nullable().optional()]),
  ) as unknown as Changes<S>;

/** Changes to a preset's settings for one job: what is left out stays, null takes a setting away. */
export const presetOverrides = z.strictObject({
  ...changesOf(topShape),
  video: z.strictObject(changesOf(videoShape)).optional(),
  audio: z
    .strictObject({
      ...changesOf(audioShape),
      loudness: z.strictObject(changesOf(loudnessShape)).nullable().optional(),
    })
    .optional(),
});
export type PresetOverrides = z.infer<typeof presetOverrides>;

/** A fault in settings, with its place. */
export interface SettingsFault {
  readonly path: string[];
  readonly message: string;
}

/** Settings with changes applied; or what is wrong with the outcome. */
export type OverriddenSettings = { readonly settings: PresetSettings } | { readonly faults: readonly SettingsFault[] };

/**
 * Applies changes to settings. One of crf and bitrateKbps takes the other's place, and a codec of `none` or `copy`
 * takes along the settings that it makes senseless, unless they are named as well.
 */
export function overrideSettings(settings: PresetSettings, overrides: PresetOverrides = {}): OverriddenSettings {
  const { video = {}, audio = {}, ...top } = overrides;
  const parsed = presetSettings.safeParse({
    ...merge(settings, top),
    video: merge(video.codec === 'none' ? {} : withoutOtherQuality(settings.video, video), video),
    audio: merge(audio.codec === 'none' || audio.codec === 'copy' ? {} : settings.audio, audio),
  });
  if (parsed.success) return { settings: parsed.data };
  return { faults: parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), message })) };
}

type Fields = Readonly<Record<string, unknown>>;

function withoutOtherQuality(video: PresetSettings['video'], changes: Fields): Fields {
  const { crf, bitrateKbps, ...rest } = video;
  if (isSet(changes.crf) && changes.bitrateKbps === undefined) return { ...rest, crf };
  if (isSet(changes.bitrateKbps) && changes.crf === undefined) return { ...rest, bitrateKbps };
  return video;
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

/** JSON merge patch (RFC 7396). */
function merge(base: Fields, changes: Fields): Fields {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, change] of Object.entries(changes)) {
    if (change === undefined) continue;
    if (change === null) Reflect.deleteProperty(merged, name);
    else merged[name] = isFields(change) ? merge(isFields(merged[name]) ? merged[name] : {}, change) : change;
  }
  return merged;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Settings = z.infer<z.ZodObject<typeof topShape>> & {
  video: z.infer<z.ZodObject<typeof videoShape>>;
  audio: z.infer<z.ZodObject<typeof audioShape>>;
};

const HOLDS_PICTURE: Record<PresetContainer, readonly string[]> = {
  mp4: ['h264', 'hevc', 'av1', 'vp9', 'none'],
  mkv: ['h264', 'hevc', 'av1', 'vp9', 'none'],
  webm: ['vp9', 'av1', 'none'],
  m4a: ['none'],
  ogg: ['none'],
  mp3: ['none'],
};

const HOLDS_SOUND: Record<PresetContainer, readonly string[]> = {
  mp4: ['aac', 'opus', 'mp3', 'copy', 'none'],
  mkv: ['aac', 'opus', 'mp3', 'copy', 'none'],
  webm: ['opus', 'copy', 'none'],
  m4a: ['aac', 'copy'],
  ogg: ['opus', 'copy'],
  mp3: ['mp3', 'copy'],
};

function settingsFaults(settings: Settings): SettingsFault[] {
  return [...containerFaults(settings), ...videoFaults(settings.video), ...audioFaults(settings.audio)];
}

function containerFaults({ container, video, audio }: Settings): SettingsFault[] {
  const faults: SettingsFault[] = [];
  if (!HOLDS_PICTURE[container].includes(video.codec)) {
    const message = `${container} cannot hold ${video.codec}: ${listOfWords(HOLDS_PICTURE[container])}`;
    faults.push({ path: ['video', 'codec'], message });
  }
  if (!HOLDS_SOUND[container].includes(audio.codec)) {
    const message = `${container} cannot hold ${audio.codec}: ${listOfWords(HOLDS_SOUND[container])}`;
    faults.push({ path: ['audio', 'codec'], message });
  } else if (video.codec === 'none' && audio.codec === 'none') {
    faults.push({ path: ['audio', 'codec'], message: 'there would be neither picture nor sound' });
  }
  return faults;
}

const listOfWords = (words: readonly string[]): string => `use ${words.join(' or ')}`;

function videoFaults(video: Settings['video']): SettingsFault[] {
  const { codec, crf, bitrateKbps, maxrateKbps, bufsizeKbps } = video;
  if (codec === 'none') return senseless('video', video, ['codec'], 'has no sense without a picture');
  const fault = (name: string, message: string): SettingsFault => ({ path: ['video', name], message });
  const faults: SettingsFault[] = [];
  if (crf === undefined && bitrateKbps === undefined) faults.push(fault('crf', 'give crf or bitrateKbps'));
  if (crf !== undefined && bitrateKbps !== undefined) {
    faults.push(fault('bitrateKbps', 'give crf or bitrateKbps, not both'));
  }
  if (crf !== undefined && crf > 51 && (codec === 'h264' || codec === 'hevc')) {
    faults.push(fault('crf', `${codec} takes 0 to 51`));
  }
  if (maxrateKbps !== undefined && codec === 'av1') faults.push(fault('maxrateKbps', 'av1 takes none'));
  if (bufsizeKbps !== undefined && maxrateKbps === undefined) {
    faults.push(fault('bufsizeKbps', 'has no sense without maxrateKbps'));
  }
  if (maxrateKbps !== undefined && bitrateKbps !== undefined && maxrateKbps < bitrateKbps) {
    faults.push(fault('maxrateKbps', 'must not be below bitrateKbps'));
  }
  return faults;
}

const MP3_RATES: readonly number[] = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const OPUS_RATES: readonly number[] = [8_000, 12_000, 16_000, 24_000, 48_000];
const RATES: Readonly<Record<string, readonly number[]>> = {
  aac: SAMPLE_RATES,
  mp3: MP3_RATES,
  opus: OPUS_RATES,
};
/** In kbit/s; more than that no encoder takes. */
const MOST_KBPS: Readonly<Record<string, number>> = { aac: 1_024, mp3: 320, opus: 510 };

function audioFaults(audio: Settings['audio']): SettingsFault[] {
  const { codec, bitrateKbps, channels, sampleRate } = audio;
  if (codec === 'none') return senseless('audio', audio, ['codec'], 'has no sense without sound');
  if (codec === 'copy') return senseless('audio', audio, ['codec'], 'has no sense for sound that is copied');
  const fault = (name: string, message: string): SettingsFault => ({ path: ['audio', name], message });
  const faults: SettingsFault[] = [];
  const most = MOST_KBPS[codec] ?? Infinity;
  const rates = RATES[codec] ?? [];
  if (bitrateKbps === undefined) faults.push(fault('bitrateKbps', `${codec} needs one`));
  else if (bitrateKbps > most) faults.push(fault('bitrateKbps', `${codec} takes ${String(most)} at most`));
  if (codec === 'mp3' && channels !== undefined && channels > 2) faults.push(fault('channels', 'mp3 takes 1 or 2'));
  if (sampleRate !== undefined && !rates.includes(sampleRate)) {
    faults.push(fault('sampleRate', `${codec} takes ${rates.join(', ')}`));
  }
  return faults;
}

const senseless = (group: string, fields: Fields, kept: readonly string[], message: string): SettingsFault[] =>
  Object.entries(fields)
    .filter(([name, value]) => value !== undefined && !kept.includes(name))
    .map(([name]) => ({ path: [group, name], message }));

/** The names that presets may have. */
export const presetName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words and digits with hyphens between, such as web-1080p');

const REFERENCE = /^([a-z0-9]+(?:-[a-z0-9]+)*)(?:@([1-9]\d{0,8}))?$/;

/** A preset's name, and its version where a certain one is meant: `web-1080p` or `web-1080p@2`. */
export const presetReference = z
  .string()
  .max(80)
  .regex(REFERENCE, "must be a preset's name, or name@version, such as web-1080p or web-1080p@1");

/** Takes a reference apart; without a version, the newest is meant. */
export function parsePresetReference(reference: string): { name: string; version: number | null } {
  const [, name = reference, version] = REFERENCE.exec(reference) ?? [];
  return { name, version: version === undefined ? null : Number(version) };
}

/** `name@version`: settings that never change again. */
export const presetVersionName = ({ name, version }: { name: string; version: number }): string =>
  `${name}@${String(version)}`;

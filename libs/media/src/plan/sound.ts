import type { PresetContainer, PresetSettings } from '@reelay/contracts';
import { MediaError } from '../errors.js';
import { UNKNOWN_CODEC, type AudioStreamInfo } from '../media-info.js';

type SoundSettings = PresetSettings['audio'];
type SoundCodec = Exclude<SoundSettings['codec'], 'none' | 'copy'>;

/** The encoder of each codec, by ffmpeg's name. */
export const AUDIO_ENCODERS: Readonly<Record<SoundCodec, string>> = {
  aac: 'aac',
  opus: 'libopus',
  mp3: 'libmp3lame',
};

/** What each container holds of sound that is copied; null for everything. */
const COPYABLE: Readonly<Record<PresetContainer, readonly string[] | null>> = {
  mp4: ['aac', 'mp3', 'opus', 'ac3', 'eac3', 'alac', 'flac'],
  mkv: null,
  webm: ['opus', 'vorbis'],
  m4a: ['aac', 'alac'],
  ogg: ['opus', 'vorbis', 'flac'],
  mp3: ['mp3'],
};

/** The most channels that an encoder is given. */
const MOST_CHANNELS: Readonly<Record<SoundCodec, number>> = { aac: 8, opus: 8, mp3: 2 };

/** The loudness filter works at four times this rate, and would leave the sound so. */
const RATE_AFTER_LOUDNESS = 48_000;

/** What is done with the sound. */
export interface SoundPlan {
  /** Of the output, as ffprobe names it. */
  readonly codec: string;
  /** Null when it is copied. */
  readonly encoder: string | null;
  readonly filters: readonly string[];
  readonly options: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Decides how the sound is made.
 * @returns null when there is none, or none is wanted
 * @throws {MediaError} INVALID_PARAMETERS for sound that is to be copied into a container that cannot hold it;
 * INPUT_UNREADABLE for sound that is to be copied and does not tell how it is coded
 */
export function planSound(
  settings: SoundSettings,
  audio: AudioStreamInfo | null,
  container: PresetContainer,
): SoundPlan | null {
  const { codec } = settings;
  if (audio === null || codec === 'none') return null;
  if (codec === 'copy') return copied(audio, container);
  const channels = outputChannels(codec, settings, audio);
  const filters = [
    ...(settings.loudness === undefined ? [] : [loudnessFilter(settings.loudness)]),
    // Opus knows surround sound in the usual order only.
    ...(codec === 'opus' && (channels ?? audio.channels ?? 0) > 2 ? ['aformat=channel_layouts=5.1|7.1|stereo'] : []),
  ];
  const rate = settings.sampleRate ?? (settings.loudness === undefined ? undefined : RATE_AFTER_LOUDNESS);
  return {
    codec,
    encoder: AUDIO_ENCODERS[codec],
    filters,
    options: [
      ...['-c:a', AUDIO_ENCODERS[codec], '-b:a', `${String(settings.bitrateKbps ?? 0)}k`],
      ...(channels === null ? [] : ['-ac', String(channels)]),
      ...(rate === undefined ? [] : ['-ar', String(rate)]),
    ],
    notes: [
      ...(channels !== null && channels < (audio.channels ?? channels)
        ? [`its sound is mixed down from ${String(audio.channels)} channels to ${String(channels)}`]
        : []),
      ...(settings.loudness === undefined
        ? []
        : [`its loudness is brought to ${String(settings.loudness.integratedLufs)} LUFS`]),
    ],
  };
}

/** The options that make the sound of an output. */
export const soundOptions = ({ filters, options }: SoundPlan): string[] => [
  ...(filters.length === 0 ? [] : ['-af', filters.join(',')]),
  ...options,
];

/**
 * No container takes a copy of a sound that does not tell how it is coded. ffmpeg complains of that only when it writes
 * the header of the output, in words that do not tell a damaged input from a wrong command.
 * @throws {MediaError} INPUT_UNREADABLE
 */
export function mustBeCopyable(audio: AudioStreamInfo | null): void {
  if (audio === null || (audio.codec !== UNKNOWN_CODEC && audio.sampleRate !== null)) return;
  const lacking = audio.codec === UNKNOWN_CODEC ? 'of no known codec' : 'of no known sample rate';
  throw new MediaError('INPUT_UNREADABLE', `the input's sound is ${lacking}, and cannot be copied`);
}

function copied(audio: AudioStreamInfo, container: PresetContainer): SoundPlan {
  mustBeCopyable(audio);
  const { codec } = audio;
  const holds = COPYABLE[container];
  if (holds !== null && !holds.includes(codec)) {
    throw new MediaError(
      'INVALID_PARAMETERS',
      `its sound is ${codec}, which cannot be copied into ${container}: encode it, or choose another container`,
    );
  }
  return { codec, encoder: null, filters: [], options: ['-c:a', 'copy'], notes: ['its sound is copied'] };
}

/** Null where the number of channels stays; they are never made more. */
function outputChannels(codec: SoundCodec, { channels }: SoundSettings, audio: AudioStreamInfo): number | null {
  const most = Math.min(channels ?? Infinity, MOST_CHANNELS[codec]);
  if (audio.channels === null) return channels ?? null;
  return audio.channels > most ? most : null;
}

const loudnessFilter = ({ integratedLufs, truePeakDb, rangeLu }: NonNullable<SoundSettings['loudness']>): string =>
  `loudnorm=I=${String(integratedLufs)}:TP=${String(truePeakDb ?? -1.5)}:LRA=${String(rangeLu ?? 11)}`;

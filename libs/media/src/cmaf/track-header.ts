import { boxAt, boxesIn, Fields, readBoxes, wrong, type Box } from './box.js';

/** What the initialisation segment of a CMAF track says. */
export interface TrackHeader {
  readonly kind: 'video' | 'audio';
  /** Units of time in a second. */
  readonly timescale: number;
  /** As RFC 6381 names it: `avc1.640028`, `mp4a.40.2`. */
  readonly codec: string;
  /** Null for sound. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** Null for pictures. */
  readonly sound: { readonly channels: number; readonly sampleRate: number } | null;
  /** What holds for samples where a fragment does not say otherwise. */
  readonly defaults: SampleDefaults;
}

export interface SampleDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** Fields that every sample description begins with. */
const DESCRIPTION_BYTES = 8;
/** Those of pictures, up to the boxes. */
const PICTURE_BYTES = DESCRIPTION_BYTES + 70;
/** Those of sound, up to the boxes. */
const SOUND_BYTES = DESCRIPTION_BYTES + 20;

/** Descriptors of MPEG-4 sound, by their tags (ISO/IEC 14496-1). */
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC = 5;
const AUDIO_ISO_14496_3 = 0x40;

/**
 * Reads an initialisation segment, which holds one track.
 * @throws {MediaError} OUTPUT_INVALID
 */
export function readTrackHeader(init: Buffer): TrackHeader {
  const top = readBoxes(init);
  const moov = boxesIn(boxAt(top, 'moov'));
  if (moov.filter(({ name }) => name === 'trak').length !== 1) throw wrong('it does not hold one track');
  const media = boxesIn(boxAt(moov, 'trak', 'mdia'));
  const handler = new Fields(boxAt(media, 'hdlr')).skip(8).name();
  const [description] = boxesIn(boxAt(media, 'minf', 'stbl', 'stsd'), DESCRIPTION_BYTES);
  if (description === undefined) throw wrong('it does not describe its samples');
  const common = { timescale: timescaleOf(boxAt(media, 'mdhd')), defaults: defaultsOf(boxAt(moov, 'mvex', 'trex')) };
  if (handler === 'vide') return { kind: 'video', ...common, ...pictureOf(description), sound: null };
  if (handler === 'soun') return { kind: 'audio', ...common, ...soundOf(description), size: null };
  throw wrong(`its track is neither picture nor sound (${handler})`);
}

function timescaleOf(mdhd: Box): number {
  const fields = new Fields(mdhd);
  const { version } = fields.versionAndFlags();
  const timescale = fields.skip(version === 1 ? 16 : 8).u32();
  if (timescale === 0) throw wrong('it has no unit of time');
  return timescale;
}

function defaultsOf(trex: Box): SampleDefaults {
  const fields = new Fields(trex).skip(12);
  return { duration: fields.u32(), size: fields.u32(), flags: fields.u32() };
}

function pictureOf(description: Box): Pick<TrackHeader, 'codec' | 'size'> {
  const fields = new Fields(description).skip(DESCRIPTION_BYTES + 16);
  const size = { width: fields.u16(), height: fields.u16() };
  const configuration = new Fields(boxAt(boxesIn(description, PICTURE_BYTES), 'avcC')).skip(1);
  const profile = [configuration.u8(), configuration.u8(), configuration.u8()];
  return { codec: `${description.name}.${profile.map(hexByte).join('')}`, size };
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');

function soundOf(description: Box): Pick<TrackHeader, 'codec' | 'sound'> {
  const fields = new Fields(description).skip(DESCRIPTION_BYTES + 8);
  const entryChannels = fields.u16();
  const entryRate = fields.skip(6).u16();
  const { objectType, sampleRate, channels } = readAac(boxAt(boxesIn(description, SOUND_BYTES), 'esds'));
  return {
    codec: `${description.name}.40.${String(objectType)}`,
    // The fields of the description are a hint only: many writers say 2 channels of all sound.
    sound: { channels: channels ?? entryChannels, sampleRate: sampleRate ?? entryRate },
  };
}

/** What the decoder of AAC is told (ISO/IEC 14496-3); null for what is said in another way. */
interface AacSetUp {
  /** 2 is the usual one. */
  readonly objectType: number;
  readonly sampleRate: number | null;
  readonly channels: number | null;
}

const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
/** By their number in the set-up; the first stands for "in another way". */
const CHANNELS = [null, 1, 2, 3, 4, 5, 6, 8];

function readAac(esds: Box): AacSetUp {
  const fields = new Fields(esds).skip(4);
  openDescriptor(fields);
  const flags = fields.skip(2).u8();
  fields.skip((flags & 0x80) === 0 ? 0 : 2);
  if ((flags & 0x40) !== 0) fields.skip(fields.u8());
  fields.skip((flags & 0x20) === 0 ? 0 : 2);
  if (openDescriptor(fields) !== DECODER_CONFIG || fields.u8() !== AUDIO_ISO_14496_3)
    throw wrong('its sound is no AAC');
  fields.skip(12);
  if (openDescriptor(fields) !== DECODER_SPECIFIC) throw wrong('it does not say how its sound is decoded');
  // Five bits of type, four of rate, four of channels.
  const bits = fields.u16();
  const objectType = bits >>> 11;
  if (objectType === 31) throw wrong('its sound is of a rare kind');
  const rate = (bits >>> 7) & 15;
  return {
    objectType,
    sampleRate: SAMPLE_RATES[rate] ?? null,
    channels: rate === 15 ? null : (CHANNELS[(bits >>> 3) & 15] ?? null),
  };
}

/** Reads a descriptor's tag, and its length, of which each byte but the last has its highest bit set. */
function openDescriptor(fields: Fields): number {
  const tag = fields.u8();
  for (let count = 0; count < 4 && fields.u8() >= 0x80; count++);
  return tag;
}

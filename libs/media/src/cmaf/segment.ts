import { boxAt, boxesIn, Fields, readBoxes, wrong, type Box } from './box.js';
import type { SampleDefaults, TrackHeader } from './track-header.js';

/** What the boxes of a CMAF segment say. Times in units of the track. */
export interface SegmentFacts {
  /** When its first sample is decoded. */
  readonly start: number;
  readonly duration: number;
  /** Pictures, or packets of sound. */
  readonly samples: number;
  /** When its first picture is shown: with pictures out of order, later than it is decoded, or at once. */
  readonly firstShown: number;
  /** Whether its first sample can be decoded without those before. */
  readonly startsWithKey: boolean;
  /** Where in the file the head of the first sample begins, and the sample ends: what shows the first picture alone. */
  readonly first: { readonly offset: number; readonly length: number };
  readonly sizeBytes: number;
}

/** Set for samples that need others to be decoded. */
const NOT_SYNC = 0x10000;

/** What of a track fragment's head is there. */
const TFHD = { base: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 };
/** What of a run's head, and of each of its samples, is there. */
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, shift: 0x800 };

/** Shortest sample of a run: none of its fields may be there. */
const MOST_SAMPLES = 100_000;

/** The head of a movie fragment takes 16 bytes for each sample at most: this is one of 60,000 samples. */
export const SEGMENT_HEAD_BYTES = 1_000_000;

interface Run {
  readonly samples: number;
  readonly duration: number;
  readonly bytes: number;
  readonly firstBytes: number;
  readonly firstFlags: number;
  readonly firstShift: number;
  readonly dataOffset: number;
}

/**
 * Reads a segment of one fragment.
 * @param head its first `SEGMENT_HEAD_BYTES`, or all of it
 * @param sizeBytes of the whole file
 * @throws {MediaError} OUTPUT_INVALID when it is cut off, or no such segment
 */
export function readSegment(head: Buffer, sizeBytes: number, track: Pick<TrackHeader, 'defaults'>): SegmentFacts {
  const top = readBoxes(head);
  const last = top.at(-1);
  if (last === undefined || last.offset + last.size !== sizeBytes) throw wrong('it is cut off');
  const moofs = top.filter(({ name }) => name === 'moof');
  if (moofs.length !== 1) throw wrong(`it holds ${String(moofs.length)} fragments`);
  const moof = boxAt(top, 'moof');
  const data = boxAt(top, 'mdat');
  const fragment = boxesIn(boxAt(boxesIn(moof), 'traf'));
  const run = readRun(boxAt(fragment, 'trun'), readDefaults(boxAt(fragment, 'tfhd'), track.defaults));
  const dataStart = moof.offset + run.dataOffset;
  if (dataStart !== data.contentOffset || dataStart + run.bytes !== data.offset + data.size) {
    throw wrong('its samples do not fill its data');
  }
  const start = readStart(boxAt(fragment, 'tfdt'));
  return {
    start,
    duration: run.duration,
    samples: run.samples,
    firstShown: start + run.firstShift,
    startsWithKey: (run.firstFlags & NOT_SYNC) === 0,
    first: { offset: moof.offset, length: dataStart + run.firstBytes - moof.offset },
    sizeBytes,
  };
}

function readStart(tfdt: Box): number {
  const fields = new Fields(tfdt);
  return fields.versionAndFlags().version === 1 ? fields.u64() : fields.u32();
}

function readDefaults(tfhd: Box, track: SampleDefaults): SampleDefaults {
  const fields = new Fields(tfhd);
  const { flags } = fields.versionAndFlags();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  fields.skip(4);
  if (has(TFHD.base)) throw wrong('its samples are counted from the start of the file');
  if (has(TFHD.description)) fields.skip(4);
  return {
    duration: has(TFHD.duration) ? fields.u32() : track.duration,
    size: has(TFHD.size) ? fields.u32() : track.size,
    flags: has(TFHD.flags) ? fields.u32() : track.flags,
  };
}

function readRun(trun: Box, defaults: SampleDefaults): Run {
  const fields = new Fields(trun);
  const { version, flags } = fields.versionAndFlags();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const samples = fields.u32();
  if (samples === 0 || samples > MOST_SAMPLES) throw wrong(`it holds ${String(samples)} samples`);
  if (!has(TRUN.dataOffset)) throw wrong('it does not say where its samples are');
  const dataOffset = fields.i32();
  let firstFlags = has(TRUN.firstFlags) ? fields.u32() : defaults.flags;
  let [duration, bytes, firstBytes, firstShift] = [0, 0, 0, 0];
  for (let sample = 0; sample < samples; sample++) {
    duration += has(TRUN.duration) ? fields.u32() : defaults.duration;
    const size = has(TRUN.size) ? fields.u32() : defaults.size;
    const own = has(TRUN.flags) ? fields.u32() : null;
    const shift = !has(TRUN.shift) ? 0 : version === 0 ? fields.u32() : fields.i32();
    bytes += size;
    if (sample > 0) continue;
    firstBytes = size;
    firstShift = shift;
    if (own !== null && !has(TRUN.firstFlags)) firstFlags = own;
  }
  return { samples, duration, bytes, firstBytes, firstFlags, firstShift, dataOffset };
}

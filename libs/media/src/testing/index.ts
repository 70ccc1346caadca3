const u8 = (...values: number[]): Buffer => Buffer.from(values);
const u16 = (...values: number[]): Buffer => Buffer.concat(values.map((value) => u8(value >> 8, value & 255)));

/** Numbers of four bytes each, as MP4 files hold them. */
export const u32 = (...values: number[]): Buffer =>
  Buffer.concat(values.map((value) => u16(value >>> 16, value & 0xffff)));

/** So many bytes of nothing. */
export const zeros = (count: number): Buffer => Buffer.alloc(count);

/** A box of any parts. */
export function box(name: string, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([u32(content.length + 8), Buffer.from(name, 'latin1'), content]);
}

/** The set-up of a CMAF track of 30,000 units a second, whose samples last 1001 of them. @param handler `vide` or `soun` */
export const cmafInit = (handler: string, description: Buffer): Buffer =>
  Buffer.concat([
    box('ftyp', Buffer.from('iso6'), u32(0)),
    box(
      'moov',
      box(
        'trak',
        box(
          'mdia',
          box('mdhd', u32(0, 0, 0, 30_000, 0)),
          box('hdlr', u32(0, 0), Buffer.from(handler), zeros(13)),
          box('minf', box('stbl', box('stsd', u32(0, 1), description))),
        ),
      ),
      box('mvex', box('trex', u32(0, 1, 1, 1001, 7, 0x10000))),
    ),
  ]);

/** Describes pictures of H.264, of 1280x720. */
export const avcDescription = box(
  'avc1',
  zeros(24),
  u16(1280, 720),
  zeros(50),
  box('avcC', u8(1, 0x64, 0x00, 0x28, 0xff)),
);

/** With a length of four bytes, of which three could be left out. */
const descriptor = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([u8(tag, 0x80, 0x80, 0x80, content.length), content]);
};

/** Describes sound. @param setUp the first two bytes of what the decoder is told: type, rate and channels */
export const aacDescription = (setUp: number): Buffer =>
  box(
    'mp4a',
    zeros(16),
    u16(2, 16, 0, 0, 48_000, 0),
    box(
      'esds',
      u32(0),
      descriptor(3, u16(1), u8(0), descriptor(4, u8(0x40, 0x15), zeros(11), descriptor(5, u16(setUp)))),
    ),
  );

/** One sample of a segment. */
export interface CmafSample {
  /** In bytes. */
  readonly size: number;
  /** By how much later it is shown than decoded, in units of the track. */
  readonly shift?: number;
}

/**
 * A CMAF segment whose samples last 1001 units each.
 * @param firstFlags of its first sample, which is a key picture where they are left out
 */
export function cmafSegment(start: number, samples: readonly CmafSample[], firstFlags = 0x2000000): Buffer {
  const run = (offset: number): Buffer =>
    box(
      'moof',
      box('mfhd', u32(0, 1)),
      box(
        'traf',
        box('tfhd', u32(0x20008, 1, 1001)),
        box('tfdt', u32(0x1000000, 0, start)),
        box(
          'trun',
          u32(0x1000a05, samples.length, offset, firstFlags),
          ...samples.map(({ size, shift = 0 }) => u32(size, shift >>> 0)),
        ),
      ),
    );
  const moof = run(run(0).length + 8);
  const bytes = samples.reduce((sum, { size }) => sum + size, 0);
  return Buffer.concat([box('styp', Buffer.from('msdh'), u32(0)), moof, box('mdat', zeros(bytes))]);
}

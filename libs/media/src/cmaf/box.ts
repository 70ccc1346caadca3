import { MediaError } from '../errors.js';

/** A part of an MP4 file: a length, a name of four letters, and what is in it (ISO/IEC 14496-12). */
export interface Box {
  readonly name: string;
  /** From the start of what was read. */
  readonly offset: number;
  /** Of the whole box; it may end beyond what was read. */
  readonly size: number;
  /** What is in it, as far as it was read. */
  readonly content: Buffer;
  /** Where the content begins, from the start of what was read. */
  readonly contentOffset: number;
}

/** Length and name. */
const HEADER_BYTES = 8;
/** The same where the length takes eight bytes more. */
const LONG_HEADER_BYTES = 16;

/** @throws {MediaError} OUTPUT_INVALID saying what of a segment is wrong */
export const wrong = (what: string): MediaError =>
  new MediaError('OUTPUT_INVALID', `the segment is damaged: ${what}`, { facts: { check: 'boxes' } });

/**
 * The boxes in a part of a file, one after the other. The last one may be longer than what was read.
 * @param from of `bytes`, where the first box begins
 * @throws {MediaError} OUTPUT_INVALID
 */
export function readBoxes(bytes: Buffer, from = 0, to = bytes.length): Box[] {
  const boxes: Box[] = [];
  let offset = from;
  while (offset < to) {
    if (to - offset < HEADER_BYTES) throw wrong('a box is cut off');
    const short = bytes.readUInt32BE(offset);
    const isLong = short === 1;
    if (isLong && to - offset < LONG_HEADER_BYTES) throw wrong('a box is cut off');
    const header = isLong ? LONG_HEADER_BYTES : HEADER_BYTES;
    // A length of 0 stands for all that follows.
    const size = isLong ? Number(bytes.readBigUInt64BE(offset + HEADER_BYTES)) : short === 0 ? to - offset : short;
    if (size < header) throw wrong('a box is shorter than its header');
    const contentOffset = offset + header;
    boxes.push({
      name: bytes.toString('latin1', offset + 4, offset + HEADER_BYTES),
      offset,
      size,
      content: bytes.subarray(contentOffset, Math.min(offset + size, to)),
      contentOffset,
    });
    offset += size;
  }
  return boxes;
}

/** The boxes in a box. @param skip bytes of fields that come before them */
export const boxesIn = (box: Box, skip = 0): Box[] => readBoxes(box.content, Math.min(skip, box.content.length));

/**
 * The one box that lies at the end of a path of names.
 * @throws {MediaError} OUTPUT_INVALID when there is none
 */
export function boxAt(boxes: readonly Box[], ...path: readonly [string, ...string[]]): Box {
  const [name, ...rest] = path;
  const found = boxes.find((box) => box.name === name);
  if (found === undefined) throw wrong(`it has no ${name}`);
  const [next, ...further] = rest;
  return next === undefined ? found : boxAt(boxesIn(found), next, ...further);
}

/** Reads the fields of a box in order. */
export class Fields {
  private at = 0;

  constructor(private readonly box: Pick<Box, 'name' | 'content'>) {}

  /** The version and the flags that many boxes begin with. */
  versionAndFlags(): { version: number; flags: number } {
    const word = this.u32();
    return { version: word >>> 24, flags: word & 0xffffff };
  }

  u8(): number {
    return this.box.content.readUInt8(this.step(1));
  }

  u16(): number {
    return this.box.content.readUInt16BE(this.step(2));
  }

  u32(): number {
    return this.box.content.readUInt32BE(this.step(4));
  }

  i32(): number {
    return this.box.content.readInt32BE(this.step(4));
  }

  u64(): number {
    return Number(this.box.content.readBigUInt64BE(this.step(8)));
  }

  name(): string {
    const at = this.step(4);
    return this.box.content.toString('latin1', at, at + 4);
  }

  skip(bytes: number): this {
    this.step(bytes);
    return this;
  }

  /** Where the fields that were not read begin. */
  get position(): number {
    return this.at;
  }

  private step(bytes: number): number {
    const at = this.at;
    if (at + bytes > this.box.content.length) throw wrong(`its ${this.box.name} is cut off`);
    this.at += bytes;
    return at;
  }
}

import type { PictureSize } from '@reelay/media';

/** What the headers of a WebP file say. */
export interface WebpFacts extends PictureSize {
  /** Pictures of an animation; 0 for a still one. */
  readonly frames: number;
  /** How long an animation lasts; 0 for a still picture. */
  readonly durationSeconds: number;
  /** How often an animation is played; 0 for without end, as still pictures are. */
  readonly loops: number;
}

const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

interface Chunk {
  readonly kind: string;
  readonly data: Buffer;
}

/**
 * Reads the headers of a WebP file; ffmpeg writes animated ones, and cannot read them.
 * @returns null for what is no WebP, is cut off, or holds no picture
 */
export function readWebp(file: Buffer): WebpFacts | null {
  const isWebp = file.length > HEADER_BYTES && file.toString('latin1', 0, 4) === 'RIFF';
  if (!isWebp || file.toString('latin1', 8, 12) !== 'WEBP') return null;
  const chunks = chunksOf(file);
  if (chunks === null) return null;
  const size = sizeOf(chunks);
  if (size === null) return null;
  const pictures = chunks.filter(({ kind, data }) => kind === 'ANMF' && data.length > 16);
  const isStill = chunks.some(({ kind }) => kind === 'VP8 ' || kind === 'VP8L');
  if (pictures.length === 0 && !isStill) return null;
  const milliseconds = pictures.reduce((sum, { data }) => sum + data.readUIntLE(12, 3), 0);
  const animation = chunks.find(({ kind, data }) => kind === 'ANIM' && data.length >= 6);
  return {
    ...size,
    frames: pictures.length,
    durationSeconds: milliseconds / 1000,
    loops: animation?.data.readUInt16LE(4) ?? 0,
  };
}

/** Null when one is cut off. */
function chunksOf(file: Buffer): Chunk[] | null {
  const end = CHUNK_HEADER_BYTES + file.readUInt32LE(4);
  if (end > file.length) return null;
  const chunks: Chunk[] = [];
  for (let at = HEADER_BYTES; at + CHUNK_HEADER_BYTES <= end;) {
    const length = file.readUInt32LE(at + 4);
    const from = at + CHUNK_HEADER_BYTES;
    if (from + length > end) return null;
    chunks.push({ kind: file.toString('latin1', at, at + 4), data: file.subarray(from, from + length) });
    // Chunks begin at even places.
    at = from + length + (length % 2);
  }
  return chunks;
}

function sizeOf(chunks: readonly Chunk[]): PictureSize | null {
  const [first] = chunks;
  if (first === undefined || first.data.length < 10) return null;
  const { kind, data } = first;
  if (kind === 'VP8X') return { width: data.readUIntLE(4, 3) + 1, height: data.readUIntLE(7, 3) + 1 };
  if (kind === 'VP8 ') return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff };
  if (kind !== 'VP8L') return null;
  const bits = data.readUInt32LE(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

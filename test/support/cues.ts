/** A cue of a WebVTT file whose text names a part of a picture. Times in seconds, the others in pixels. */
export interface Cue {
  readonly start: number;
  readonly end: number;
  /** As it is written: relative to the WebVTT file. */
  readonly file: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const CUE = /^(\d\d+):(\d\d):(\d\d\.\d{3}) --> (\d\d+):(\d\d):(\d\d\.\d{3})\n([^\n#]+)#xywh=(\d+),(\d+),(\d+),(\d+)$/;

/** Reads the previews of a WebVTT file as players do. @throws {Error} at the first block that is none */
export function readCues(text: string): Cue[] {
  const [header, ...blocks] = text.trim().split(/\n\n+/);
  if (header !== 'WEBVTT') throw new Error(`it begins with ${String(header)}`);
  return blocks.map((block) => {
    const match = CUE.exec(block);
    if (!match) throw new Error(`no cue: ${block}`);
    const [, h1, m1, s1, h2, m2, s2, file = '', ...where] = match;
    const [x = NaN, y = NaN, width = NaN, height = NaN] = where.map(Number);
    const seconds = (h: string | undefined, m: string | undefined, s: string | undefined): number =>
      Number(h) * 3600 + Number(m) * 60 + Number(s);
    return { start: seconds(h1, m1, s1), end: seconds(h2, m2, s2), file, x, y, width, height };
  });
}

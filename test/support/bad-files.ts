import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Puts a file into the inbox of a library, and returns its path there. */
export async function putFile(mediaRoot: string, name: string, content: Buffer | string): Promise<string> {
  await writeFile(join(mediaRoot, 'inbox', name), content);
  return `inbox/${name}`;
}

/** Puts a pipe into the inbox: to open it would wait for a writer. */
export async function putPipe(mediaRoot: string, name: string): Promise<string> {
  await promisify(execFile)('mkfifo', [join(mediaRoot, 'inbox', name)]);
  return `inbox/${name}`;
}

/** Puts a link into the inbox. */
export async function putLink(mediaRoot: string, name: string, target: string): Promise<string> {
  await symlink(target, join(mediaRoot, 'inbox', name));
  return `inbox/${name}`;
}

/** Random bytes. */
export const noise = (random: () => number, bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));

/** A copy with single bits turned over, anywhere from one place to another. */
export function flipBits(random: () => number, content: Buffer, range: { from: number; to: number }, count: number) {
  const flipped = Buffer.from(content);
  for (let flip = 0; flip < count; flip++) {
    const at = range.from + Math.floor(random() * (range.to - range.from));
    flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  }
  return flipped;
}

/** The first share of a file. */
export const cutAt = (content: Buffer, share: number): Buffer =>
  content.subarray(0, Math.floor(content.length * share));

/** Texts that would lead ffmpeg to other files, under any name. */
export const MISLEADING = {
  playlist: '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nwhole.ts\n#EXT-X-ENDLIST\n',
  script: "ffconcat version 1.0\nfile 'whole.mp4'\n",
  session:
    'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n',
  drawing:
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" ' +
    'height="64"><image xlink:href="whole.mp4" width="64" height="64"/></svg>\n',
} as const;

import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveFfmpeg } from '../../tools/lib/ffmpeg.mjs';

const run = promisify(execFile);

/** A media playlist as its lines say. */
export interface Playlist {
  readonly text: string;
  readonly ended: boolean;
  readonly target: number;
  readonly segments: readonly { readonly name: string; readonly seconds: number }[];
}

/** Reads a media playlist, independently of the product's own reader. */
export async function readMediaPlaylist(file: string): Promise<Playlist> {
  const text = await readFile(file, 'utf8');
  return {
    text,
    ended: text.endsWith('#EXT-X-ENDLIST\n'),
    target: Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(text)?.[1]),
    segments: [...text.matchAll(/#EXTINF:([\d.]+),\n(?:#EXT-X-BYTERANGE:.*\n)?(.+)\n/g)].map(
      ([, seconds, name = '']) => ({
        name,
        seconds: Number(seconds),
      }),
    ),
  };
}

/** The variants of a master playlist: their attributes as they are written, and where they lead. */
export async function readVariants(file: string): Promise<Record<string, string>[]> {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/#EXT-X-STREAM-INF:(.*)\n(.+)\n/g)].map(([, attributes = '', uri = '']) => ({
    uri,
    ...Object.fromEntries(
      [...attributes.matchAll(/([A-Z-]+)=("[^"]*"|[^,]*)/g)].map(([, name = '', value = '']) => [
        name,
        value.replaceAll('"', ''),
      ]),
    ),
  }));
}

/** A segment decoded with its set-up and nothing else. */
export interface DecodedSegment {
  readonly name: string;
  /** Pictures, or packets of sound. */
  readonly packets: number;
  /** When the first of them is shown, in seconds. */
  readonly start: number;
  readonly bytes: number;
}

/** Decodes each segment of a track by itself; fails where ffmpeg has anything to complain of. */
export async function decodeSegments(folder: string): Promise<DecodedSegment[]> {
  const { ffmpeg, ffprobe } = await resolveFfmpeg();
  const names = (await readdir(folder)).filter((name) => name.endsWith('.m4s')).sort();
  const init = await readFile(join(folder, 'init.mp4'));
  const alone = join(folder, '..', '..', `alone-${String(process.pid)}.mp4`);
  const decoded: DecodedSegment[] = [];
  try {
    for (const name of names) {
      await writeFile(alone, Buffer.concat([init, await readFile(join(folder, name))]));
      const { stderr } = await run(ffmpeg, ['-nostdin', '-v', 'error', '-xerror', '-i', alone, '-f', 'null', '-']);
      if (stderr !== '') throw new Error(`${folder}/${name}: ${stderr}`);
      const entries = ['-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
      const { stdout } = await run(ffprobe, ['-v', 'error', ...entries, alone], { maxBuffer: 16_000_000 });
      const times = stdout
        .trim()
        .split('\n')
        .map((line) => Number.parseFloat(line));
      const { size } = await stat(join(folder, name));
      decoded.push({ name, packets: times.length, start: Math.min(...times), bytes: size });
    }
  } finally {
    await rm(alone, { force: true });
  }
  return decoded;
}

import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { resolveFfmpeg } from '../../tools/lib/ffmpeg.mjs';
import { ensureSampleVideo } from '../../tools/lib/samples.mjs';

const run = promisify(execFile);

/** Puts the real sample video into a library, and returns its path there. */
export async function addSample(mediaRoot: string, name = 'sample.mp4'): Promise<string> {
  await copyFile(await ensureSampleVideo(), join(mediaRoot, 'inbox', name));
  return `inbox/${name}`;
}

/** Whether the sample shows a person: it does, where Debian's could be had. */
export const sampleShowsPerson = async (): Promise<boolean> =>
  basename(await ensureSampleVideo()) === 'movie-hello.mp4';

/** Makes a video with ffmpeg; returns its path in the library. */
export async function makeVideo(mediaRoot: string, name: string, args: readonly string[]): Promise<string> {
  const { ffmpeg } = await resolveFfmpeg();
  await run(ffmpeg, ['-nostdin', '-v', 'error', '-y', ...args, join(mediaRoot, 'inbox', name)]);
  return `inbox/${name}`;
}

/** A copy of a video of the library that players turn by 90 degrees; its pictures are as they were. */
export async function turnVideo(mediaRoot: string, name: string, flat: string): Promise<string> {
  const input = ['-i', join(mediaRoot, flat), '-c', 'copy'];
  // ffmpeg 6 brought the option, ffmpeg 7 took the tag away.
  return makeVideo(mediaRoot, name, ['-display_rotation', '90', ...input]).catch(() =>
    makeVideo(mediaRoot, name, [...input, '-metadata:s:v', 'rotate=90']),
  );
}

/** A clip that takes a while to encode, of this many seconds. */
export const makeLongVideo = (mediaRoot: string, name: string, seconds: number): Promise<string> =>
  makeVideo(mediaRoot, name, [
    ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=30:duration=${String(seconds)}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${String(seconds)}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  ]);

interface Probe {
  readonly format: { readonly duration: string; readonly format_name: string; readonly size: string };
  readonly streams: readonly {
    codec_type: string;
    codec_name: string;
    width?: number;
    height?: number;
    start_time?: string;
    duration?: string;
  }[];
  readonly chapters?: readonly { start_time: string; end_time: string; tags?: { title?: string } }[];
}

/** Probes a file with ffprobe, independently of the product's own probe. */
export async function probeFile(file: string): Promise<Probe> {
  const { ffprobe } = await resolveFfmpeg();
  const { stdout } = await run(ffprobe, [
    '-v',
    'error',
    '-of',
    'json',
    '-show_format',
    '-show_streams',
    '-show_chapters',
    file,
  ]);
  return JSON.parse(stdout) as Probe;
}

/** The hash of every decoded picture of a file, in the order in which they are shown. */
export async function frameHashes(file: string): Promise<string[]> {
  const { ffmpeg } = await resolveFfmpeg();
  const args = ['-v', 'error', '-i', file, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const { stdout } = await run(ffmpeg, ['-nostdin', ...args], { maxBuffer: MOST_CHARS });
  return dataLines(stdout).map((line) => line.split(',').at(-1)?.trim() ?? '');
}

/** When each picture of a file is shown, in seconds from its start. */
export async function frameTimes(file: string): Promise<number[]> {
  const { ffprobe } = await resolveFfmpeg();
  const args = ['-v', 'error', '-select_streams', 'v:0', '-of', 'csv=p=0', '-show_entries'];
  const [packets, format] = await Promise.all(
    ['packet=pts_time', 'format=start_time'].map((entries) =>
      run(ffprobe, [...args, entries, file], { maxBuffer: MOST_CHARS }),
    ),
  );
  const start = Number.parseFloat(format?.stdout ?? '0');
  return dataLines(packets?.stdout ?? '')
    .map((line) => Number.parseFloat(line) - start)
    .sort((a, b) => a - b);
}

/** How many pictures a file has, as stored. */
export async function countPictures(file: string): Promise<number> {
  const { ffprobe } = await resolveFfmpeg();
  const args = ['-select_streams', 'V:0', '-count_packets', '-show_entries', 'stream=nb_read_packets'];
  const { stdout } = await run(ffprobe, ['-v', 'error', ...args, '-of', 'csv=p=0', file]);
  return Number.parseInt(stdout, 10);
}

/** The mean SSIM of a video and its reference, picture by picture, whatever their times; the reference is scaled. */
export async function ssimOf(file: string, reference: string): Promise<number> {
  const { ffmpeg } = await resolveFfmpeg();
  const size = (await probeFile(file)).streams.find(({ codec_type }) => codec_type === 'video');
  const scale = `scale=${String(size?.width)}:${String(size?.height)},format=yuv420p,setsar=1`;
  const counted = 'settb=1/25,setpts=N';
  const graph = `[0:V:0]${counted},format=yuv420p,setsar=1[a];[1:V:0]${counted},${scale}[b];[a][b]ssim=shortest=1`;
  const inputs = ['-i', file, '-i', reference, '-filter_complex', graph, '-fps_mode', 'passthrough'];
  const { stderr } = await run(ffmpeg, ['-nostdin', '-hide_banner', ...inputs, '-f', 'null', '-']);
  const [, all] = /SSIM .*All:([\d.]+)/.exec(stderr) ?? [];
  if (all === undefined) throw new Error(`ffmpeg gave no SSIM: ${stderr}`);
  return Number(all);
}

const MOST_CHARS = 64_000_000;

const dataLines = (text: string): string[] =>
  text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));

/** The name of the colour of a picture's point: what it comes nearest to. A still picture has second 0 only. */
export async function colourAt(file: string, second: number, x: number, y: number): Promise<string> {
  const { ffmpeg } = await resolveFfmpeg();
  const point = `crop=2:2:${String(x)}:${String(y)},format=rgb24`;
  // In a still picture ffmpeg cannot seek, not even to its start.
  const seek = second === 0 ? [] : ['-ss', String(second)];
  const args = [...seek, '-i', file, '-frames:v', '1', '-vf', point, '-f', 'rawvideo', '-'];
  const { stdout } = await run(ffmpeg, ['-nostdin', '-v', 'error', ...args], { encoding: 'buffer' });
  if (stdout.length === 0) throw new Error(`${file} shows nothing at ${String(second)} s`);
  const distance = (rgb: readonly number[]): number =>
    rgb.reduce((sum, value, index) => sum + Math.abs(value - (stdout[index] ?? 0)), 0);
  const [nearest] = Object.entries(COLOURS).sort(([, a], [, b]) => distance(a) - distance(b));
  return nearest?.[0] ?? 'none';
}

const COLOURS = {
  black: [0, 0, 0],
  white: [255, 255, 255],
  red: [255, 0, 0],
  green: [0, 255, 0],
  blue: [0, 0, 255],
  purple: [128, 0, 128],
};

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { hasDebian, unpackDebian } from './debian.mjs';
import { resolveFfmpeg } from './ffmpeg.mjs';
import { withLock } from './lock.mjs';
import { defaultDataDir, ensurePrivateDir } from './paths.mjs';
import { silent } from './progress.mjs';
import { run } from './run.mjs';
import { messageOf } from './tool-error.mjs';

/** Debian's package of real media (CC-BY-SA), and its best video: 720p, 8.3 s, H.264 with speech in AAC. */
const PACKAGE = 'forensics-samples-files';
const BEST = 'movie-hello.mp4';

/** @type {Record<string, 'video' | 'audio' | 'image'>} */
const KINDS = {
  '.mp4': 'video',
  '.avi': 'video',
  '.mpeg': 'video',
  '.mkv': 'video',
  '.mp3': 'audio',
  '.wav': 'audio',
  '.ogg': 'audio',
  '.jpg': 'image',
  '.png': 'image',
};

/** @typedef {{ path: string, name: string, kind: 'video' | 'audio' | 'image' }} Sample */

/**
 * A real video for demonstrations and tests: 720p, about 8 s, H.264 and AAC. Where Debian's sample cannot be had, a
 * like one is made with ffmpeg.
 * @param {{ progress?: import('./progress.mjs').Progress }} [options]
 * @returns {Promise<string>} its absolute path
 */
export async function ensureSampleVideo({ progress = silent } = {}) {
  const real = () => listSamples().find(({ name }) => name === BEST)?.path;
  if (!real() && hasDebian()) {
    await unpackDebian('samples', [PACKAGE], { withDependencies: false, progress }).catch((error) => {
      progress.note(`No sample media from Debian, a clip is made instead. (${messageOf(error).split('\n')[0]})`);
    });
  }
  return real() ?? generateClip(progress);
}

/**
 * The sample media that are here: videos of several formats, sounds, photos.
 * @returns {Sample[]} empty before `ensureSampleVideo`
 */
function listSamples() {
  const folders = [join(samplesDir(), 'generated'), join(defaultDataDir, 'debian', 'samples', 'root')];
  return folders
    .filter((dir) => existsSync(dir))
    .flatMap((dir) =>
      readdirSync(dir, { recursive: true, encoding: 'utf8' }).flatMap((name) => toSample(join(dir, name))),
    );
}

const samplesDir = () => join(defaultDataDir, 'samples');

/** @param {string} path @returns {Sample[]} */
function toSample(path) {
  const name = path.slice(path.lastIndexOf('/') + 1);
  // The package's movie-hello.ogg is a video, its other .ogg files are sounds; its empty.jpg is no image.
  const kind = name.startsWith('movie-') ? 'video' : KINDS[extname(name).toLowerCase()];
  return kind && !name.startsWith('empty') ? [{ path, name, kind }] : [];
}

/** @param {import('./progress.mjs').Progress} progress */
async function generateClip(progress) {
  const dir = join(samplesDir(), 'generated');
  const clip = join(dir, 'generated-720p.mp4');
  if (existsSync(clip)) return clip;
  const { ffmpeg } = await resolveFfmpeg({ progress });
  ensurePrivateDir(defaultDataDir);
  mkdirSync(dir, { recursive: true });
  await withLock(join(defaultDataDir, 'locks', 'samples.lock'), async () => {
    const unfinished = `${clip}.unfinished`;
    rmSync(unfinished, { force: true });
    await progress.step('Making a sample video', () => run(ffmpeg, [...CLIP_ARGS, unfinished]));
    renameSync(unfinished, clip);
  });
  return clip;
}

const CLIP_ARGS = [
  '-nostdin',
  '-v',
  'error',
  '-y',
  '-f',
  'lavfi',
  '-i',
  'testsrc2=size=1280x720:rate=30:duration=8',
  '-f',
  'lavfi',
  '-i',
  'sine=frequency=440:sample_rate=48000:duration=8',
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-pix_fmt',
  'yuv420p',
  '-c:a',
  'aac',
  '-movflags',
  '+faststart',
  '-f',
  'mp4',
];

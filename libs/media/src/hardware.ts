import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './child.js';
import { MediaError } from './errors.js';
import { ffmpegArgv } from './input.js';
import { launchArgv } from './launch.js';
import {
  HARDWARE_CODECS,
  HARDWARE_KINDS,
  planTrial,
  type HardwareEncoders,
  type HardwareKind,
} from './plan/hardware-encoder.js';
import type { MediaTools } from './tools.js';

/** Which encoders on a GPU are used: those that work, none, or those of one kind, which must work then. */
export type HardwareChoice = 'auto' | 'off' | HardwareKind;

/** A driver that is asleep takes seconds to wake up; one that hangs must not keep the service from starting. */
const TRIAL_TIMEOUT_MS = 15_000;

const DEVICES = '/dev';

/**
 * Finds the encoders of this machine's GPU by a tiny encode with each, all at once. A machine without the device
 * files of one starts no program.
 * @returns null when there is none, or none is wanted
 * @throws {MediaError} FEATURE_MISSING when one kind is asked for, and none of its encoders works
 */
export async function findHardware(
  choice: HardwareChoice,
  renderNode: string,
  tools: MediaTools,
): Promise<HardwareEncoders | null> {
  if (choice === 'off') return null;
  const kinds = choice === 'auto' ? HARDWARE_KINDS.filter((kind) => hasDevice(kind, renderNode)) : [choice];
  const devices = [...new Set(kinds.flatMap((kind) => deviceFiles(kind, renderNode)))];
  const candidates = HARDWARE_CODECS.flatMap((codec) => kinds.map((kind) => `${codec}_${kind}`));
  const trials = await Promise.all(
    candidates
      .filter((name) => tools.encoders.has(name))
      .map(async (name) => ({ name, fault: await faultOf(name, renderNode, devices, tools) })),
  );
  const names = trials.filter(({ fault }) => fault === null).map(({ name }) => name);
  if (names.length > 0) return { names, renderNode, devices };
  if (choice === 'auto') return null;
  const why = trials[0] ? `${trials[0].name}: ${String(trials[0].fault)}` : `${tools.ffmpeg} has no ${choice} encoder`;
  throw new MediaError(
    'FEATURE_MISSING',
    `HARDWARE asks for ${choice}, which does not work here (${why}): ` +
      'see to the driver, the rights to its device (VAAPI_DEVICE), or set HARDWARE to auto or off',
  );
}

async function faultOf(
  encoder: string,
  renderNode: string,
  devices: readonly string[],
  { ffmpeg, launch }: MediaTools,
): Promise<string | null> {
  const argv = launchArgv(launch, ffmpegArgv(ffmpeg, planTrial(encoder, renderNode)), {
    reads: [],
    writes: [],
    devices,
  });
  const trial = await capture(argv, { env: launch.env, timeoutMs: TRIAL_TIMEOUT_MS });
  if (trial.code === 0) return null;
  return trial.timedOut ? 'it gave no answer' : (trial.stderr.split('\n', 1)[0] ?? 'it did not say why');
}

const hasDevice = (kind: HardwareKind, renderNode: string): boolean =>
  deviceFiles(kind, renderNode).some((file) => existsSync(file));

/** NVIDIA's driver has a file for each GPU, and some more; under WSL it is another one. */
function deviceFiles(kind: HardwareKind, renderNode: string): string[] {
  if (kind !== 'nvenc') return [renderNode];
  return readdirSync(DEVICES)
    .filter((name) => /^nvidia(\d+|ctl|-uvm|-uvm-tools|-modeset|-caps)$|^dxg$/.test(name))
    .map((name) => join(DEVICES, name));
}

/** What encoders on a GPU, and the parts of ffmpeg that lead to it, say of it. */
const DEVICE_WORDS =
  /\[\w+_(nvenc|vaapi|qsv)\]|\[AVHW(Device|Frames)Context\]|\[(Parsed_)?hwupload\S*\]|Device creation failed|No VA display|CUDA_ERROR|libcuda|\bMFX\b/;

/** Whether a run failed since the GPU did: no session was left, the driver is gone, it refused the picture. */
export function blamesDevice(error: unknown): boolean {
  if (!(error instanceof MediaError) || ['DISK_FULL', 'TOO_LARGE', 'CPU_TIME_EXCEEDED'].includes(error.code)) {
    return false;
  }
  const { stderr } = error.facts;
  return Array.isArray(stderr) && stderr.some((line) => DEVICE_WORDS.test(String(line)));
}

import { z } from 'zod';

/** A GPU of the worker's host. */
export interface GpuDevice {
  /** Unique on its host, such as `gpu0`; workers that share the GPU announce it under one id. */
  readonly id: string;
  /** In MB, as job types state their need. */
  readonly vramMb: number;
}

/** The device of a worker that was told an amount of VRAM and no names. */
const ONLY_DEVICE = 'gpu0';
/** More than any GPU has, in MB; what is above it was given in another unit. */
const VRAM_MB_MAX = 10_000_000;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const vramMb = z.coerce
  .number('must be a whole number of MB')
  .int('must be a whole number of MB')
  .min(1, 'must be at least 1 MB')
  .max(VRAM_MB_MAX, `must be at most ${String(VRAM_MB_MAX)} MB`);

const deviceList = z.string().transform((text, context): GpuDevice[] => {
  const devices = text.split(',').map((entry) => readDevice(entry.trim()));
  const fit = devices.filter((device) => device !== null);
  const ids = new Set(fit.map(({ id }) => id));
  if (fit.length < devices.length) context.addIssue('must be a list of name:MB, such as gpu0:16000,gpu1:8000');
  else if (ids.size < fit.length) context.addIssue('must not name a device twice');
  return fit;
});

function readDevice(entry: string): GpuDevice | null {
  const [, id = '', amount = ''] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  const mb = vramMb.safeParse(amount);
  return ID.test(id) && mb.success ? { id, vramMb: mb.data } : null;
}

/** The variables that tell a worker its GPUs: either of the two, or none. */
export const deviceEnv = {
  WORKER_DEVICES: deviceList.optional(),
  WORKER_VRAM_MB: vramMb.optional(),
};

/** The devices that the two variables tell of. */
export const readDevices = (env: {
  readonly WORKER_DEVICES?: GpuDevice[] | undefined;
  readonly WORKER_VRAM_MB?: number | undefined;
}): readonly GpuDevice[] =>
  env.WORKER_DEVICES ?? (env.WORKER_VRAM_MB === undefined ? [] : [{ id: ONLY_DEVICE, vramMb: env.WORKER_VRAM_MB }]);

import { randomBytes } from 'node:crypto';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { envInt, logLevel, parseEnv } from '@reelay/platform';
import { z } from 'zod';
import { deviceEnv, readDevices, type GpuDevice } from './devices.js';

/** What every worker process can be told by its environment. */
export interface WorkerConfig {
  readonly amqpUrl: string;
  /** Unique to this process; other processes address it by this. */
  readonly instanceId: string;
  /** The machine it runs on, which a job's target names. */
  readonly host: string;
  /** Jobs that it runs at once. */
  readonly slots: number;
  readonly heartbeatSeconds: number;
  /** The GPUs that it announces; none on a machine without one. */
  readonly devices: readonly GpuDevice[];
  /** How long running work may go on after a stop was asked for. */
  readonly graceSeconds: number;
  /** Where private folders of attempts are made. */
  readonly workDir: string;
  readonly logLevel: string;
  /** Serve only these job types; null for all that the service has. */
  readonly jobTypes: readonly string[] | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const local = z.object({
  LOG_LEVEL: logLevel,
  WORK_DIR: z.string().default(join(tmpdir(), `reelay-work-${String(userInfo().uid)}`)),
  INSTANCE_ID: z.string().regex(NAME).optional(),
  WORKER_HOST: z.string().regex(NAME).optional(),
});

const serving = local
  .extend({
    AMQP_URL: z.url({ protocol: /^amqps?$/ }),
    WORKER_SLOTS: envInt(1, 10_000).default(1),
    WORKER_HEARTBEAT_SECONDS: envInt(1, 60).default(5),
    WORKER_GRACE_SECONDS: envInt(0, 86_400).default(60),
    WORKER_JOB_TYPES: z
      .string()
      .transform((list) => list.split(',').map((name) => name.trim()))
      .optional(),
    ...deviceEnv,
  })
  .refine(({ WORKER_DEVICES, WORKER_VRAM_MB }) => WORKER_DEVICES === undefined || WORKER_VRAM_MB === undefined, {
    path: ['WORKER_VRAM_MB'],
    error: 'must not be set beside WORKER_DEVICES, which says it for each device',
  });

/** @throws {EnvError} naming each unfit variable */
export function readWorkerConfig(env?: NodeJS.ProcessEnv): WorkerConfig {
  const parsed = parseEnv(serving, env);
  const host = parsed.WORKER_HOST ?? hostname();
  return {
    amqpUrl: parsed.AMQP_URL,
    instanceId: parsed.INSTANCE_ID ?? `${host}-${randomBytes(4).toString('hex')}`,
    host,
    slots: parsed.WORKER_SLOTS,
    heartbeatSeconds: parsed.WORKER_HEARTBEAT_SECONDS,
    devices: readDevices(parsed),
    graceSeconds: parsed.WORKER_GRACE_SECONDS,
    workDir: parsed.WORK_DIR,
    logLevel: parsed.LOG_LEVEL,
    jobTypes: parsed.WORKER_JOB_TYPES ?? null,
  };
}

/** What running one order without a broker needs. */
export function readLocalConfig(env?: NodeJS.ProcessEnv): Pick<WorkerConfig, 'workDir' | 'logLevel'> {
  const parsed = parseEnv(local, env);
  return { workDir: parsed.WORK_DIR, logLevel: parsed.LOG_LEVEL };
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startService } from '../../tools/lib/service.mjs';
import { eventually } from './eventually.js';
import type { Reelay } from './reelay.js';

/** A worker process that a test may kill and stop. */
export type TestWorker = Awaited<ReturnType<typeof startService>>;

export interface TestWorkerOptions {
  /** Tells the workers of one stack apart. */
  readonly name: string;
  readonly slots: number;
  /** How it reaches the broker; default: directly. */
  readonly amqpUrl?: string;
}

/** A worker of the type `bench_noop`, whose jobs do nothing. */
export const startNoopWorker = (reelay: Reelay, options: TestWorkerOptions): Promise<TestWorker> =>
  startScript(reelay, join(import.meta.dirname, '../bench/noop-worker.mjs'), options, {});

/** What a recording worker did of one job. */
interface Run {
  readonly what: 'begun' | 'done';
  /** The job's own parameter. */
  readonly n: number;
  readonly attempt: number;
}

/** A worker of the type `recorded`, which notes on disk what it really did, whoever heard of it. */
export interface RecordingWorker {
  readonly service: TestWorker;
  /** All that it did until now, in its order. */
  runs(): Run[];
}

/** Starts a worker whose jobs `{ n, ms }` take that long, and waits until it is announced. */
export async function startRecordingWorker(reelay: Reelay, options: TestWorkerOptions): Promise<RecordingWorker> {
  const file = join(reelay.mediaRoot, `../runs-${options.name}`);
  const script = join(import.meta.dirname, 'recording-worker.mjs');
  const service = await startScript(reelay, script, options, { RUNS_FILE: file, INSTANCE_ID: options.name });
  await eventually('the worker is announced', async () =>
    (await reelay.api.workers()).some(({ instanceId, live }) => instanceId === options.name && live),
  );
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { cpu: 1_000 } });
  return {
    service,
    runs: () =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Run)
        : [],
  };
}

const startScript = (
  reelay: Reelay,
  script: string,
  { name, slots, amqpUrl }: TestWorkerOptions,
  env: Record<string, string>,
): Promise<TestWorker> =>
  startService({
    command: process.execPath,
    args: [script],
    log: join(reelay.mediaRoot, `../logs/${name}.log`),
    env: {
      PATH: process.env.PATH,
      AMQP_URL: amqpUrl ?? reelay.amqpUrl,
      WORKER_SLOTS: String(slots),
      WORK_DIR: join(reelay.mediaRoot, `../work-${name}`),
      LOG_LEVEL: 'warn',
      ...env,
    },
  });

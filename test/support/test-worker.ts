import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../tools/lib/paths.mjs';
import { startService } from '../../tools/lib/service.mjs';
import { eventually } from './eventually.js';
import type { Reelay } from './reelay.js';

/** A worker process that the test looks after itself: it may kill and stop it. */
export type TestWorker = Awaited<ReturnType<typeof startService>>;

/** Workers that tests start by hand, and their modules. */
const MODULES = {
  noop: 'test/bench/noop-worker.mjs',
  holding: 'test/support/holding-worker.mjs',
  recording: 'test/support/recording-worker.mjs',
  steps: 'test/support/step-worker.mjs',
  muxing: 'test/support/muxing-worker.mjs',
  encode: 'apps/worker-encode/dist/main.js',
  library: 'apps/worker-library/dist/main.js',
} as const;

/**
 * Starts a worker beside a Reelay; its instance id is `name`, unless `env` says otherwise.
 * @param launcher an argv that is put before the worker's own, and becomes it
 */
export const startTestWorker = (
  reelay: Pick<Reelay, 'stack' | 'mediaRoot'>,
  kind: keyof typeof MODULES,
  name: string,
  env: Record<string, string> = {},
  launcher: readonly string[] = [],
): Promise<TestWorker> => {
  const { REELAY_TOKEN: _token, DATABASE_URL: _database, ...forWorkers } = reelay.stack.env;
  const [command = process.execPath, ...args] = launcher.concat(process.execPath, join(repoRoot, MODULES[kind]));
  return startService({
    command,
    args,
    log: testWorkerLog(reelay, name),
    env: {
      PATH: process.env.PATH,
      LOG_LEVEL: 'warn',
      INSTANCE_ID: name,
      WORK_DIR: join(reelay.mediaRoot, `../work-${name}`),
      ...forWorkers,
      ...env,
    },
  });
};

/** Where such a worker writes its log. */
export const testWorkerLog = ({ mediaRoot }: Pick<Reelay, 'mediaRoot'>, name: string): string =>
  join(mediaRoot, `../logs/${name}.log`);

export interface TestWorkerOptions {
  /** Tells the workers of one stack apart. */
  readonly name: string;
  readonly slots: number;
  /** How it reaches the broker; default: directly. */
  readonly amqpUrl?: string;
}

const settingsOf = (reelay: Reelay, { slots, amqpUrl }: TestWorkerOptions): Record<string, string> => ({
  AMQP_URL: amqpUrl ?? reelay.amqpUrl,
  WORKER_SLOTS: String(slots),
});

/** A worker of the type `bench_noop`, whose jobs do nothing; every start is a new instance. */
export const startNoopWorker = (reelay: Reelay, options: TestWorkerOptions): Promise<TestWorker> =>
  startTestWorker(reelay, 'noop', options.name, {
    ...settingsOf(reelay, options),
    INSTANCE_ID: `${options.name}-${randomUUID()}`,
  });

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
  const service = await startTestWorker(reelay, 'recording', options.name, {
    ...settingsOf(reelay, options),
    RUNS_FILE: file,
  });
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

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EnvError } from '@reelay/platform';
import { readLocalConfig } from '../config.js';
import { discovery } from '../announcement.js';
import { StopRequest, WorkerError } from '../errors.js';
import { decodeOrder } from '../pipeline.js';
import type { JobProcessor, WorkerDefinition } from '../processor.js';
import { indexProcessors } from '../processors.js';
import { runOrder } from '../run-order.js';
import { EXIT_CONFIG } from '../run-worker.js';
import { findWorkers } from './find-worker.js';

const USAGE = `Usage: reelay-worker <command> [--worker FOLDER]

  run ORDER.json   run one order with no broker and print its outcome as JSON;
                   "-" reads the order from standard input
                   --type NAME   the job type, when the order does not say it
  describe         print what the worker announces of each job type, as JSON lines

The worker is the one of this folder, or of the workspace around it; --worker names another.
Settings come from the environment, as for the service itself (MEDIA_ROOT, FFMPEG_PATH, ...).
`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const listFolders = (root: string, pattern: string): string[] => {
  const base = join(root, pattern.replace(/\/\*$/, ''));
  return pattern.endsWith('/*') ? readdirSync(base).map((name) => join(base, name)) : [base];
};

async function describe(workers: readonly WorkerDefinition[]): Promise<void> {
  const config = { instanceId: 'describe', host: 'describe', slots: 1, heartbeatSeconds: 5, devices: [] };
  for (const worker of workers) {
    const prepared = await worker.prepare();
    for (const { contract } of indexProcessors(worker, prepared, null).values()) {
      const { app, version } = worker;
      process.stdout.write(
        `${JSON.stringify(discovery({ app, version, features: prepared.features, config }, contract))}\n`,
      );
    }
  }
}

async function processorFor(workers: readonly WorkerDefinition[], type: string): Promise<JobProcessor> {
  const served: string[] = [];
  for (const worker of workers) {
    const processors = indexProcessors(worker, await worker.prepare(), null);
    const processor = processors.get(type);
    if (processor) return processor;
    served.push(...processors.keys());
  }
  throw new WorkerError('USAGE', `no processor for job type ${type}; there are ${served.join(', ')}`);
}

async function run(
  workers: readonly WorkerDefinition[],
  file: string,
  typeOption: string | undefined,
): Promise<number> {
  const order = decodeOrder(readFileSync(file === '-' ? 0 : file));
  const type = typeOption ?? order.reelay?.type;
  if (type === undefined) throw new WorkerError('USAGE', 'the order does not say its job type: name it with --type');
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort(new StopRequest('cancelled'));
  });
  process.once('SIGTERM', () => {
    controller.abort(new StopRequest('shutdown'));
  });
  const outcome = await runOrder(await processorFor(workers, type), order, {
    workDir: readLocalConfig().workDir,
    signal: controller.signal,
    observer: {
      progress: ({ percent, phase }) => process.stderr.write(`${String(Math.floor(percent))}% ${phase ?? ''}\n`),
      log: (line) => process.stderr.write(`${line}\n`),
    },
  });
  process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
  return outcome.kind === 'completed' ? 0 : EXIT_FAILED;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { worker: { type: 'string' }, type: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const [command, file] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === 'describe' && file === undefined) {
    await describe(await findWorkers(process.cwd(), values.worker ?? null, listFolders));
    return 0;
  }
  if (command === 'run' && file !== undefined) {
    return run(await findWorkers(process.cwd(), values.worker ?? null, listFolders), file, values.type);
  }
  process.stderr.write(USAGE);
  return EXIT_USAGE;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`reelay-worker: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof EnvError ? EXIT_CONFIG : EXIT_USAGE);
  },
);

import pg from 'pg';
import { eventually, sleep } from './eventually.js';
import type { Reelay } from './reelay.js';
import type { TestWorker } from './test-worker.js';

/** A fault and how it is made. */
export type FaultKind = readonly [name: string, strike: () => Promise<unknown>];

/** Keeps workers running: one that dies is started again after a second, as a container would be. */
export class KeptWorkers {
  readonly running: TestWorker[] = [];
  private over = false;

  /** @param start starts the worker of an index */
  constructor(
    count: number,
    private readonly start: (index: number) => Promise<TestWorker>,
  ) {
    for (let index = 0; index < count; index++) void this.keep(index);
  }

  async stop(): Promise<void> {
    this.over = true;
    await Promise.all(this.running.map((worker) => worker.stop()));
  }

  private async keep(index: number): Promise<void> {
    while (!this.isOver()) {
      const worker = await this.start(index);
      this.running[index] = worker;
      await worker.exited;
      if (!this.isOver()) await sleep(1_000);
    }
  }

  private isOver(): boolean {
    return this.over;
  }
}

/** Cuts all connections of the backends to the database. */
async function cutDatabase({ databaseUrl }: Reelay): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reelay'");
  await client.end();
}

const stopFor = async (pid: number | undefined, ms: number): Promise<void> => {
  if (pid === undefined) return;
  process.kill(pid, 'SIGSTOP');
  await sleep(ms);
  process.kill(pid, 'SIGCONT');
};

/** What may befall a Reelay with two backends and two workers, on servers of its own. */
export const faultKinds = (reelay: Reelay, workers: () => readonly TestWorker[]): readonly FaultKind[] => {
  const processOf = (name: string) => reelay.stack.processes().find((entry) => entry.name === name)?.pid;
  return [
    ['a worker is killed', async () => workers()[0]?.kill()],
    ['another worker is killed', async () => workers()[1]?.kill()],
    ['a backend is killed', async () => reelay.stack.kill('backend-1')],
    ['the other backend is killed', async () => reelay.stack.kill('backend-2')],
    ['the broker is killed', async () => reelay.stack.kill('rabbitmq')],
    ['connections to the database are cut', () => cutDatabase(reelay)],
    ['a backend stands still', () => stopFor(processOf('backend-1'), 3_000)],
    ['a worker stands still', () => stopFor(workers()[0]?.pid, 3_000)],
  ];
};

/** Strikes a number of times, after one to four seconds each. @returns what was done, in its order */
export async function storm(random: () => number, kinds: readonly FaultKind[], faults: number): Promise<string[]> {
  const told: string[] = [];
  for (let n = 0; n < faults; n++) {
    await sleep(1_000 + random() * 3_000);
    const kind = kinds[Math.floor(random() * kinds.length)];
    told.push(kind?.[0] ?? '');
    // What is down already cannot be struck again: its turn is over.
    await kind?.[1]().catch(() => undefined);
  }
  return told;
}

/** Submits until it was accepted: with its key, a request that is sent again makes no second job. */
export const submitInStorm = (reelay: Reelay, jobs: readonly object[], key: string): Promise<boolean> =>
  eventually(
    'a bulk is accepted',
    async () => {
      for (const url of reelay.stack.apiUrls) {
        const response = await fetch(`${url}/api/media/jobs/bulk`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${reelay.stack.token}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify({ jobs }),
        }).catch(() => null);
        if (response?.status === 201) return true;
      }
      return false;
    },
    60_000,
  );

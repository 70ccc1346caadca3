import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { openStore } from '../support/database.js';
import { addSample } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** How often every process is restarted. */
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);
const CLIENTS = 6;
/** Between two looks of a client at its job, at most. */
const PAUSE_MS = 300;
const PARTS = ['backend-1', 'worker-library-1', 'backend-2', 'worker-library-2'];

let reelay: Reelay;
let sample: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2, 'worker-library': 2 }, restart: true });
  sample = await addSample(reelay.mediaRoot);
});
afterAll(() => reelay.stop());

/** What the clients met. */
interface Account {
  readonly ids: string[];
  requests: number;
  /** Requests that one backend did not answer and the other did. */
  healed: number;
  readonly broken: string[];
}

interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer, or why there is none: refused, cut off, or 503. */
async function ask(url: string, init: Request): Promise<{ status: number; body: unknown } | string> {
  try {
    const response = await fetch(url, init);
    const body: unknown = await response.json();
    return response.status === 503 ? '503' : { status: response.status, body };
  } catch (error) {
    return String(error instanceof Error && error.cause instanceof Error ? error.cause.message : error);
  }
}

/** Asks one backend, then the other. */
async function askEither(account: Account, first: number, path: string, init: Request, expected: number) {
  const { apiUrls, token } = reelay.stack;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers };
  const failures: string[] = [];
  account.requests++;
  for (const url of [apiUrls[first], apiUrls[1 - first]]) {
    const answer = await ask(`${url ?? ''}${path}`, { ...init, headers });
    if (typeof answer === 'string') {
      failures.push(answer);
      continue;
    }
    if (answer.status !== expected) account.broken.push(`${path}: ${JSON.stringify(answer)}`);
    else if (failures.length > 0) account.healed++;
    return answer.body;
  }
  account.broken.push(`${path}: neither backend answered: ${failures.join(', ')}`);
  return null;
}

/** Submits a job and reads it until it is completed, now here and now there; again and again, until it is told to stop. */
async function runClient(name: string, account: Account, random: () => number, isOver: () => boolean): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const at = (): number => Math.floor(random() * 2);
    const created = (await askEither(
      account,
      at(),
      '/api/media/jobs',
      {
        method: 'POST',
        headers: { 'idempotency-key': `${name}-${String(n)}` },
        body: JSON.stringify({ type: 'validate', params: { inputPath: sample } }),
      },
      201,
    )) as { id?: string } | null;
    if (created?.id === undefined) continue;
    const { id } = created;
    account.ids.push(id);
    await eventually(
      `job ${id} is completed`,
      async () => {
        await sleep(random() * PAUSE_MS);
        const job = (await askEither(account, at(), `/api/media/jobs/${id}`, {}, 200)) as { status?: string } | null;
        return job?.status === 'completed';
      },
      120_000,
    );
  }
}

/** Asks a process to end, and waits until its successor does its work. */
async function restart(name: string): Promise<void> {
  const current = () => reelay.stack.processes().find((entry) => entry.name === name)?.pid;
  const before = current();
  if (before === undefined) throw new Error(`${name} is not running`);
  const liveBefore = new Set((await reelay.api.workers()).map(({ instanceId }) => instanceId));
  process.kill(before, 'SIGTERM');
  await eventually(
    `${name} is there again`,
    async () => {
      if ([undefined, before].includes(current())) return false;
      if (name.startsWith('worker')) {
        return (await reelay.api.workers()).some(({ instanceId, live }) => live && !liveBefore.has(instanceId));
      }
      const url = reelay.stack.apiUrls[Number(name.slice(-1)) - 1] ?? '';
      return (await fetch(`${url}/health/ready`)).ok;
    },
    60_000,
  );
}

it(`everything is restarted in turn, ${String(ROUNDS)} times, and clients lose nothing (seed ${String(SEED)})`, async () => {
  const account: Account = { ids: [], requests: 0, healed: 0, broken: [] };
  const random = randomFrom(SEED);
  let over = false;
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    runClient(`client-${String(n)}`, account, random, () => over),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const part of PARTS) {
      await sleep(random() * 1_000);
      await restart(part);
    }
  }
  over = true;
  await Promise.all(clients);
  process.stdout.write(
    `seed ${String(SEED)}: ${JSON.stringify({ ...account, ids: account.ids.length, broken: account.broken.length })}\n`,
  );
  expect(account.broken).toEqual([]);
  // Else nothing was restarted that anybody would have noticed.
  expect(account.healed).toBeGreaterThan(0);

  const accepted = new Set(account.ids).size;
  await expectSound(reelay, { accepted, ok: accepted });
  const store = await openStore(reelay.databaseUrl);
  try {
    const attempts = await store.query<{ status: string }[]>('SELECT DISTINCT status FROM attempts');
    expect(attempts.map(({ status }) => status).filter((status) => status === 'lost' || status === 'failed')).toEqual(
      [],
    );
  } finally {
    await store.destroy();
  }
}, 900_000);

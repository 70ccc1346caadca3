import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ablationEnv } from '../support/ablation.js';
import { ABLATIONS } from '../support/ablations.mjs';
import { attemptStates } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker } from '../support/test-worker.js';

/** Each place at which a worker is killed while it moves a file; a worker is started for each that dies there. */
const DEATHS = Object.keys(ABLATIONS).filter((name) => /^(move|copy)-dies-/.test(name));

/** A move whose worker is to die. */
interface Move {
  readonly death: string;
  readonly id: string;
  /** Of its row. */
  readonly videoId: string;
}

let reelay: Reelay;
let database: pg.Client;

beforeAll(async () => {
  reelay = await startReelay();
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { cpu: 100 } });
  await mkdir(join(reelay.mediaRoot, 'inbox/deep'));
});
afterAll(async () => {
  await database.end();
  await reelay.stop();
});

const contentOf = (death: string): string => `the film of ${death} `.repeat(1_000);

const isAnnounced = (name: string): Promise<unknown> =>
  eventually(`${name} is announced`, async () =>
    (await reelay.api.workers()).some(({ instanceId, live }) => instanceId === name && live),
  );

/** Starts a move on a worker that dies on the way, and waits until it is dead. */
async function moveAndDie(death: string): Promise<Move> {
  const inputPath = `inbox/deep/${death}.mp4`;
  await writeFile(join(reelay.mediaRoot, inputPath), contentOf(death));
  const { rows } = await database.query<{ id: string }>(
    'INSERT INTO videos (path, thumbnail_path) VALUES ($1, $2) RETURNING id',
    [inputPath, `thumbnails/${death}.jpg`],
  );
  const worker = await startTestWorker(reelay, 'library', death, { WORKER_HOST: death, ...ablationEnv(death) });
  await isAnnounced(death);
  const id = await reelay.api.submit('move_to_library', { inputPath, directoryType: 'videos' }, { target: death });
  expect(await worker.exited).toBe('was ended by SIGKILL');
  return { death, id, videoId: rows[0]!.id };
}

/** Has the job of a dead worker ended by another one on the same host, and looks at what there is then. */
async function isMoved({ death, id, videoId }: Move): Promise<void> {
  const job = await reelay.api.until(id, 'completed', 60_000);
  expect(job.destinationPaths).toEqual([`videos/${death}.mp4`]);
  expect(await readFile(join(reelay.mediaRoot, `videos/${death}.mp4`), 'utf8')).toBe(contentOf(death));
  const { rows } = await database.query('SELECT id, path, thumbnail_path FROM videos WHERE path LIKE $1', [
    `%/${death}.mp4`,
  ]);
  expect(rows).toEqual([{ id: videoId, path: `videos/${death}.mp4`, thumbnail_path: `thumbnails/${death}.jpg` }]);
}

it('a worker killed between any two steps of a move leaves file and record together after the next attempt', async () => {
  expect(DEATHS.length).toBeGreaterThanOrEqual(16);
  const moves: Move[] = [];
  for (const death of DEATHS) moves.push(await moveAndDie(death));
  for (const move of moves) {
    const { death } = move;
    if (death === 'move-dies-after-the-answer') {
      await isMoved(move);
      expect(await attemptStates(reelay, move.id)).toEqual(['completed']);
      continue;
    }
    const worker = await startTestWorker(reelay, 'library', `${death}-2`, { WORKER_HOST: death });
    await isMoved(move);
    await worker.stop();
    expect([death, await attemptStates(reelay, move.id)]).toEqual([death, ['lost', 'completed']]);
  }
  expect(await readdir(join(reelay.mediaRoot, 'inbox/deep'))).toEqual([]);
  const hidden = (await readdir(join(reelay.mediaRoot, 'videos'))).filter((name) => name.startsWith('.'));
  // Only the job whose worker died after its answer has no next attempt: its hidden name goes when it is old.
  const last = moves.find(({ death }) => death === 'move-dies-after-the-answer');
  expect(hidden).toEqual([expect.stringContaining(last?.id ?? '?')]);
  await eventually(
    'no attempt is left',
    async () => (await reelay.api.jobs('?status=running,queued')).data.length === 0,
  );
}, 600_000);

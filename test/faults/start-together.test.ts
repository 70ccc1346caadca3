import { join } from 'node:path';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { migrations } from '@reelay/persistence';
import { expect, inject, it } from 'vitest';
import { findFreePorts } from '../../tools/lib/ports.mjs';
import { startService } from '../../tools/lib/service.mjs';
import { Api } from '../support/api.js';
import { createDatabase, openStore } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Vhost } from '../support/vhost.js';

const BACKENDS = 3;

/** Clients of all backends, with the one token; null while not every one is ready. */
async function allReady(ports: readonly number[], tokenFile: string): Promise<Api[] | null> {
  const apis = ports.map((port) => new Api(`http://127.0.0.1:${String(port)}`, null));
  const answers = await Promise.all(apis.map((api) => api.call('GET', '/health/ready')));
  if (answers.some(({ status }) => status !== 200)) return null;
  const token = (await readFile(tokenFile, 'utf8')).trim();
  return apis.map(({ url }) => new Api(url, token));
}

it('three backends that start at once on an empty database migrate it once, and share one admin token', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'reelay-together-'));
  const [database, vhost, ports] = await Promise.all([
    createDatabase(inject('postgresUrl'), { empty: true }),
    Vhost.create(inject('amqpUrl'), inject('managementUrl')),
    findFreePorts(BACKENDS),
  ]);
  const tokenFile = join(dir, 'admin-token');
  const backends = await Promise.all(
    ports.map((port) =>
      startService({
        command: process.execPath,
        args: [join(import.meta.dirname, '../../apps/backend/dist/main.js')],
        log: join(dir, `backend-${String(port)}.log`),
        env: {
          PATH: process.env.PATH,
          LOG_LEVEL: 'warn',
          PORT: String(port),
          AMQP_URL: vhost.amqpUrl,
          DATABASE_URL: database.url,
          ADMIN_TOKEN_FILE: tokenFile,
        },
      }),
    ),
  );
  try {
    const apis = await eventually('all are ready', () => allReady(ports, tokenFile), 60_000);
    const ids = await Promise.all(apis.map((api) => api.submit('together')));
    for (const api of apis) {
      const seen = (await api.jobs('?type=together')).data.map(({ id }) => id);
      expect(seen.sort()).toEqual([...ids].sort());
    }
    expect(backends.map((backend) => backend.isRunning())).toEqual([true, true, true]);
    const store = await openStore(database.url);
    try {
      const applied = await store.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
      expect(applied.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
    } finally {
      await store.destroy();
    }
  } finally {
    await Promise.all(backends.map((backend) => backend.stop()));
    await vhost.remove();
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  }
});

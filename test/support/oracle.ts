import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Scoreboard } from '@reelay/persistence';
import { expect } from 'vitest';
import { inspect, type Inspection, type Place } from '../../tools/lib/oracle.mjs';
import { isBusy } from '../../tools/lib/oracle-queues.mjs';
import { openStore } from './database.js';
import { eventually } from './eventually.js';
import type { Reelay } from './reelay.js';

const OVER_WITHIN_MS = 240_000;

/** Where the oracle looks for all that belongs to a Reelay of a test. */
export async function placeOf(reelay: Reelay): Promise<Place> {
  const dataDir = dirname(reelay.mediaRoot);
  const workDirs = (await readdir(dataDir))
    .filter((name) => /^work(-|$)/.test(name))
    .map((name) => join(dataDir, name));
  return {
    databaseUrl: reelay.databaseUrl,
    ...(reelay.management ? { management: reelay.management } : {}),
    mediaRoot: reelay.mediaRoot,
    mediaLinks: (reelay.stack.env.MEDIA_LINKS ?? '').split(',').filter(Boolean),
    workDirs,
  };
}

/**
 * Waits until nothing is under way, then looks for what should never be, and prints the scoreboard.
 * @param expected what the scoreboard must hold, beside nothing lost, duplicated, stale or unexpected
 */
export async function expectSound(
  reelay: Reelay,
  expected: Partial<Scoreboard>,
  withinMs = OVER_WITHIN_MS,
): Promise<Inspection> {
  const store = await eventually('the database answers', () => openStore(reelay.databaseUrl), withinMs);
  try {
    await eventually('nothing is under way', async () => !(await isBusy(store.query.bind(store))), withinMs);
  } finally {
    await store.destroy();
  }
  // The last fault may have been the end of the broker, or of a backend.
  const { management } = reelay;
  if (management) await eventually('the broker answers', async () => (await fetch(management.url)).ok, withinMs);
  await eventually('the API is ready', async () => (await fetch(`${reelay.api.url}/health/ready`)).ok, withinMs);
  const inspection = await inspect(await placeOf(reelay));
  process.stdout.write(`${JSON.stringify(inspection.scoreboard)}\n`);
  expect(inspection.findings).toEqual([]);
  expect(inspection.scoreboard).toMatchObject({ lost: 0, duplicated: 0, stale: 0, underWay: 0, ...expected });
  return inspection;
}

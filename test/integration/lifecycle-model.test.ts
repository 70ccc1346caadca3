import { TRANSITIONS } from '@reelay/domain';
import { examine } from '@reelay/persistence';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { submit, type Model } from '../support/lifecycle-model.js';
import { anyJob, anyStep } from '../support/lifecycle-steps.js';
import { LifecycleStore } from '../support/lifecycle-store.js';
import { SEED } from '../support/random.js';
import { StoreFixture } from '../support/store-fixture.js';

const SEQUENCES = 1_000;
/** Long enough that a job goes through several attempts. */
const MOST_STEPS = 50;

const firstJobs = fc.array(anyJob, { minLength: 1, maxLength: 3 });
const sequences = fc.commands([anyStep], { maxCommands: MOST_STEPS, size: 'max' });

const fixture = new StoreFixture();

it(`${String(SEQUENCES)} random lives of jobs go as the model says (seed ${String(SEED)})`, async () => {
  const seen = new Map<string, number>();
  await fixture.store.query("INSERT INTO job_types (name) VALUES ('announced')");
  await fixture.store.query(
    "INSERT INTO workers (instance_id, liveness_ms, alive_until) VALUES ('server', 1000, 'infinity')",
  );
  await fixture.store.query("INSERT INTO worker_job_types VALUES ('server', 'announced')");
  await fc.assert(
    fc.asyncProperty(firstJobs, sequences, async (jobs, sequence) => {
      await fixture.store.query('DELETE FROM jobs');
      const model: Model = { announcedType: 'announced', maxLosses: 1, jobs: [], attempts: [], seen };
      const store = new LifecycleStore(fixture.store);
      for (const job of jobs) await store.insert(submit(model, job));
      await fc.asyncModelRun(() => ({ model, real: store }), sequence);
      expect((await examine(fixture.store)).findings).toEqual([]);
    }),
    { numRuns: SEQUENCES, seed: SEED },
  );
  const table = Object.entries(TRANSITIONS).flatMap(([from, events]) =>
    Object.keys(events).map((event) => `${from} ${event}`),
  );
  expect([...seen.keys()].sort()).toEqual(table.sort());
}, 600_000);

import type { WorkflowDetail, WorkflowEvent } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { RawClient } from '../support/raw-client.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import type { Passing } from '../support/tcp-proxy.js';
import { stepStates, StepWorker, work, WorkflowApi } from '../support/workflows.js';

/** Nodes of the graph. */
const NODES = 20;
/** At how many of them the backend is killed, evenly over the graph. */
const KILLS = Number(process.env.FAULT_NODES ?? 5);

/** A backend is started again as often as it is killed. */
const TEST_MS = 900_000;
const STEP_MS = 120_000;

let reelay: Reelay;
let worker: StepWorker;
let raw: RawClient;
let workflows: WorkflowApi;

beforeAll(async () => {
  reelay = await startReelay({ proxied: true, restart: true });
  worker = await StepWorker.start(reelay);
  raw = await RawClient.connect(reelay.amqpUrl);
  workflows = new WorkflowApi(reelay);
});
afterAll(async () => {
  await raw.close();
  await worker.stop();
  await reelay.stop();
});

/** The transaction that applies what a worker says of a workflow's job, and what follows from it. */
const lock: Passing = { to: 'server', bytes: 'FROM workflows WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE' };
const commit: Passing = { to: 'server', bytes: 'COMMIT' };
const committed: Passing = { to: 'client', bytes: 'COMMIT' };

/** Every job waits for a gate of its own name, which begins with the run's. */
const gated = (prefix: string, id: string, more: { parameters?: object; [field: string]: unknown } = {}): object =>
  work(id, { ...more, parameters: { name: prefix + id, gate: prefix + id, ...more.parameters } });

/** Three diamonds, a forEach of five, a step that is skipped: 20 jobs. */
function graph(prefix: string): object[] {
  const step = (id: string, ...needs: string[]): object => gated(prefix, id, { needs });
  const name = `${prefix}f\${index}`;
  return [
    gated(prefix, 'a', { parameters: { gives: { items: [3, 1, 4, 1, 5], wanted: false } } }),
    ...[step('b1', 'a'), step('b2', 'a'), step('c', 'b1', 'b2')],
    gated(prefix, 'f', {
      ...{ needs: ['c'], forEach: '${steps.a.result.items}' },
      parameters: { name, gate: name, gives: { n: '${item}' } },
    }),
    gated(prefix, 'g', { parameters: { gives: { all: '${steps.f.results[*].n}' } } }),
    gated(prefix, 'skipped', { when: '${steps.a.result.wanted}', needs: ['g'] }),
    gated(prefix, 't', { needs: ['skipped', 'g'] }),
    ...[step('d1', 't'), step('d2', 't'), step('d3', 't'), step('e', 'd1', 'd2', 'd3')],
    ...[step('u1', 'e'), step('u2', 'e'), step('v', 'u1', 'u2'), step('w', 'v'), step('end', 'w', 'skipped')],
  ];
}

/** Waits until every job that may run is at work, and gives their names. */
async function atWork(id: string, opened: ReadonlySet<string>): Promise<{ run: WorkflowDetail; names: string[] }> {
  return eventually(
    'all that may run is at work',
    async () => {
      const run = await workflows.get(id);
      const open = run.steps.flatMap(({ jobs }) => jobs.filter(({ status }) => status !== 'completed'));
      const names = worker.runs('begun').filter((name) => name.startsWith(`${id}-`) && !opened.has(name));
      const isQuiet = open.every(({ status }) => status === 'running') && names.length >= open.length;
      return isQuiet && (names.length > 0 || run.status !== 'running') ? { run, names } : null;
    },
    STEP_MS,
  );
}

describe(`a workflow of ${String(NODES)} jobs whose backend is killed as ${String(KILLS)} of them are applied (seed ${String(SEED)})`, () => {
  it.each([
    ['before the COMMIT', [lock, commit]],
    ['after the COMMIT, before it knows', [lock, commit, committed]],
  ])(
    '%s: each job runs once, and the workflow ends once',
    async (_, point) => {
      const random = randomFrom(SEED);
      const events = await raw.overhear('job_events', 'workflow.#');
      const output = '${steps.g.result.all}';
      const template = await workflows.template(graph('${workflow.id}-'), { output });
      const id = await workflows.start(template);
      const opened = new Set<string>();
      for (;;) {
        const { run, names } = await atWork(id, opened);
        if (run.status !== 'running') break;
        const name = names[Math.floor(random() * names.length)]!;
        const isKilled = opened.size % Math.ceil(NODES / KILLS) === 0;
        opened.add(name);
        if (isKilled)
          await killWhile(point, () => {
            worker.open(name);
          });
        else worker.open(name);
        await eventually(`${name} is completed`, async () => (await completedNames(id)).includes(name), STEP_MS);
      }
      const run = await workflows.until(id, 'completed');
      expect(opened.size).toBe(NODES);
      expect(run.output).toEqual([3, 1, 4, 1, 5]);
      expect(stepStates(run)).toMatchObject({ skipped: 'skipped', end: 'completed' });
      for (const what of ['begun', 'done'] as const) {
        expect(
          worker
            .runs(what)
            .filter((name) => name.startsWith(id))
            .sort(),
        ).toEqual([...opened].sort());
      }
      const ends = events.filter(({ content }) => {
        const { workflowId, step, status } = content as WorkflowEvent;
        return workflowId === id && step === undefined && status !== 'running';
      });
      expect(ends.length).toBeLessThanOrEqual(1);
      await expectSound(reelay, { failed: 0, cancelled: 0 });
    },
    TEST_MS,
  );
});

/** Kills the backend when what `happens` makes it do has got to a point, and waits until it is back. */
async function killWhile(point: readonly Passing[], happens: () => void): Promise<void> {
  const reached = reelay.links!.database.hold(...point);
  happens();
  await reached;
  await reelay.stack.kill('backend-1');
  await eventually(
    'the backend is back',
    async () => (await reelay.api.call('GET', '/health/ready')).status === 200,
    STEP_MS,
  );
}

/** Names of the jobs that are completed, as the API has them. */
async function completedNames(id: string): Promise<unknown[]> {
  const { data } = await reelay.api.jobs(`?workflowId=${id}&status=completed&limit=100`);
  return data.map(({ params }) => params.name);
}

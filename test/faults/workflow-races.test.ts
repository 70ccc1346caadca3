import type { WorkflowPage } from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { StepWorker, work, WorkflowApi, WORKFLOWS } from '../support/workflows.js';

const ACTIONS = Number(process.env.FAULT_ACTIONS ?? 160);
/** Few enough for actions to meet at the same one. */
const RUNS = Math.ceil(ACTIONS / 8);
const BRANCHES = 4;
/** Actions under way at the same time. */
const AT_ONCE = 6;
const TEST_MS = 600_000;
const OVER_WITHIN_MS = 300_000;

let reelay: Reelay;
let worker: StepWorker;
let workflows: WorkflowApi;
let client: pg.Client;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2 } });
  worker = await StepWorker.start(reelay);
  workflows = new WorkflowApi(reelay);
  client = new pg.Client({ connectionString: reelay.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await worker.stop();
  await reelay.stop();
});

const ACTS = ['cancel', 'retry', 'hold', 'resume'] as const;

it(
  `cancels, retries, holds and answers that meet at two backends leave every workflow whole (seed ${String(SEED)})`,
  async () => {
    const random = randomFrom(SEED);
    const pick = <T>(things: readonly T[]): T => things[Math.floor(random() * things.length)]!;
    const apis = reelay.stack.apiUrls.map((url) => new Api(url, reelay.stack.token));
    const template = await workflows.template(
      [
        work('first'),
        work('each', {
          needs: ['first'],
          forEach: [...Array(BRANCHES).keys()],
          parameters: { gives: { n: '${item}' } },
        }),
        work('side', { needs: ['first'], onError: 'hold' }),
        work('join', { needs: ['side'], parameters: { gives: { all: '${steps.each.results[*].n}' } } }),
      ],
      { output: '${steps.join.result.all}' },
    );
    const ids = await Promise.all(Array.from({ length: RUNS }, () => workflows.start(template)));

    const answers: string[] = [];
    const act = async (): Promise<void> => {
      const api = pick(apis);
      const id = pick(ids);
      const kind = random();
      if (kind < 0.6) {
        const action = pick(ACTS);
        answers.push(`${action} ${String((await api.call('POST', `${WORKFLOWS}/${id}/${action}`)).status)}`);
      } else if (kind < 0.9) {
        const action = pick(['cancel', 'retry']);
        const { data } = await api.jobs(`?workflowId=${id}`);
        const { status } = await api.call('POST', `/api/media/jobs/${pick(data).id}/${action}`);
        answers.push(`job ${action} ${String(status)}`);
      } else {
        const body = { action: pick(['cancel', 'retry']), filter: { type: ['step_work'] } };
        answers.push(`bulk ${body.action} ${String((await api.call('POST', '/api/media/jobs/actions', body)).status)}`);
      }
    };
    const actor = async (): Promise<void> => {
      for (let n = 0; n < ACTIONS / AT_ONCE; n++) await act();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, actor));
    expect(answers.filter((answer) => !/ (200|409)$/.test(answer))).toEqual([]);
    expect(answers.filter((answer) => answer.endsWith('200')).length).toBeGreaterThan(0);

    await eventually(
      'every workflow is brought to its end',
      async () => {
        const { data } = (await reelay.api.call<WorkflowPage>('GET', `${WORKFLOWS}?limit=100`)).body;
        for (const { id, status } of data) {
          if (status === 'held') await workflows.act(id, 'resume');
          if (status === 'failed' || status === 'cancelled') await workflows.act(id, 'retry');
        }
        return data.every(({ status }) => status === 'completed');
      },
      OVER_WITHIN_MS,
    );
    for (const id of ids) {
      const { output, steps } = await workflows.get(id);
      expect(steps.map(({ jobs }) => jobs.length)).toEqual([1, BRANCHES, 1, 1]);
      expect(output).toEqual([...Array(BRANCHES).keys()]);
    }
    const { rows } = await client.query<{ deadlocks: number }>(
      'SELECT deadlocks::integer FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(rows).toEqual([{ deadlocks: 0 }]);
    await expectSound(reelay, { failed: 0 });
  },
  TEST_MS,
);

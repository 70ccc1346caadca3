import type { JobStatus } from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { jobOf, stepStates, StepWorker, work, WorkflowApi, WORKFLOWS } from '../support/workflows.js';

let reelay: Reelay;
let worker: StepWorker;
let workflows: WorkflowApi;
let client: pg.Client;

beforeAll(async () => {
  reelay = await startReelay();
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

const failing = (id: string, more: { parameters?: object; [field: string]: unknown } = {}): object =>
  work(id, { ...more, parameters: { fails: 'MADE_TO_FAIL', ...more.parameters } });
const gated = (id: string, gate: string, more: { parameters?: object; [field: string]: unknown } = {}): object =>
  work(id, { ...more, parameters: { gate, ...more.parameters } });
const jobStatus = async (id: string): Promise<JobStatus> => (await reelay.api.job(id)).status;
const untilBegun = (name: string): Promise<unknown> =>
  eventually(`${name} is at work`, () => worker.runs('begun').includes(name));
const timesDone = (name: string): number => worker.runs('done').filter((done) => done === name).length;

describe('a step that fails for good', () => {
  it('ends the workflow: what runs is stopped, what waits never begins', async () => {
    const id = await workflows.run([
      gated('a_other', 'never'),
      gated('a_bad', 'a', { parameters: { fails: 'MADE_TO_FAIL' } }),
      work('a_last', { needs: ['a_bad', 'a_other'] }),
    ]);
    await untilBegun('a_other');
    worker.open('a');
    const run = await workflows.until(id, 'failed');
    expect(run.error).toMatchObject({ code: 'MADE_TO_FAIL', step: 'a_bad', branch: null });
    expect(run.error?.message).toContain('a_bad fails as it was told to');
    expect(stepStates(run)).toEqual({ a_other: 'cancelled', a_bad: 'failed', a_last: 'cancelled' });
    expect(await jobStatus(jobOf(run, 'a_other'))).toBe('cancelled');
    expect(worker.runs('begun')).not.toContain('a_last');
  });

  it('that is tried again by itself has not failed yet', async () => {
    await reelay.api.call('PATCH', '/api/media/settings', { retry: { baseSeconds: 1, capSeconds: 1, jitter: 0 } });
    const id = await workflows.run([failing('b', { maxRetries: 1, parameters: { retryable: true } })]);
    const run = await workflows.until(id, 'failed', 60_000);
    expect(await reelay.api.job(jobOf(run, 'b'))).toMatchObject({ status: 'failed', retryCount: 1 });
    expect(worker.runs('begun').filter((name) => name === 'b')).toHaveLength(2);
  });

  it('with continue is gone without, and its failures are told to those that follow', async () => {
    const each = failing('c', {
      forEach: ['MADE_TO_FAIL', '${null}'],
      onError: 'continue',
      parameters: { fails: '${item}' },
    });
    const bad = '${steps.c.errors[*].code}';
    const last = work('c_last', { parameters: { gives: { bad, good: '${length(steps.c.results)}' } } });
    const run = await workflows.until(
      await workflows.run([each, last], { output: '${steps.c_last.result}' }),
      'completed',
    );
    expect(run.output).toMatchObject({ bad: ['MADE_TO_FAIL'], good: 1 });
    expect(stepStates(run)).toEqual({ c: 'failed', c_last: 'completed' });
  });

  it('with hold waits for a person, who resumes it without what failed', async () => {
    const id = await workflows.run([failing('d', { onError: 'hold' }), work('d_last', { needs: ['d'] })]);
    const held = await workflows.until(id, 'held');
    expect(held.error).toMatchObject({ code: 'MADE_TO_FAIL', step: 'd' });
    expect(stepStates(held)).toEqual({ d: 'held', d_last: 'waiting' });
    expect(await workflows.act(id, 'resume')).toBe(200);
    const run = await workflows.until(id, 'completed');
    expect(stepStates(run)).toEqual({ d: 'failed', d_last: 'completed' });
    expect(run.error).toBeNull();
  });

  it('for which no job can be made fails with the reason, and can be retried with others', async () => {
    const videoId = '00000000-0000-4000-8000-000000000000';
    const id = await workflows.run([{ id: 'e', job: 'probe', parameters: { videoId } }]);
    const failed = await workflows.until(id, 'failed');
    expect(failed.error).toMatchObject({ code: 'VIDEO_NOT_FOUND', step: 'e' });
    expect(failed.steps[0]?.jobs).toMatchObject([{ id: null, branch: 0, status: 'failed' }]);
    expect(await workflows.act(id, 'retry')).toBe(200);
    expect((await workflows.get(id)).status).toBe('failed');
    const parameters = { videoId: null, inputPath: 'library/e.mp4' };
    expect(await workflows.act(id, 'retry', { stepId: 'e', parameters })).toBe(200);
    const run = await workflows.get(id);
    expect(run.status).toBe('running');
    expect((await reelay.api.job(jobOf(run, 'e'))).params).toEqual({ inputPath: 'library/e.mp4' });
    await workflows.act(id, 'cancel');
  });
});

describe('a retry', () => {
  it('goes on from what failed, with other parameters; what was completed is not done again', async () => {
    const id = await workflows.run(
      [
        work('r1', { parameters: { gives: { size: 5 } } }),
        failing('r2', { parameters: { gives: { size: '${steps.r1.result.size + 1}' } } }),
        gated('r3', 'r3', { needs: ['r1'] }),
        work('r4', { needs: ['r2', 'r3'] }),
      ],
      { output: '${steps.r2.result.size}' },
    );
    expect((await workflows.until(id, 'failed')).error?.step).toBe('r2');
    worker.open('r3');
    expect(await workflows.act(id, 'retry', { stepId: 'r2', parameters: { fails: null } })).toBe(200);
    const run = await workflows.until(id, 'completed');
    expect(run.output).toBe(6);
    expect(stepStates(run)).toEqual({ r1: 'completed', r2: 'completed', r3: 'completed', r4: 'completed' });
    expect([timesDone('r1'), timesDone('r2'), timesDone('r4')]).toEqual([1, 1, 1]);
    expect((await reelay.api.job(jobOf(run, 'r2'))).log).toContain('--- RETRY ATTEMPT 1 ---');
  });

  it('with parameters that do not fit is refused, and changes nothing', async () => {
    const id = await workflows.run([failing('s')]);
    await workflows.until(id, 'failed');
    const path = `${WORKFLOWS}/${id}/retry`;
    const refused = await reelay.api.problem('POST', path, { stepId: 's', parameters: { gate: 7 } });
    expect([refused.status, refused.body.code]).toEqual([422, 'INVALID_PARAMETERS']);
    expect((await reelay.api.problem('POST', path, { parameters: {} })).status).toBe(400);
    expect((await reelay.api.problem('POST', path, { stepId: 'nobody' })).body.code).toBe('UNKNOWN_STEP');
    expect((await workflows.get(id)).status).toBe('failed');
  });

  it('of one job brings back the workflow that failed with it, and all that was cancelled', async () => {
    const id = await workflows.run([
      gated('t1', 't', { parameters: { fails: 'MADE_TO_FAIL', retryable: false } }),
      gated('t2', 't2'),
      work('t3', { needs: ['t2'] }),
    ]);
    await untilBegun('t2');
    worker.open('t');
    const failed = await workflows.until(id, 'failed');
    worker.open('t2');
    // Its parameters make it fail again: the workflow is back until then.
    expect((await reelay.api.call('POST', `/api/media/jobs/${jobOf(failed, 't1')}/retry`)).status).toBe(200);
    const again = await workflows.until(id, 'failed');
    expect((await reelay.api.job(jobOf(again, 't1'))).retryCount).toBe(1);
    expect((await reelay.api.job(jobOf(again, 't2'))).retryCount).toBe(1);
  });

  it('is refused where nothing failed, and for what the workflow has gone on without', async () => {
    const ok = await workflows.run([work('u')]);
    await workflows.until(ok, 'completed');
    expect(await workflows.act(ok, 'retry')).toBe(409);
    const id = await workflows.run([failing('v', { onError: 'continue' }), gated('v_last', 'v', { needs: ['v'] })]);
    await untilBegun('v_last');
    const run = await workflows.get(id);
    expect((await reelay.api.problem('POST', `${WORKFLOWS}/${id}/retry`, { stepId: 'v' })).body.code).toBe(
      'STEP_STATE_CONFLICT',
    );
    const job = await reelay.api.problem('POST', `/api/media/jobs/${jobOf(run, 'v')}/retry`);
    expect([job.status, job.body.code]).toEqual([409, 'JOB_OF_WORKFLOW']);
    worker.open('v');
    await workflows.until(id, 'completed');
  });
});

describe('a person', () => {
  it('cancels a workflow: its jobs stop, and it can be retried', async () => {
    const id = await workflows.run([gated('k1', 'k'), work('k2', { needs: ['k1'] })]);
    await untilBegun('k1');
    expect(await workflows.act(id, 'cancel')).toBe(200);
    const run = await workflows.until(id, 'cancelled');
    expect(stepStates(run)).toEqual({ k1: 'cancelled', k2: 'cancelled' });
    await eventually('the worker has let go', async () => {
      const { rows } = await client.query("SELECT 1 FROM attempts WHERE workflow_id = $1 AND status = 'running'", [id]);
      return rows.length === 0;
    });
    expect(await workflows.act(id, 'cancel')).toBe(409);
    worker.open('k');
    expect(await workflows.act(id, 'retry')).toBe(200);
    expect(stepStates(await workflows.until(id, 'completed'))).toEqual({ k1: 'completed', k2: 'completed' });
  });

  it('holds a workflow: nothing more begins until it is resumed', async () => {
    const id = await workflows.run([gated('h1', 'h'), work('h2', { needs: ['h1'] })]);
    expect(await workflows.act(id, 'resume')).toBe(409);
    expect(await workflows.act(id, 'hold')).toBe(200);
    worker.open('h');
    const held = await workflows.untilStep(id, 'h1', 'completed');
    expect([held.status, stepStates(held).h2]).toEqual(['held', 'waiting']);
    expect(await workflows.act(id, 'resume')).toBe(200);
    await workflows.until(id, 'completed');
  });

  it('cancels one job: that is a failure of its step', async () => {
    const id = await workflows.run([gated('j1', 'never', { onError: 'continue' }), work('j2', { needs: ['j1'] })]);
    await untilBegun('j1');
    const job = jobOf(await workflows.get(id), 'j1');
    expect((await reelay.api.call('POST', `/api/media/jobs/${job}/cancel`)).status).toBe(200);
    const run = await workflows.until(id, 'completed');
    expect(run.steps[0]).toMatchObject({ status: 'failed', error: { code: 'JOB_CANCELLED' } });
  });

  it('deletes a workflow when it is over, with its jobs, which leave in no other way', async () => {
    const id = await workflows.run([work('x1'), gated('x2', 'x')]);
    const running = await workflows.untilStep(id, 'x1', 'completed');
    const job = jobOf(running, 'x1');
    const refused = await reelay.api.problem('DELETE', `/api/media/jobs/${job}`);
    expect([refused.status, refused.body.code]).toEqual([409, 'JOB_OF_WORKFLOW']);
    expect((await reelay.api.problem('DELETE', `${WORKFLOWS}/${id}`)).body.code).toBe('WORKFLOW_STATE_CONFLICT');
    worker.open('x');
    await workflows.until(id, 'completed');
    expect((await reelay.api.problem('DELETE', `/api/media/jobs/${job}`)).status).toBe(409);
    expect((await reelay.api.call('DELETE', `${WORKFLOWS}/${id}`)).status).toBe(204);
    expect((await reelay.api.call('GET', `${WORKFLOWS}/${id}`)).status).toBe(404);
    expect((await reelay.api.call('GET', `/api/media/jobs/${job}`)).status).toBe(404);
  });

  it.each(['retry', 'cancel', 'hold', 'resume'])(
    'is told that a workflow which is not there cannot be used: %s',
    async (action) => {
      expect(await workflows.act('00000000-0000-4000-8000-000000000000', action)).toBe(404);
    },
  );
});

describe('a workflow that nobody carried on', () => {
  it('is found and goes on', async () => {
    const id = await workflows.run([gated('n1', 'never', { onError: 'continue' }), work('n2', { needs: ['n1'] })]);
    await untilBegun('n1');
    // As if the process that ended it had died before it looked at what follows.
    await client.query(`UPDATE jobs SET status = 'cancelled', completed_at = now() WHERE workflow_id = $1`, [id]);
    await workflows.until(id, 'completed', 60_000);
  });

  it('goes on when its job expired because nobody serves its type', async () => {
    await reelay.api.call('PATCH', '/api/media/settings', { scheduling: { unroutableTtlSeconds: 1 } });
    const id = await workflows.run([{ id: 'o', job: 'nobody_serves_this' }]);
    const run = await workflows.until(id, 'failed', 60_000);
    expect(run.error).toMatchObject({ code: 'UNROUTABLE', step: 'o' });
  });
});

describe('what is over for long', () => {
  it('leaves as a whole: the jobs go to the archive together', async () => {
    const id = await workflows.run([work('y1'), work('y2', { needs: ['y1'] })]);
    const run = await workflows.until(id, 'completed');
    const days = "interval '400 days'";
    await client.query(`UPDATE jobs SET completed_at = completed_at - ${days} WHERE workflow_id = $1`, [id]);
    const retention = { completedDays: 365, archive: true };
    await reelay.api.call('PATCH', '/api/media/settings', { retention });
    const stays = await reelay.api.submit('step_work', { name: 'y0' });
    await reelay.api.until(stays, 'completed');
    await client.query(`UPDATE jobs SET completed_at = completed_at - ${days} WHERE id = $1`, [stays]);
    await eventually(
      'a job of no workflow is archived',
      async () => (await reelay.api.problem('GET', `/api/media/jobs/${stays}`)).body.code === 'JOB_ARCHIVED',
      60_000,
    );
    expect((await workflows.get(id)).status).toBe('completed');

    await client.query(`UPDATE workflows SET completed_at = completed_at - ${days} WHERE id = $1`, [id]);
    await eventually(
      'the workflow left',
      async () => (await reelay.api.call('GET', `${WORKFLOWS}/${id}`)).status === 404,
      60_000,
    );
    const archived = await reelay.api.call<{ job: object }>('GET', `/api/media/archive/${jobOf(run, 'y2')}`);
    expect(archived.body.job).toMatchObject({ workflowId: id, workflowStep: 'y2' });
  });
});

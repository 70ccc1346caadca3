import { afterAll, beforeAll, describe, it } from 'vitest';
import { ablationEnv } from '../support/ablation.js';
import { addSample } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let inputPath: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 }, env: ablationEnv('hurried-announcements') });
  inputPath = await addSample(reelay.mediaRoot);
});
afterAll(() => reelay.stop());

const runsOne = async (): Promise<unknown> =>
  reelay.api.until(await reelay.api.submit('validate', { inputPath }), 'completed', 60_000);

describe('an exchange that somebody removed', () => {
  it.each(['job_submit', 'job_queue_not_found', 'job_response', 'direct_messaging', 'job_events'])(
    '%s: is declared again with what is bound to it, and no job is lost',
    async (exchange) => {
      await runsOne();
      await reelay.vhost!.deleteExchange(exchange);
      await runsOne();
      await runsOne();
    },
  );

  it('leaves nothing behind', async () => {
    await expectSound(reelay, {});
  });
});

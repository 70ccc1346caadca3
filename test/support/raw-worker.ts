import { eventually } from './eventually.js';
import { RawClient } from './raw-client.js';
import type { Reelay } from './reelay.js';

/** An order that a raw worker holds. */
export interface RawOrder {
  readonly attempt: number;
  readonly job: string;
}

const STATUS_EVERY_MS = 2_000;

/**
 * A worker that takes every order of its type and says nothing of itself: the test sends each answer, as
 * often and in whatever order it likes. It shares no code with the product.
 */
export class RawWorker {
  readonly orders: RawOrder[] = [];
  private readonly timer: NodeJS.Timeout;

  private constructor(
    readonly client: RawClient,
    private readonly instanceId: string,
  ) {
    this.timer = setInterval(() => {
      this.sendStatus();
    }, STATUS_EVERY_MS);
  }

  /** Starts one, and waits until it is announced. */
  static async start(reelay: Reelay, jobType: string, slots: number): Promise<RawWorker> {
    const instanceId = `raw-${jobType}`;
    const client = await RawClient.connect(reelay.amqpUrl);
    const worker = new RawWorker(client, instanceId);
    await client.declare(jobType, 'job_submit');
    await client.consume(jobType, ({ content, correlationId }) => {
      worker.orders.push({ attempt: (content as { job_id: number }).job_id, job: correlationId ?? '' });
    });
    client.publish('worker_response', 'worker_discovery', {
      instance_id: instanceId,
      queue_name: jobType,
      direct_messaging_queue_name: `direct_messaging_${instanceId}`,
      label: jobType,
      short_description: jobType,
      description: jobType,
      version: '1.0.0',
      sdk_version: '1.0.0',
      parameters: { type: 'object', properties: { n: { type: 'integer' } } },
      reelay: { app: 'raw', host: 'raw', category: 'cpu', slots, heartbeat_s: 5 },
    });
    await eventually('the raw worker is announced', async () =>
      (await reelay.api.workers()).some((known) => known.instanceId === instanceId && known.live),
    );
    await reelay.api.call('PATCH', '/api/media/settings', { limits: { cpu: 10_000 } });
    return worker;
  }

  /** Waits until it holds this many orders in all. */
  async holds(count: number): Promise<readonly RawOrder[]> {
    await eventually(`${String(count)} orders`, () => this.orders.length >= count, 60_000);
    return this.orders;
  }

  progress(attempt: number, seq: number, percent: number): void {
    this.client.publish('job_response', 'job_progression', {
      job_id: attempt,
      datetime: new Date().toISOString(),
      docker_container_id: this.instanceId,
      progression: percent,
      reelay: { instance_id: this.instanceId, seq },
    });
  }

  complete(attempt: number, seq: number): void {
    this.client.publish('job_response', 'job_completed', {
      job_id: attempt,
      status: 'completed',
      destination_paths: [],
      parameters: [],
      reelay: { instance_id: this.instanceId, seq, result: { seq } },
    });
  }

  fail(attempt: number, seq: number): void {
    this.client.publish('job_response', 'job_error', {
      job_id: attempt,
      status: 'error',
      parameters: [{ id: 'message', type: 'string', value: 'the tape is torn' }],
      reelay: { instance_id: this.instanceId, seq, code: 'ENCODER_CRASHED', retryable: true },
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.client.close();
  }

  /** Renews the leases of all that it ever took: those that are over are told to stop, which nobody hears. */
  private sendStatus(): void {
    this.client.publish('worker_response', 'worker_status', {
      type: 'status',
      job: null,
      worker: { activity: 'Busy', instance_id: this.instanceId },
      reelay: { running: this.orders.map(({ attempt }) => attempt) },
    });
  }
}

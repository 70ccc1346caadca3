import amqp, { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';

/**
 * A worker that knows only Media Cloud AI's messages. It shares no code with the product: names and
 * shapes are written here by hand, as a worker in another language would have them. It serves one
 * job type, declares its queue with its own arguments, and acknowledges an order at the end.
 */
export class ForeignWorker {
  private connection!: ChannelModel;
  private channel!: Channel;
  private current: { order: ForeignOrder; message: ConsumeMessage } | null = null;
  private crashed = false;
  private waiters: ((order: ForeignOrder) => void)[] = [];
  /** Direct messages that it got, oldest first. */
  readonly directMessages: { type: string; job_id?: number }[] = [];

  constructor(
    private readonly url: string,
    private readonly jobType: string,
    readonly instanceId: string,
  ) {}

  async start(): Promise<this> {
    this.connection = await amqp.connect(this.url);
    this.connection.on('error', () => undefined);
    this.channel = await this.connection.createChannel();
    await this.channel.prefetch(1);
    await this.channel.assertQueue(this.jobType, { durable: true, arguments: { 'x-max-priority': 100 } });
    await this.channel.bindQueue(this.jobType, 'job_submit', this.jobType);
    await this.channel.consume(this.jobType, (message) => {
      if (message) this.receive(message);
    });
    await this.listenForDirectMessages();
    this.publish('worker_response', 'worker_discovery', {
      instance_id: this.instanceId,
      queue_name: this.jobType,
      direct_messaging_queue_name: `direct_messaging_${this.instanceId}`,
      label: 'Foreign work',
      short_description: 'Work of another make',
      description: 'Serves one job type and knows nothing of Reelay',
      version: '1.2.3',
      sdk_version: '2.0.0',
      parameters: {
        $schema: 'http://json-schema.org/draft-07/schema#',
        title: 'Parameters',
        type: 'object',
        required: ['source_path'],
        properties: { source_path: { type: 'string' }, crf: { type: 'integer' } },
      },
    });
    return this;
  }

  /** The next order that it takes. */
  nextOrder(): Promise<ForeignOrder> {
    return this.current ? Promise.resolve(this.current.order) : new Promise((resolve) => this.waiters.push(resolve));
  }

  progress(percent: number): void {
    this.publish('job_response', 'job_progression', {
      job_id: this.order.job_id,
      datetime: new Date().toISOString(),
      docker_container_id: this.instanceId,
      progression: percent,
    });
  }

  complete(): void {
    this.publish('job_response', 'job_completed', {
      job_id: this.order.job_id,
      status: 'completed',
      destination_paths: ['/data/out.mxf'],
      execution_duration: 1.5,
      parameters: [{ id: 'detected_language', type: 'string', value: 'fr' }],
    });
    this.settle();
  }

  /** Fails in one of the three shapes that are in the field. */
  fail(shape: 'result' | 'short' | 'anonymous', why: string): void {
    const { job_id } = this.order;
    const bodies = {
      result: { job_id, status: 'error', parameters: [{ id: 'message', type: 'string', value: why }] },
      short: { job_id, error: why },
      anonymous: { status: 'error', message: why },
    };
    const correlationId: unknown = this.current?.message.properties.correlationId;
    this.publish(
      'job_response',
      'job_error',
      bodies[shape],
      typeof correlationId === 'string' ? correlationId : undefined,
    );
    this.settle();
  }

  /** Dies without a word: its order is delivered to the next worker. */
  async crash(): Promise<void> {
    // Closing the socket under the library is the nearest to a power cut.
    const { connection } = this.connection as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
    this.crashed = true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async stop(): Promise<void> {
    if (!this.crashed) await this.connection.close();
  }

  private get order(): ForeignOrder {
    if (!this.current) throw new Error('there is no order now');
    return this.current.order;
  }

  private settle(): void {
    if (this.current) this.channel.ack(this.current.message);
    this.current = null;
  }

  private receive(message: ConsumeMessage): void {
    const order = JSON.parse(message.content.toString()) as ForeignOrder;
    this.current = { order, message };
    for (const waiter of this.waiters.splice(0)) waiter(order);
  }

  private async listenForDirectMessages(): Promise<void> {
    const queue = `direct_messaging_${this.instanceId}`;
    await this.channel.assertQueue(queue, { exclusive: true });
    await this.channel.bindQueue(queue, 'direct_messaging', '', {
      'x-match': 'any',
      broadcast: 'true',
      instance_id: this.instanceId,
      job_type: this.jobType,
    });
    await this.channel.consume(
      queue,
      (message) => {
        if (!message) return;
        const content = JSON.parse(message.content.toString()) as { type: string; job_id?: number };
        this.directMessages.push(content);
        if (content.type === 'status') this.sendStatus();
      },
      { noAck: true },
    );
  }

  private sendStatus(): void {
    this.publish('worker_response', 'worker_status', {
      type: 'status',
      job: this.current ? { job_id: this.current.order.job_id, status: 'running' } : null,
      worker: {
        activity: this.current ? 'Busy' : 'Idle',
        instance_id: this.instanceId,
        system_info: { docker_container_id: this.instanceId },
      },
    });
  }

  private publish(exchange: string, key: string, content: unknown, correlationId?: string): void {
    this.channel.publish(exchange, key, Buffer.from(JSON.stringify(content)), {
      ...(correlationId === undefined ? {} : { correlationId }),
    });
  }
}

/** An order as such a worker reads it. */
export interface ForeignOrder {
  readonly job_id: number;
  readonly parameters: readonly { id: string; type: string; value: unknown }[];
}

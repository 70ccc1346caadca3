import { randomBytes } from 'node:crypto';
import { eventually } from './eventually.js';

/** A message as the management API shows it. */
export interface PeekedMessage {
  readonly payload: string;
  readonly routing_key: string;
  readonly exchange: string;
  readonly properties: { readonly headers?: Record<string, string>; readonly correlation_id?: string };
}

interface ConnectionFacts {
  readonly vhost: string;
  readonly client_properties: { readonly connection_name?: string };
}

/** A virtual host of a test's own, with what an operator can see and do there. */
export class Vhost {
  private constructor(
    readonly name: string,
    readonly amqpUrl: string,
    private readonly api: string,
    private readonly authorization: string,
  ) {}

  static async create(amqpUrl: string, managementUrl: string): Promise<Vhost> {
    const { username, password, host } = new URL(amqpUrl);
    const name = `test-${randomBytes(6).toString('hex')}`;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const vhost = new Vhost(
      name,
      `amqp://${username}:${password}@${host}/${name}`,
      `${managementUrl}/api`,
      authorization,
    );
    await vhost.call('PUT', `vhosts/${name}`, {});
    await vhost.call('PUT', `permissions/${name}/${username}`, { configure: '.*', write: '.*', read: '.*' });
    return vhost;
  }

  /** Takes up to `count` messages off a queue. */
  async take(queue: string, count = 100): Promise<PeekedMessage[]> {
    return (await this.call('POST', `queues/${this.name}/${queue}/get`, {
      count,
      ackmode: 'ack_requeue_false',
      encoding: 'auto',
    })) as PeekedMessage[];
  }

  /** What is declared now, by name. */
  async queues(): Promise<Map<string, Record<string, unknown>>> {
    const queues = (await this.call('GET', `queues/${this.name}?disable_stats=true&enable_queue_totals=true`)) as {
      name: string;
      arguments: Record<string, unknown>;
    }[];
    return new Map(queues.map((queue) => [queue.name, queue.arguments]));
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.call('DELETE', `queues/${this.name}/${encodeURIComponent(queue)}`);
  }

  async deleteExchange(exchange: string): Promise<void> {
    await this.call('DELETE', `exchanges/${this.name}/${encodeURIComponent(exchange)}`);
  }

  /** Deletes the virtual host; fails when a connection was leaked. */
  async remove(): Promise<void> {
    try {
      await eventually('all connections are closed', async () => (await this.connections()).length === 0);
    } finally {
      await this.call('DELETE', `vhosts/${this.name}`);
    }
  }

  private async connections(): Promise<ConnectionFacts[]> {
    const all = (await this.call('GET', 'connections')) as ConnectionFacts[];
    return all.filter(({ vhost }) => vhost === this.name);
  }

  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.api}/${path}`, {
      method,
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}

import { EventEmitter } from 'node:events';
import type { AmqpConnection, Delivery } from '@reelay/messaging';
import { createLogger } from '@reelay/platform';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OrderIntake } from './order-intake.js';

/** One channel of a broker that is not there: remembers who consumes, and what became of deliveries. */
class FakeChannel extends EventEmitter {
  readonly consumers = new Map<string, (message: unknown) => void>();
  private queue = '';

  constructor(private readonly settled: string[]) {
    super();
  }

  readonly assertExchange = (): Promise<object> => Promise.resolve({});
  readonly bindQueue = (): Promise<object> => Promise.resolve({});
  readonly prefetch = (): Promise<object> => Promise.resolve({});
  readonly close = (): Promise<void> => Promise.resolve();

  assertQueue(queue: string): Promise<object> {
    this.queue = queue;
    return Promise.resolve({ queue });
  }

  consume(_queue: string, onMessage: (message: unknown) => void): Promise<{ consumerTag: string }> {
    this.consumers.set(this.queue, onMessage);
    return Promise.resolve({ consumerTag: this.queue });
  }

  cancel(tag: string): Promise<object> {
    this.settled.push(`cancel ${tag}`);
    this.consumers.delete(tag);
    return Promise.resolve({});
  }

  ack({ content }: { content: string }): void {
    this.settled.push(`ack ${content}`);
  }

  nack({ content }: { content: string }, _allUpTo: boolean, requeue: boolean): void {
    this.settled.push(`${requeue ? 'requeue' : 'dead'} ${content}`);
  }
}

class FakeConnection extends EventEmitter {
  channels: FakeChannel[] = [];
  readonly settled: string[] = [];
  isUp = true;
  readonly model = {
    createChannel: (): Promise<FakeChannel> => {
      const channel = new FakeChannel(this.settled);
      this.channels.push(channel);
      return Promise.resolve(channel);
    },
  };

  get consumed(): string[] {
    return this.channels.flatMap(({ consumers }) => [...consumers.keys()]).sort();
  }

  deliver(queue: string, content: string): void {
    for (const { consumers } of this.channels) consumers.get(queue)?.({ content });
  }

  async reconnect(): Promise<void> {
    this.channels = [];
    this.emit('down');
    this.emit('up');
    await turns();
  }
}

/** Lets every promise that is under way come to its end; time itself stands still. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
};

const QUEUES = ['encode', 'encode@host-1'];
let connection: FakeConnection;
let intake: OrderIntake;
let taken: string[];
let free: boolean;

const contentOf = ({ message }: Delivery): string => message.content as unknown as string;

beforeEach(async () => {
  vi.useFakeTimers();
  connection = new FakeConnection();
  taken = [];
  free = true;
  intake = new OrderIntake({
    connection: connection as unknown as AmqpConnection,
    logger: createLogger({ name: 'test', level: 'silent' }),
    jobTypes: ['encode'],
    host: 'host-1',
    slots: 1,
    hasFreeSlot: () => free,
    take: ({ delivery }) => {
      taken.push(contentOf(delivery));
      free = false;
    },
  });
  await turns();
});
afterEach(() => {
  vi.useRealTimers();
});

it('takes orders of its types, and of its host', () => {
  expect(connection.consumed).toEqual(QUEUES);
  connection.deliver('encode@host-1', 'a');
  expect(taken).toEqual(['a']);
});

describe('without a free slot', () => {
  beforeEach(() => {
    free = false;
    connection.deliver('encode', 'a');
  });

  it('an order waits for one', () => {
    expect(taken).toEqual([]);
    free = true;
    intake.onSlotFree();
    expect(taken).toEqual(['a']);
  });

  it('it goes back after a while, and no more are taken until there is one', async () => {
    vi.advanceTimersByTime(2_000);
    await turns();
    expect(connection.settled).toEqual(['cancel encode', 'cancel encode@host-1', 'requeue a']);
    free = true;
    intake.onSlotFree();
    await turns();
    expect(connection.consumed).toEqual(QUEUES);
  });

  it('an order that is held can be taken out of the line, once', async () => {
    const fits = (delivery: Delivery): boolean => contentOf(delivery) === 'a';
    expect(intake.withdraw(() => false)).toBeNull();
    expect(intake.withdraw(fits)?.jobType).toBe('encode');
    expect(intake.withdraw(fits)).toBeNull();
    vi.advanceTimersByTime(2_000);
    await turns();
    free = true;
    intake.onSlotFree();
    expect([connection.settled, taken]).toEqual([[], []]);
  });
});

describe('while it is paused', () => {
  it('nothing is consumed, and what was held has gone back', async () => {
    free = false;
    connection.deliver('encode', 'a');
    void intake.pause();
    await turns();
    expect(connection.consumed).toEqual([]);
    expect(connection.settled).toEqual(['cancel encode', 'cancel encode@host-1', 'requeue a']);
    vi.advanceTimersByTime(2_000);
    await turns();
    expect(connection.settled).toHaveLength(3);
  });

  it('an order that was on its way goes back', async () => {
    void intake.pause();
    connection.deliver('encode', 'a');
    await turns();
    expect([taken, connection.settled.at(-1)]).toEqual([[], 'requeue a']);
  });

  it('a slot that becomes free changes nothing', async () => {
    void intake.pause();
    await turns();
    intake.onSlotFree();
    await turns();
    expect(connection.consumed).toEqual([]);
  });

  it('a new connection to the broker is not consumed on either', async () => {
    void intake.pause();
    await turns();
    await connection.reconnect();
    expect([connection.channels.length, connection.consumed]).toEqual([2, []]);
    void intake.resume();
    await turns();
    expect(connection.consumed).toEqual(QUEUES);
  });

  it('a pause during the set-up of a connection holds, though orders may come first', async () => {
    connection.channels = [];
    connection.emit('down');
    connection.emit('up');
    while (connection.consumed.length < QUEUES.length) await Promise.resolve();
    void intake.pause();
    await turns();
    for (const queue of QUEUES) connection.deliver(queue, queue);
    await turns();
    expect([taken, connection.consumed]).toEqual([[], []]);
  });
});

import { AmqpConnection, Consumer, Publisher, type Delivery } from '@reelay/messaging';
import { createLogger } from '@reelay/platform';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Vhost } from '../support/vhost.js';

const logger = createLogger({ name: 'test', level: 'silent' });

let vhost: Vhost;
let connection: AmqpConnection;
let closers: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  vhost = await Vhost.create(inject('amqpUrl'), inject('managementUrl'));
  connection = new AmqpConnection({ url: vhost.amqpUrl, name: 'messaging test', logger });
  await connection.whenUp();
});
afterEach(async () => {
  for (const closer of closers.splice(0)) await closer.close();
  closers = [];
});
afterAll(async () => {
  await connection.close();
  await vhost.remove();
});

async function publisherTo(queue: string): Promise<Publisher> {
  const publisher = new Publisher(connection, logger, async (channel) => {
    await channel.assertQueue(queue, { durable: true });
  });
  closers.push(publisher);
  await publisher.whenReady();
  return publisher;
}

async function consume(queue: string, over = connection): Promise<{ deliveries: Delivery[]; consumer: Consumer }> {
  const deliveries: Delivery[] = [];
  const consumer = new Consumer(over, logger, {
    queue,
    prefetch: 10,
    setUp: async (channel) => {
      await channel.assertQueue(queue, { durable: true });
    },
    onDelivery: (delivery) => deliveries.push(delivery),
  });
  closers.push(consumer);
  await consumer.whenReady();
  return { deliveries, consumer };
}

const to = (queue: string, content: unknown) => ({ exchange: '', routingKey: queue, content });

describe('publishing', () => {
  it('tells a message that a queue took from one that came back', async () => {
    const publisher = await publisherTo('routed');
    const outcomes = await Promise.all([
      publisher.publish(to('routed', { n: 1 })),
      publisher.publish(to('no_such_queue', { n: 2 })),
      publisher.publish(to('routed', { n: 3 })),
    ]);
    expect(outcomes).toEqual(['routed', 'returned', 'routed']);
    const messages = await vhost.take('routed');
    expect(messages.map(({ payload }) => payload)).toEqual(['{"n":1}', '{"n":3}']);
  });

  it('fails when the exchange is missing, and works again on a new channel', async () => {
    const publisher = await publisherTo('again');
    await expect(publisher.publish({ exchange: 'nowhere', routingKey: 'x', content: {} })).rejects.toMatchObject({
      code: 'AMQP_NOT_CONFIRMED',
    });
    await publisher.whenReady();
    await eventually('it publishes again', async () =>
      publisher.publish(to('again', {})).then(
        (outcome) => outcome === 'routed',
        () => false,
      ),
    );
  });

  it('fails when the connection is cut before the confirm, for every message under way', async () => {
    const proxy = await TcpProxy.to(vhost.amqpUrl);
    const cut = new AmqpConnection({ url: proxy.url, name: 'messaging test, cut', logger });
    const publisher = new Publisher(cut, logger, async (channel) => {
      await channel.assertQueue('cut', { durable: true });
    });
    try {
      await publisher.whenReady();
      expect(await publisher.publish(to('cut', { n: 0 }))).toBe('routed');
      const onTheirWay = proxy.hold({ to: 'server', bytes: '{"n":1}' });
      const underWay = Promise.allSettled([1, 2, 3].map((n) => publisher.publish(to('cut', { n }))));
      await onTheirWay;
      proxy.cut();
      const outcomes = await underWay;
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'AMQP_NOT_CONFIRMED' } });
      expect((await vhost.take('cut')).map(({ payload }) => payload)).toEqual(['{"n":0}']);
    } finally {
      await publisher.close();
      await cut.close();
      await proxy.close();
    }
  });

  it('can be ended while the connection is cut', async () => {
    const proxy = await TcpProxy.to(vhost.amqpUrl);
    const cut = new AmqpConnection({ url: proxy.url, name: 'messaging test, ended', logger });
    const publisher = new Publisher(cut, logger);
    try {
      await publisher.whenReady();
      // The method channel.close (AMQP 0-9-1, 1.5.2.5).
      const onItsWay = proxy.hold({ to: 'server', bytes: Buffer.from([0, 20, 0, 40]) });
      const ended = publisher.close().then(() => true);
      await onItsWay;
      proxy.cut();
      expect(await Promise.race([ended, sleep(5_000)])).toBe(true);
    } finally {
      await cut.close();
      await proxy.close();
    }
  });

  it('refuses at once without a connection', async () => {
    const offline = new AmqpConnection({ url: 'amqp://127.0.0.1:1', name: 'offline', logger });
    closers.push(offline);
    const publisher = new Publisher(offline, logger);
    await expect(publisher.publish(to('x', {}))).rejects.toMatchObject({ code: 'AMQP_UNAVAILABLE' });
  });
});

describe('consuming', () => {
  it('settles a message once: a second time does nothing, and the channel lives on', async () => {
    const publisher = await publisherTo('once');
    const { deliveries } = await consume('once');
    await publisher.publish(to('once', { n: 1 }));
    const [first] = await eventually('the delivery', () => (deliveries.length === 1 ? deliveries : null));
    first!.ack();
    first!.ack();
    first!.nack({ requeue: true });
    await publisher.publish(to('once', { n: 2 }));
    const [, second] = await eventually('the next delivery', () => (deliveries.length === 2 ? deliveries : null));
    expect(second?.message.fields).toMatchObject({ deliveryTag: 2, redelivered: false });
    second!.ack();
  });

  it('settles a message on the channel that delivered it, and no other', async () => {
    const publisher = await publisherTo('settle');
    const proxy = await TcpProxy.to(vhost.amqpUrl);
    const cut = new AmqpConnection({ url: proxy.url, name: 'messaging test, settle', logger });
    try {
      const { deliveries, consumer } = await consume('settle', cut);
      await publisher.publish(to('settle', { n: 1 }));
      const [first] = await eventually('the delivery', () => (deliveries.length === 1 ? deliveries : null));
      proxy.cut();
      const again = await eventually('it is delivered on a new channel', () => deliveries[1]);
      expect(again.message.fields).toMatchObject({ deliveryTag: 1, redelivered: true });

      // Both carry the tag 1. The late one must not settle the new delivery.
      first!.ack();
      await consumer.close();
      expect((await vhost.take('settle')).map(({ payload }) => payload)).toEqual(['{"n":1}']);
    } finally {
      await cut.close();
      await proxy.close();
    }
  });

  it('takes nothing while it is paused', async () => {
    const publisher = await publisherTo('pausing');
    const { deliveries, consumer } = await consume('pausing');
    await consumer.pause();
    await publisher.publish(to('pausing', {}));
    await publisher.publish(to('pausing', {}));
    expect(deliveries).toEqual([]);
    await consumer.resume();
    await eventually('both arrive', () => deliveries.length === 2);
  });
});

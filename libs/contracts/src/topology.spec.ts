import { describe, expect, it } from 'vitest';
import {
  backendBindings,
  backendQueues,
  directMessagingQueue,
  EXCHANGE,
  exchanges,
  JOB_TYPE_PATTERN,
  orderQueue,
  orderRoutingKey,
  QUEUE,
  type BindingSpec,
} from './topology.js';

const exchangeNames = exchanges.map(({ name }) => name);
const queueNames = backendQueues.map(({ name }) => name);
const boundTo = (exchange: string): BindingSpec[] => backendBindings.filter((binding) => binding.exchange === exchange);

const control = directMessagingQueue({
  instanceId: 'w-1',
  jobTypes: ['validate', 'thumbnail_generate'],
  workerName: 'worker-library',
  workerVersion: '0.1.0',
});

describe('the topology', () => {
  it('declares every exchange and every queue that has a name, once', () => {
    expect([...exchangeNames].sort()).toEqual(Object.values(EXCHANGE).sort());
    expect([...queueNames].sort()).toEqual(Object.values(QUEUE).sort());
  });

  it('binds declared queues to declared exchanges only', () => {
    for (const { exchange, queue } of backendBindings) {
      expect(exchangeNames).toContain(exchange);
      expect(queueNames).toContain(queue);
    }
  });

  it('declares an alternate exchange before the exchange that refers to it', () => {
    for (const [index, { alternate }] of exchanges.entries()) {
      if (alternate !== undefined) expect(exchangeNames.slice(0, index)).toContain(alternate);
    }
  });

  it('lets whoever asserts an exchange assert its alternate too', () => {
    for (const { alternate, owners } of exchanges.filter((exchange) => exchange.alternate !== undefined)) {
      expect(exchanges.find(({ name }) => name === alternate)?.owners).toEqual(owners);
    }
  });

  it('dead-letters over the default exchange to queues that exist', () => {
    const queues = [...backendQueues, orderQueue('validate').queue, orderQueue('validate', 'encoder-2').queue];
    for (const {
      arguments: { 'x-dead-letter-exchange': exchange, 'x-dead-letter-routing-key': key },
    } of queues) {
      if (exchange === undefined) continue;
      expect(exchange).toBe('');
      expect(queueNames).toContain(key);
    }
  });
});

describe('what no binding matches', () => {
  it.each([EXCHANGE.jobSubmit, EXCHANGE.jobResponse, EXCHANGE.workerResponse, EXCHANGE.directMessaging])(
    'on %s is kept: its alternate is a fanout with a queue',
    (name) => {
      const alternate = exchanges.find((exchange) => exchange.name === name)?.alternate;
      expect(exchanges.find((exchange) => exchange.name === alternate)?.type).toBe('fanout');
      expect(boundTo(alternate!)).toHaveLength(1);
    },
  );

  it("on job_events is nobody's news", () => {
    expect(exchanges.find(({ name }) => name === EXCHANGE.jobEvents)?.alternate).toBeUndefined();
  });
});

describe('answers', () => {
  const answers = [QUEUE.jobCompleted, QUEUE.jobProgression, QUEUE.jobError, QUEUE.jobStopped];

  it.each([...answers, QUEUE.jobLog, QUEUE.workerDiscovery])(
    '%s is bound to job_response under its own name',
    (name) => {
      expect(boundTo(EXCHANGE.jobResponse)).toContainEqual({ exchange: EXCHANGE.jobResponse, queue: name, key: name });
    },
  );

  it.each([
    QUEUE.workerDiscovery,
    QUEUE.workerCreated,
    QUEUE.workerInitialized,
    QUEUE.workerStarted,
    QUEUE.workerUpdated,
    QUEUE.workerStatus,
    QUEUE.workerTerminated,
  ])('%s is bound to worker_response under its own name', (name) => {
    expect(boundTo(EXCHANGE.workerResponse)).toContainEqual({
      exchange: EXCHANGE.workerResponse,
      queue: name,
      key: name,
    });
  });

  it.each(answers)('%s survives a node and parks what cannot be applied', (name) => {
    expect(backendQueues.find((queue) => queue.name === name)?.arguments).toMatchObject({
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': QUEUE.jobResponseDead,
    });
  });

  it('use no wildcard: a key is the name of one queue', () => {
    for (const { key } of backendBindings) expect(key).not.toMatch(/[#*.]/);
  });
});

describe('the queue of a job type', () => {
  it('is a quorum queue under its own name, with a limit of deliveries', () => {
    const { queue, binding } = orderQueue('validate');
    expect(binding).toEqual({ exchange: EXCHANGE.jobSubmit, queue: 'validate', key: 'validate' });
    expect(queue.name).toBe('validate');
    expect(queue.arguments).toMatchObject({
      'x-queue-type': 'quorum',
      'x-dead-letter-routing-key': QUEUE.jobOrderDead,
    });
    expect(queue.arguments['x-delivery-limit']).toBeGreaterThan(0);
    expect(queue.arguments).not.toHaveProperty('x-expires');
  });

  it('on one host carries the host, and expires when unused', () => {
    const { queue, binding } = orderQueue('validate', 'encoder-2');
    expect(binding).toEqual({ exchange: EXCHANGE.jobSubmit, queue: 'validate@encoder-2', key: 'validate@encoder-2' });
    expect(queue.arguments['x-expires']).toBeGreaterThan(0);
  });

  it('gets what is sent under its routing key', () => {
    for (const host of [undefined, 'encoder-2']) {
      expect(orderQueue('validate', host).binding.key).toBe(orderRoutingKey('validate', host));
    }
    expect(orderRoutingKey('validate', null)).toBe('validate');
  });
});

describe("a worker's control queue", () => {
  it('is its own, and gone with it', () => {
    expect(control.queue).toEqual({ name: 'direct_messaging_w-1', arguments: {}, exclusive: true });
  });

  it('is bound by headers that are strings, any of which is enough', () => {
    for (const { exchange, queue, key, arguments: headers } of control.bindings) {
      expect({ exchange, queue, key }).toEqual({
        exchange: 'direct_messaging',
        queue: 'direct_messaging_w-1',
        key: '',
      });
      expect(headers?.['x-match']).toBe('any');
      for (const value of Object.values(headers!)) expect(value).toBeTypeOf('string');
    }
  });

  it('can be addressed by broadcast, instance, name, version and each job type', () => {
    const addresses = control.bindings.flatMap((binding) => Object.entries(binding.arguments!));
    expect(addresses.filter(([name]) => name !== 'x-match')).toEqual([
      ['broadcast', 'true'],
      ['instance_id', 'w-1'],
      ['worker_name', 'worker-library'],
      ['worker_version', '0.1.0'],
      ['job_type', 'validate'],
      ['job_type', 'thumbnail_generate'],
    ]);
  });
});

describe('JOB_TYPE_PATTERN', () => {
  it.each(['validate', 'reencode_streaming', 'a', 'a1_', `a${'b'.repeat(63)}`])('takes %s', (name) => {
    expect(name).toMatch(JOB_TYPE_PATTERN);
  });

  it.each([
    '',
    'Validate',
    '1st',
    '_a',
    'a-b',
    'a.b',
    'a b',
    'a#',
    '*',
    'validate@host',
    'validate\n',
    'é',
    `a${'b'.repeat(64)}`,
  ])('refuses %j', (name) => {
    expect(name).not.toMatch(JOB_TYPE_PATTERN);
  });
});

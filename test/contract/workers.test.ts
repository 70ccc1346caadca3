import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  discoveryMessage,
  EXCHANGE,
  JOB_CONTRACTS,
  JOB_TYPE_PATTERN,
  statusMessage,
  terminatedMessage,
  type JobContract,
} from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import {
  discoveryMessageOf,
  SDK_VERSION,
  statusMessageOf,
  terminatedMessageOf,
  type WorkerIdentity,
} from '@reelay/worker-sdk';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { toAnnouncement } from '../../apps/backend/dist/workers/workers.consumer.js';
import { golden, INSTANCE_ID, onTheWire, queuesFor, type Wire } from './golden.js';

const identity: WorkerIdentity = {
  app: 'worker-encode',
  version: '0.3.1',
  features: ['encoder:libx264'],
  config: {
    instanceId: INSTANCE_ID,
    host: 'encoder-2',
    slots: 2,
    heartbeatSeconds: 5,
    devices: [
      { id: 'gpu0', vramMb: 16_000 },
      { id: 'gpu1', vramMb: 8_000 },
    ],
  },
};

/** The golden discovery of a contract, as this build on this machine would send it. */
function goldenDiscovery({ type }: JobContract): Wire {
  const message = golden(`discovery-${type}`);
  return {
    ...message,
    sdk_version: SDK_VERSION,
    reelay: { ...(message.reelay as Wire), cpus: availableParallelism() },
  };
}

const routeOf = ({ exchange, routingKey }: OutgoingMessage): string[] => {
  expect(exchange).toBe(EXCHANGE.workerResponse);
  return queuesFor(exchange, routingKey);
};

describe.each([...JOB_CONTRACTS.values()])('the discovery of $type', (contract) => {
  const sent = discoveryMessageOf(identity, contract);
  const message = golden(`discovery-${contract.type}`);

  it('is what the worker sends', () => {
    expect(onTheWire(sent.content)).toStrictEqual(goldenDiscovery(contract));
  });

  it('is read by the backend without a loss', () => {
    expect(discoveryMessage.parse(message)).toStrictEqual(message);
    expect(toAnnouncement(discoveryMessage.parse(message))).toMatchObject({
      instanceId: INSTANCE_ID,
      jobType: contract.type,
      host: 'encoder-2',
      slots: 2,
      vramMb: 24_000,
      category: contract.category,
      jobVramMb: contract.vramMb,
      parameters: message.parameters,
    });
  });

  it('goes to worker_discovery', () => {
    expect(routeOf(sent)).toEqual(['worker_discovery']);
  });

  it('names a queue that a job type may have', () => {
    expect(message.queue_name).toMatch(JOB_TYPE_PATTERN);
  });
});

interface Sign {
  readonly sent: OutgoingMessage;
  readonly queue: string;
  readonly schema: z.ZodType;
}

const SIGNS: Readonly<Record<string, Sign>> = {
  'status-idle': { sent: statusMessageOf(INSTANCE_ID, 'Idle', []), queue: 'worker_status', schema: statusMessage },
  'status-busy': {
    sent: statusMessageOf(INSTANCE_ID, 'Busy', [1234, 1235]),
    queue: 'worker_status',
    schema: statusMessage,
  },
  'status-paused': {
    sent: statusMessageOf(INSTANCE_ID, 'Busy', [1234, 1235], [1235]),
    queue: 'worker_status',
    schema: statusMessage,
  },
  terminated: { sent: terminatedMessageOf(INSTANCE_ID), queue: 'worker_terminated', schema: terminatedMessage },
};

describe.each(Object.entries(SIGNS))('%s', (name, { sent, queue, schema }) => {
  it('is what the worker sends', () => {
    expect(onTheWire(sent.content)).toStrictEqual(golden(name));
  });

  it('is read by the backend without a loss', () => {
    expect(schema.parse(golden(name))).toStrictEqual(golden(name));
  });

  it('goes to its queue', () => {
    expect(routeOf(sent)).toEqual([queue]);
  });
});

describe('the version that a worker announces for its SDK', () => {
  it('is the version of the package', () => {
    const manifest = readFileSync(new URL('../../libs/worker-sdk/package.json', import.meta.url), 'utf8');
    expect(SDK_VERSION).toBe((JSON.parse(manifest) as { version: string }).version);
  });
});

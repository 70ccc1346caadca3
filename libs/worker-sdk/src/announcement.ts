import { availableParallelism } from 'node:os';
import {
  directMessagingQueueName,
  EXCHANGE,
  parametersJsonSchema,
  QUEUE,
  type DiscoveryMessage,
  type JobContract,
  type StatusMessage,
  type TerminatedMessage,
} from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import type { WorkerConfig } from './config.js';

/** The version of this SDK, announced beside the service's own. */
export const SDK_VERSION = '0.1.0';

/** What a worker says of itself. */
export interface WorkerIdentity {
  readonly app: string;
  readonly version: string;
  readonly features: readonly string[];
  readonly config: Pick<WorkerConfig, 'instanceId' | 'host' | 'slots' | 'heartbeatSeconds' | 'devices'>;
}

/** Announces that a worker serves a job type. */
export function discovery(identity: WorkerIdentity, contract: JobContract): DiscoveryMessage {
  const { app, version, features, config } = identity;
  return {
    instance_id: config.instanceId,
    queue_name: contract.type,
    direct_messaging_queue_name: directMessagingQueueName(config.instanceId),
    label: contract.label,
    short_description: contract.shortDescription,
    description: contract.description,
    version,
    sdk_version: SDK_VERSION,
    parameters: parametersJsonSchema(contract),
    reelay: {
      app,
      host: config.host,
      category: contract.category,
      job_vram_mb: contract.vramMb,
      slots: config.slots,
      vram_mb: config.devices.reduce((sum, { vramMb }) => sum + vramMb, 0),
      devices: config.devices.map(({ id, vramMb }) => ({ id, vram_mb: vramMb })),
      cpus: availableParallelism(),
      heartbeat_s: config.heartbeatSeconds,
      executor: 'local',
      features: [...features],
    },
  };
}

/** What a worker is doing. `Suspended`: it takes no orders. */
export type Activity = 'Idle' | 'Busy' | 'Suspended';

/**
 * A sign of life; it renews the leases of the attempts that run.
 * @param running paused ones included
 */
export function status(
  instanceId: string,
  activity: Activity,
  running: readonly number[],
  paused: readonly number[] = [],
): StatusMessage {
  const [first] = running;
  return {
    type: 'status',
    job: first === undefined ? null : { job_id: first },
    worker: { activity, instance_id: instanceId },
    reelay: { running: [...running], paused: [...paused] },
  };
}

/** A worker's goodbye. */
export const terminated = (instanceId: string): TerminatedMessage => ({
  type: 'terminated',
  worker: { instance_id: instanceId },
});

const toBackend = (routingKey: string, content: unknown): OutgoingMessage => ({
  exchange: EXCHANGE.workerResponse,
  routingKey,
  content,
});

export const discoveryMessageOf = (identity: WorkerIdentity, contract: JobContract): OutgoingMessage =>
  toBackend(QUEUE.workerDiscovery, discovery(identity, contract));
export const statusMessageOf = (...facts: Parameters<typeof status>): OutgoingMessage =>
  toBackend(QUEUE.workerStatus, status(...facts));
export const terminatedMessageOf = (instanceId: string): OutgoingMessage =>
  toBackend(QUEUE.workerTerminated, terminated(instanceId));

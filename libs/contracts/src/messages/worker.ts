import { z } from 'zod';
import { RESOURCE_CATEGORIES } from '../job-types/define-job-type.js';
import { JOB_TYPE_PATTERN } from '../topology.js';
import { knownFile } from './library.js';
import { attemptId } from './order.js';

/** A GPU of a worker's host. Workers of one host that share a device announce it under one id. */
const gpuDevice = z.object({ id: z.string().min(1), vram_mb: z.int().positive() });

/** Worker to backend: what it serves. One message per job type, at start and on every reconnect. */
export const discoveryMessage = z.object({
  instance_id: z.string().min(1),
  queue_name: z.string().regex(JOB_TYPE_PATTERN).describe('The job type served'),
  direct_messaging_queue_name: z.string().optional(),
  label: z.string().default(''),
  short_description: z.string().default(''),
  description: z.string().default(''),
  version: z.string().default(''),
  sdk_version: z.string().default(''),
  parameters: z.record(z.string(), z.unknown()).default({}).describe('JSON Schema of the parameters, draft-07'),
  reelay: z
    .object({
      app: z.string().optional().describe('The worker service this is a replica of'),
      host: z.string(),
      category: z.enum(RESOURCE_CATEGORIES),
      job_vram_mb: z.int().nonnegative().default(0).describe('VRAM that one job of this type needs'),
      slots: z.int().positive(),
      vram_mb: z.int().nonnegative().default(0).describe('VRAM of all devices of the worker, MB'),
      devices: z.array(gpuDevice).default([]).describe('What orders may name as their device'),
      cpus: z.int().positive().optional(),
      heartbeat_s: z.number().positive(),
      executor: z.string().default('local'),
      features: z.array(z.string()).default([]).describe('Encoders, filters and a sandbox that it found'),
    })
    .optional(),
});
export type DiscoveryMessage = z.infer<typeof discoveryMessage>;

const reportingWorker = z.object({
  activity: z.string().describe('Idle, Busy or Suspended'),
  instance_id: z.string().min(1).optional(),
  system_info: z.record(z.string(), z.unknown()).optional(),
});

/** Worker to backend: alive, and running these attempts. Sent when asked and every `heartbeat_s`. */
export const statusMessage = z.object({
  type: z.string(),
  job: z.object({ job_id: attemptId }).nullable().optional(),
  worker: reportingWorker.refine((worker) => instanceIdOf(worker) !== '', 'names no instance'),
  reelay: z
    .object({
      running: z.array(attemptId).describe('Paused ones included: their leases are renewed as well'),
      paused: z.array(attemptId).default([]).describe('Those that take no slot until they are resumed'),
    })
    .optional(),
});
export type StatusMessage = z.infer<typeof statusMessage>;

/** The instance that a status is about: workers of old name it by their container only. Empty when it names none. */
export function instanceIdOf({ instance_id, system_info }: z.infer<typeof reportingWorker>): string {
  const container = system_info?.docker_container_id;
  return instance_id ?? (typeof container === 'string' ? container : '');
}

/**
 * Worker to backend: it stops gracefully and takes no more orders. Media Cloud AI's workers name only
 * the attempt that they ran, if any; their silence then says the rest.
 */
export const terminatedMessage = z.object({
  type: z.string().optional(),
  worker: z.object({ instance_id: z.string().min(1) }).optional(),
});
export type TerminatedMessage = z.infer<typeof terminatedMessage>;

/** Backend to worker, over the headers exchange. */
export const directMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status') }),
  z.object({ type: z.literal('stop_process'), job_id: attemptId }),
  z.object({ type: z.literal('pause_process'), job_id: attemptId.optional() }),
  z.object({ type: z.literal('resume_process'), job_id: attemptId.optional() }),
  z.object({ type: z.literal('init_process'), job_id: attemptId.optional() }),
  z.object({ type: z.literal('start_process'), job_id: attemptId.optional() }),
  z.object({ type: z.literal('stop_consuming_jobs') }),
  z.object({ type: z.literal('resume_consuming_jobs') }),
  z.object({ type: z.literal('stop_worker') }),
  z.object({
    type: z.literal('answer_taken').describe("Reelay's own: what became of an answer that asked to hear of it"),
    job_id: attemptId,
    taken: z.boolean().describe('Whether it is the one that completed the job'),
    over: z
      .boolean()
      .default(false)
      .describe('Whether the job is over without being completed: what the attempt had made is of no use any more'),
  }),
  z.object({
    type: z.literal('library_answer').describe("Reelay's own: to a request about the library's records"),
    request_id: z.string(),
    files: z.array(knownFile).optional(),
    more: z.boolean().optional().describe('Whether further files follow the last one'),
    refused: z.string().optional().describe("Why nothing was done: the attempt is not the worker's any more"),
  }),
]);
export type DirectMessage = z.infer<typeof directMessage>;

/** Headers that address direct messages. All values are strings: a boolean does not match. */
export const directMessageHeaders = {
  everyone: (): Record<string, string> => ({ broadcast: 'true' }),
  worker: (instanceId: string): Record<string, string> => ({ instance_id: instanceId }),
  jobType: (jobType: string): Record<string, string> => ({ job_type: jobType }),
};

import { clipGenerate, digestGenerate } from '@reelay/contracts';
import { findEarlierJob, type SqlRunner } from '@reelay/persistence';
import { z } from 'zod';
import { unprocessable } from '../http/api-error.js';

/**
 * Adds to a job that cuts the clips of a digest what that digest consists of, and its input, unless they are given.
 * @throws {ApiError} 422 when there is no such digest, or it is not made yet
 */
export async function withDigest(
  runner: SqlRunner,
  type: string,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { digestJobId } = params;
  if (type !== clipGenerate.type || params.ranges !== undefined) return params;
  const id = z.uuid().safeParse(digestJobId).data;
  if (id === undefined) return params;
  const refuse = (code: string, message: string): Error =>
    unprocessable(code, [{ path: 'params.digestJobId', message, code: code.toLowerCase() }]);
  const digest = await findEarlierJob(runner, id);
  if (!digest) throw refuse('JOB_NOT_FOUND', `there is no job ${id}`);
  if (digest.type !== digestGenerate.type) {
    throw refuse('NO_DIGEST', `job ${id} is a ${digest.type}, not a ${digestGenerate.type}`);
  }
  const result = digestGenerate.result.pick({ segments: true }).safeParse(digest.result);
  if (digest.status !== 'completed' || !result.success) {
    throw refuse('DIGEST_NOT_COMPLETED', `the digest of job ${id} is not made: the job is ${digest.status}`);
  }
  const { videoId, inputPath } = digest.params;
  const isNamed = params.inputPath !== undefined || params.videoId !== undefined;
  // A video that was moved since is found by its id.
  const input = videoId === undefined ? { inputPath } : { videoId };
  const ranges = result.data.segments.map(({ start, end }) => ({ start, end }));
  return { ...params, ranges, ...(isNamed ? {} : input) };
}

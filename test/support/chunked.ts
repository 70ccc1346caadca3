import type { concatChunks, encodeChunk, JobDetail, ResultOf, segment } from '@reelay/contracts';
import type { Reelay } from './reelay.js';

/** What one step of a chunked encode may take on a slow machine. */
const STEP_MS = 120_000;

type Plan = ResultOf<typeof segment>;
type EncodedChunk = ResultOf<typeof encodeChunk>;
type Joined = ResultOf<typeof concatChunks>;

/** By what a film is encoded. */
export interface ChunkEncoding {
  readonly preset: string;
  readonly overrides?: Record<string, unknown>;
}

/** A film that was encoded in chunks. */
export interface ChunkedEncode {
  readonly plan: Plan;
  readonly chunks: readonly EncodedChunk[];
  readonly joined: Joined;
  readonly job: JobDetail;
}

/** Lists the chunks of a film. */
export async function segmentFilm({ api }: Reelay, inputPath: string, chunkSeconds: number): Promise<Plan> {
  const job = await api.until(await api.submit('segment', { inputPath, chunkSeconds }), 'completed', STEP_MS);
  return job.result as unknown as Plan;
}

/** Submits a job for each chunk. */
export async function submitChunks(
  { api }: Reelay,
  inputPath: string,
  { chunks }: Plan,
  encoding: ChunkEncoding,
): Promise<string[]> {
  const ids: string[] = [];
  for (const chunk of chunks) ids.push(await api.submit('encode_chunk', { inputPath, chunk, ...encoding }));
  return ids;
}

/** Waits for the chunks and joins them. */
export async function joinChunks(
  { api }: Reelay,
  inputPath: string,
  ids: readonly string[],
  encoding: ChunkEncoding,
): Promise<Pick<ChunkedEncode, 'chunks' | 'joined' | 'job'>> {
  const chunks: EncodedChunk[] = [];
  for (const id of ids) chunks.push((await api.until(id, 'completed', STEP_MS)).result as unknown as EncodedChunk);
  const parts = chunks.map(({ outputPath }) => outputPath);
  const id = await api.submit('concat_chunks', { inputPath, parts, ...encoding });
  const job = await api.until(id, 'completed', STEP_MS);
  return { chunks, joined: job.result as unknown as Joined, job };
}

/** Encodes a film in chunks, by the jobs that a workflow would start. */
export async function encodeInChunks(
  reelay: Reelay,
  inputPath: string,
  chunkSeconds: number,
  encoding: ChunkEncoding,
): Promise<ChunkedEncode> {
  const plan = await segmentFilm(reelay, inputPath, chunkSeconds);
  const ids = await submitChunks(reelay, inputPath, plan, encoding);
  return { plan, ...(await joinChunks(reelay, inputPath, ids, encoding)) };
}

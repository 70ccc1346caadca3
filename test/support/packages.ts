import type {
  encodeRendition,
  JobDetail,
  packageHlsDash,
  PackageLinkView,
  planLadder,
  ResultOf,
} from '@reelay/contracts';
import { eventually } from './eventually.js';
import type { Reelay } from './reelay.js';

export type Ladder = ResultOf<typeof planLadder>;
type Encoded = ResultOf<typeof encodeRendition>;
export type Packaged = ResultOf<typeof packageHlsDash>;

/** Runs a job, which completes at its first attempt. */
export async function runJob(reelay: Reelay, type: string, params: Record<string, unknown>): Promise<JobDetail> {
  const id = await reelay.api.submit(type, params);
  const job = await eventually(
    `${type} ${id} is over`,
    async () => {
      const seen = await reelay.api.job(id);
      return seen.retryCount > 0 || ['completed', 'failed', 'cancelled'].includes(seen.status) ? seen : null;
    },
    110_000,
  );
  if (job.status !== 'completed') throw new Error(`${type} is ${job.status}: ${JSON.stringify(job.error)}\n${job.log}`);
  return job;
}

/** Plans a ladder. */
export const plan = async (reelay: Reelay, params: Record<string, unknown>): Promise<Ladder> =>
  (await runJob(reelay, 'plan_ladder', params)).result as unknown as Ladder;

/** What encode_rendition is given for each of the groups of a ladder. */
export const encodesOf = (ladder: Ladder, more: Record<string, unknown> = {}): Record<string, unknown>[] =>
  ladder.groups.map(({ renditions, audio }) => ({
    ...{ inputPath: ladder.source.path, renditions, audio },
    ...{ frameRate: ladder.frameRate, gopFrames: ladder.gopFrames, speed: 'ultrafast', ...more },
  }));

/** What one film went through. */
export interface Journey {
  readonly ladder: Ladder;
  readonly encoded: readonly Encoded[];
  readonly packaged: Packaged;
}

/** Plans, encodes and packages a film, one job after the other. */
export async function makePackage(
  reelay: Reelay,
  inputPath: string,
  planned: Record<string, unknown> = {},
  packaged: Record<string, unknown> = {},
): Promise<Journey> {
  const ladder = await plan(reelay, { inputPath, ...planned });
  const encoded: Encoded[] = [];
  for (const params of encodesOf(ladder)) {
    encoded.push((await runJob(reelay, 'encode_rendition', params)).result as unknown as Encoded);
  }
  const job = await runJob(reelay, 'package_hls_dash', { parts: encoded.map(({ path }) => path), ...packaged });
  return { ladder, encoded, packaged: job.result as unknown as Packaged };
}

/** Addresses of a package that a player can open without a token. */
export async function linkTo(reelay: Reelay, path: string): Promise<{ hls: string; dash: string }> {
  const { status, body } = await reelay.api.call<PackageLinkView>('POST', '/api/media/packages/links', { path });
  if (status !== 201) throw new Error(`no link: ${JSON.stringify(body)}`);
  return { hls: `${reelay.api.url}${body.hlsUrl}`, dash: `${reelay.api.url}${body.dashUrl ?? ''}` };
}

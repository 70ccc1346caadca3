import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError, readTrack, type Ffmpeg } from '@reelay/media';
import type { JobContext, Order } from '@reelay/worker-sdk';
import { ClaimedFolder, CLAIMS_FOLDER, tracksOfClaim } from '../progressive/claims.js';
import { liveTarget } from '../progressive/live-package.js';
import { modelOf, type Ladder } from './ladder-model.js';
import { readPlaylist } from './manifest-reader.js';
import { MEDIA_PLAYLIST, tracksOf, type PackageModel } from './package-model.js';
import { verifyManifests, verifySegments } from './verify-package.js';
import { writeManifests } from './write-manifests.js';

/** A folder that segments were published to. */
interface Place {
  /** Absolute. */
  readonly folder: string;
  /** Relative to the library. */
  readonly path: string;
}

/**
 * Verifies a folder that grew, and closes it in place: its playlists become final one by one, the master playlist last.
 * A next attempt of the job goes on where one was killed.
 * @throws {MediaError} OUTPUT_EXISTS when it was closed by another job; INVALID_PARAMETERS while somebody publishes to it,
 * or when the parts are not what was published; OUTPUT_INVALID
 */
export async function closeProgressive(
  ffmpeg: Ffmpeg,
  { folder, path }: Place,
  ladder: Ladder,
  order: Pick<Order, 'jobId' | 'attemptId'>,
  job: JobContext,
): Promise<PackageModel> {
  const own = order.jobId ?? `attempt-${String(order.attemptId)}`;
  const claimed = await ClaimedFolder.open(folder, path);
  const closedBy = await claimed.closedBy();
  if (closedBy !== null && closedBy !== own) {
    throw new MediaError('OUTPUT_EXISTS', `${path} was closed by another job`);
  }
  const claims = await claimed.claims();
  mustBeTheParts(path, claims.flatMap(tracksOfClaim), ladder);
  const model = { ...(await modelOf(folder, ladder)), leastTarget: Math.max(0, ...claims.map(liveTarget)) };
  await mustBeEnded(folder, model, ladder);
  await verifySegments(ffmpeg, folder, model, job);
  await writeManifests(model, (name, text) => claimed.publish(name, text));
  await verifyManifests(ffmpeg, folder, model, job);
  await claimed.close(own);
  // Until the answer is taken it tells a next attempt whose work this is.
  job.afterCompleted(() => rm(join(folder, CLAIMS_FOLDER), { recursive: true, force: true }));
  return model;
}

function mustBeTheParts(path: string, published: readonly string[], ladder: Ladder): void {
  const missing = [...ladder.folders.keys()].find((name) => !published.includes(name));
  if (missing !== undefined) throw new MediaError('INVALID_PARAMETERS', `${missing} was not published to ${path}`);
  const further = published.find((name) => !ladder.folders.has(name));
  if (further === undefined) return;
  throw new MediaError('INVALID_PARAMETERS', `${further} is published to ${path} as well: name all parts`);
}

/** Everything that the parts hold was published, and nothing is to follow. */
async function mustBeEnded(folder: string, model: PackageModel, ladder: Ladder): Promise<void> {
  for (const { name, track } of tracksOf(model)) {
    const { ended } = readPlaylist(await readFile(join(folder, name, MEDIA_PLAYLIST), 'utf8'));
    const part = await readTrack(ladder.folders.get(name) ?? '');
    if (ended && part.segments.length === track.segments.length) continue;
    throw new MediaError('INVALID_PARAMETERS', `${name} is still being published`);
  }
}

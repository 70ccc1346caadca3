import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptView } from '@reelay/contracts';
import { eventually } from './eventually.js';
import { encodersOf, type ProcessFacts } from './process-tree.js';
import type { Reelay } from './reelay.js';

/** An encode that is under way, with its ffmpeg. */
export interface RunningEncode {
  readonly id: string;
  readonly encoder: ProcessFacts;
}

/** Submits an encode and waits until its ffmpeg reports progress. */
export async function startEncode(
  reelay: Reelay,
  inputPath: string,
  more: Record<string, unknown> = {},
  preset = 'veryfast',
): Promise<RunningEncode> {
  const before = new Set((await encodersOf(reelay.mediaRoot)).map(({ pid }) => pid));
  const id = await reelay.api.submit('reencode_streaming', { inputPath, force: true, preset }, more);
  await eventually('the encode is under way', async () => (await reelay.api.job(id)).progress >= 5, 60_000);
  // Other encodes may have begun since, on inputs of their own.
  const encoder = (await encodersOf(reelay.mediaRoot)).find(
    ({ pid, command }) => !before.has(pid) && command.includes(`/${inputPath}`),
  );
  if (!encoder) throw new Error('there is progress, but no ffmpeg');
  return { id, encoder };
}

/** The attempts of a job, oldest first. */
export const attemptsOf = async ({ api }: Pick<Reelay, 'api'>, id: string): Promise<AttemptView[]> =>
  (await api.call<{ data: AttemptView[] }>('GET', `/api/media/jobs/${id}/attempts`)).body.data;

/** How each attempt of a job ended, oldest first. */
export const attemptStates = async (reelay: Pick<Reelay, 'api'>, id: string): Promise<AttemptView['status'][]> =>
  (await attemptsOf(reelay, id)).map(({ status }) => status);

/** Names in the folder of encodes that no user sees. */
export const hiddenFiles = async ({ mediaRoot }: Reelay): Promise<string[]> =>
  (await readdir(join(mediaRoot, 'playback'))).filter((name) => name.startsWith('.'));

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRendition, RENDITIONS_FILE } from '@reelay/contracts';
import {
  blameInput,
  bytesOf,
  describeMedia,
  outputBaseName,
  probe,
  produceOutput,
  reportProgress,
  type CmafTrack,
  type Ffmpeg,
  type HardwareEncoders,
  type LibraryInput,
  type LibraryOutput,
  type MediaInfo,
  type MediaLibrary,
} from '@reelay/media';
import { StopRequest, type JobContext, type JobProcessor, type Order, type ProcessorResult } from '@reelay/worker-sdk';
import { LivePackage } from '../progressive/live-package.js';
import type { EncodeSettings } from '../reencode-streaming/reencode-streaming.processor.js';
import type { RenditionSet } from '../rendition-set.js';
import { runEncode, type EncodeRun } from '../run-encode.js';
import { AUDIO_FOLDER, FFMPEG_PLAYLIST, planLadderEncode, type LadderEncode } from './encode-rendition.plan.js';
import { decodeEnds, readTracks, type TrackFolder, type VerifiedTracks } from './verify-tracks.js';

/** Where outputs go that no path was asked for. */
const OUTPUT_FOLDER = 'work';

type EncodeOrder = Order<typeof encodeRendition>;

/** What is encoded. */
interface Film {
  readonly input: LibraryInput;
  readonly media: MediaInfo;
}

/** Renditions that were verified. */
interface Verified extends VerifiedTracks {
  readonly encoder: string | null;
}

/** Encodes renditions of a video, cut into segments. */
export class EncodeRenditionProcessor implements JobProcessor<typeof encodeRendition> {
  readonly contract = encodeRendition;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: EncodeSettings,
  ) {}

  async process(order: EncodeOrder, job: JobContext): Promise<ProcessorResult<typeof encodeRendition>> {
    const { parameters } = order;
    const input = await this.library.resolveInput(parameters.inputPath);
    const media = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    const film = { input, media };
    const { threads, hardware } = this.settings;
    const plan = (output: string, encoders?: HardwareEncoders | null): LadderEncode =>
      planLadderEncode(parameters, media, { input: input.absolute, output }, threads, encoders);
    // Before any name is taken: what cannot be planned leaves nothing behind.
    plan('');
    const output = await this.chooseOutput(order, input);
    const live = await this.joinPackage(film, order, job);
    // What runs of one job publish must fit together, whatever hosts they run on: so only the CPU encodes it.
    const encoders = live === null ? hardware : null;
    const { path, verified, adopted } = await withdrawUnlessDone(live, job, async () => {
      const produced = await produceOutput(this.library, output, order, job, {
        make: (folder) => this.encode(plan(folder, encoders), () => plan(folder), { folder, film, live }, order, job),
        verify: (folder, made) => this.verify(folder, made, film, order, job),
      });
      if (produced.adopted) {
        job.log('an earlier attempt of this job had published it already');
        await live?.publishAll(await this.library.resolvePlace(produced.path));
      }
      await live?.end();
      return produced;
    });
    if (adopted) job.progress({ phase: 'verify', percent: 100 });
    job.log(`output ${path}: ${String(verified.frames)} pictures, ${verified.durationSeconds.toFixed(2)} s`);
    const facts = (name: string, track: CmafTrack) => ({
      ...{ name, path: `${path}/${name}` },
      ...{ segments: track.segments.length, sizeBytes: bytesOf(track) },
    });
    return {
      destinationPaths: [`${path}/${RENDITIONS_FILE}`],
      result: {
        path,
        renditions: verified.renditions.map((track, index) => {
          const { name = '', width = 0, height = 0 } = parameters.renditions[index] ?? {};
          const averageKbps = Math.round((bytesOf(track) * 8) / 1000 / verified.durationSeconds);
          return { ...facts(name, track), width, height, averageKbps };
        }),
        audio: verified.audio === null ? null : facts(AUDIO_FOLDER, verified.audio),
        encoder: verified.encoder,
        frames: verified.frames,
        durationSeconds: verified.durationSeconds,
        publishedTo: parameters.publishTo ?? null,
      },
    };
  }

  private async chooseOutput(order: EncodeOrder, input: LibraryInput): Promise<LibraryOutput> {
    const { outputPath: asked } = order.parameters;
    if (asked !== undefined) return this.library.resolveOutput(asked, order, RENDITIONS_FILE);
    // ffmpeg would take some of these for the number of a segment.
    const base = outputBaseName(input.relative).replaceAll('%', '_');
    return this.library.freeOutput(
      { directory: OUTPUT_FOLDER, base, extension: 'renditions', main: RENDITIONS_FILE },
      order,
    );
  }

  /** @returns null where segments are not published while they are made */
  private async joinPackage({ input, media }: Film, order: EncodeOrder, job: JobContext): Promise<LivePackage | null> {
    const { publishTo, frameRate, gopFrames, renditions, audio } = order.parameters;
    if (publishTo === undefined) return null;
    const attempt = order.attemptId;
    const live = await LivePackage.join(await this.library.resolvePlace(publishTo), publishTo, {
      ...{ job: order.jobId ?? `attempt-${String(attempt)}`, attempt, source: input.relative },
      ...{ sourceHasSound: media.audio !== null, frameRate, gopFrames, renditions, audio },
    });
    job.log(`segments appear in ${publishTo} while they are made`);
    return live;
  }

  private async encode(
    plan: LadderEncode,
    onCpu: () => LadderEncode,
    { folder, film, live }: { folder: string; film: Film; live: LivePackage | null },
    { parameters }: EncodeOrder,
    job: JobContext,
  ): Promise<EncodeRun<LadderEncode>> {
    for (const track of plan.tracks) await mkdir(join(folder, track));
    const log = job.log.bind(job);
    live?.start(folder);
    const run = await runEncode(this.ffmpeg, plan, onCpu, log, {
      signal: live === null ? job.signal : AbortSignal.any([job.signal, live.failed]),
      pause: job.pause,
      durationSeconds: film.media.durationSeconds,
      expectedBytes: plan.expectedBytes,
      onProgress: reportProgress(job, 'encode'),
    }).finally(() => live?.stop());
    live?.failed.throwIfAborted();
    await live?.publishAll(folder);
    for (const track of plan.tracks) await rm(join(folder, track, FFMPEG_PLAYLIST), { force: true });
    const { frameRate, gopFrames, renditions, audio, inputPath } = parameters;
    const set: RenditionSet = {
      ...{ version: 1, source: inputPath, frameRate, gopFrames, frames: run.run.frames, renditions, audio },
    };
    await writeFile(join(folder, RENDITIONS_FILE), `${JSON.stringify(set, null, 2)}\n`);
    return run;
  }

  private async verify(
    folder: string,
    made: EncodeRun<LadderEncode> | null,
    { media }: Film,
    { parameters }: EncodeOrder,
    job: JobContext,
  ): Promise<Verified> {
    job.progress({ phase: 'verify', percent: 100 });
    try {
      const tracks = await readTracks(folder, { ...parameters, durationSeconds: plannedSeconds(parameters, media) });
      const checked: TrackFolder[] = tracks.renditions.map((track, index) => ({
        folder: join(folder, parameters.renditions[index]?.name ?? ''),
        track,
      }));
      if (tracks.audio !== null) checked.push({ folder: join(folder, AUDIO_FOLDER), track: tracks.audio });
      await decodeEnds(this.ffmpeg, checked, job.workDir, job);
      return { ...tracks, encoder: made?.command.encoder ?? null };
    } catch (error) {
      throw made === null ? error : blameInput(error, made.run.stderr, false);
    }
  }
}

/**
 * Does what is published while it is made. However it fails, what was promised is taken back; only a worker that shuts
 * down, or is killed, leaves it to the next run of the job.
 */
async function withdrawUnlessDone<T>(live: LivePackage | null, job: JobContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { reason } = job.signal as { reason: unknown };
    if (reason instanceof StopRequest && reason.reason === 'shutdown') await live?.stop();
    else await live?.withdraw();
    throw error;
  }
}

/** How long the longest track should be. */
function plannedSeconds(
  { renditions, audio }: EncodeOrder['parameters'],
  { video, audio: sound, durationSeconds }: MediaInfo,
): number | null {
  if (audio === null) return video?.durationSeconds ?? durationSeconds;
  return renditions.length === 0
    ? (video?.durationSeconds ?? sound?.durationSeconds ?? durationSeconds)
    : durationSeconds;
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DASH_MANIFEST, MASTER_PLAYLIST, packageHlsDash } from '@reelay/contracts';
import {
  bytesOf,
  describeSize,
  INIT_FILE,
  linkOrCopy,
  MediaError,
  outputBaseName,
  produceOutput,
  readTrack,
  secondsOf,
  type Ffmpeg,
  type LibraryOutput,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { AUDIO_FOLDER } from '../encode-rendition/encode-rendition.plan.js';
import { readRenditionSet } from '../rendition-set.js';
import { valueOf } from '../plan-ladder/ladder.plan.js';
import { writeManifests } from './write-manifests.js';
import { bandwidthOf, targetDuration, tracksOf, type PackagedTrack, type PackageModel } from './package-model.js';
import { closeProgressive } from './close-progressive.js';
import { modelOf, type Ladder } from './ladder-model.js';
import { verifyManifests, verifySegments } from './verify-package.js';

/** Where packages go. */
const OUTPUT_FOLDER = 'packages';

type PackageOrder = Order<typeof packageHlsDash>;

/** Makes one package for players of HLS and of DASH. */
export class PackageHlsDashProcessor implements JobProcessor<typeof packageHlsDash> {
  readonly contract = packageHlsDash;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process(order: PackageOrder, job: JobContext): Promise<ProcessorResult<typeof packageHlsDash>> {
    const { parts, progressive, outputPath } = order.parameters;
    const ladder = await this.readLadder(parts);
    if (progressive && outputPath !== undefined) {
      const folder = await this.library.resolvePlace(outputPath);
      const model = await closeProgressive(this.ffmpeg, { folder, path: outputPath }, ladder, order, job);
      return this.answer(outputPath, model, job);
    }
    const output = await this.chooseOutput(order, ladder.source);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (folder) => this.fill(folder, ladder, job),
      verify: async (folder) => this.verify(folder, ladder, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    return this.answer(path, verified, job);
  }

  private answer(path: string, model: PackageModel, job: JobContext): ProcessorResult<typeof packageHlsDash> {
    const target = targetDuration(model);
    const facts = ({ name, track }: PackagedTrack) => {
      const { peak, average } = bandwidthOf(track, target);
      return {
        ...{ name, codecs: track.header.codec, segments: track.segments.length },
        ...{ bandwidth: peak, averageBandwidth: average },
      };
    };
    const tracks = tracksOf(model).map(({ track }) => track);
    const sizeBytes = tracks.reduce((sum, track) => sum + bytesOf(track), 0);
    const durationSeconds = Math.max(...tracks.map(secondsOf));
    job.log(`package ${path}: ${durationSeconds.toFixed(2)} s, ${describeSize(sizeBytes)}`);
    const [masterPath, manifestPath] = [`${path}/${MASTER_PLAYLIST}`, `${path}/${DASH_MANIFEST}`];
    return {
      destinationPaths: [masterPath, manifestPath],
      result: {
        ...{ path, masterPath, manifestPath, durationSeconds, targetDuration: target, sizeBytes },
        renditions: model.renditions.map((each) => ({
          ...facts(each),
          ...each.size,
          frameRate: Number(valueOf(each.frameRate).toFixed(3)),
        })),
        audio: model.audio === null ? null : facts(model.audio),
      },
    };
  }

  /** @throws {MediaError} INVALID_PARAMETERS when the parts do not belong together */
  private async readLadder(parts: readonly string[]): Promise<Ladder> {
    const sets = [];
    for (const part of parts) sets.push({ part, ...(await readRenditionSet(this.library, part)) });
    const [first] = sets;
    if (first === undefined) throw new MediaError('INVALID_PARAMETERS', 'there are no parts');
    const folders = new Map<string, string>();
    for (const { part, folder, set } of sets) {
      for (const field of ['source', 'frameRate', 'gopFrames'] as const) {
        if (set[field] === first.set[field]) continue;
        throw new MediaError(
          'INVALID_PARAMETERS',
          `${part} and ${first.part} differ in ${field} (${String(set[field])} and ${String(first.set[field])})`,
        );
      }
      const names = [...set.renditions.map(({ name }) => name), ...(set.audio === null ? [] : [AUDIO_FOLDER])];
      for (const name of names) {
        if (folders.has(name)) throw new MediaError('INVALID_PARAMETERS', `two parts have ${name}`);
        folders.set(name, join(folder, name));
      }
    }
    const renditions = sets.flatMap(({ set }) => set.renditions);
    return {
      ...first.set,
      frames: Math.max(...sets.map(({ set }) => set.frames)),
      renditions: renditions.sort(
        (a, b) => b.width * b.height - a.width * a.height || b.videoBitrateKbps - a.videoBitrateKbps,
      ),
      audio: sets.find(({ set }) => set.audio !== null)?.set.audio ?? null,
      folders,
    };
  }

  private async chooseOutput(order: PackageOrder, source: string): Promise<LibraryOutput> {
    const { outputPath: asked } = order.parameters;
    if (asked !== undefined) return this.library.resolveOutput(asked, order, MASTER_PLAYLIST);
    const base = outputBaseName(source);
    return this.library.freeOutput({ directory: OUTPUT_FOLDER, base, extension: '', main: MASTER_PLAYLIST }, order);
  }

  /** Gives each segment a second name in the folder, and writes what leads to them. */
  private async fill(folder: string, ladder: Ladder, job: JobContext): Promise<void> {
    let count = { link: 0, copy: 0 };
    const { signal } = job;
    for (const [name, from] of ladder.folders) {
      await mkdir(join(folder, name));
      const { segments } = await readTrack(from);
      for (const file of [INIT_FILE, ...segments.map((segment) => segment.name)]) {
        signal.throwIfAborted();
        const { mode } = await linkOrCopy(join(from, file), join(folder, name, file), {
          signal,
          reserveBytes: this.ffmpeg.tools.reserveBytes,
        });
        count = { ...count, [mode]: count[mode] + 1 };
      }
    }
    job.log(`${String(count.link)} files linked, ${String(count.copy)} copied`);
    await writeManifests(await modelOf(folder, ladder), (name, text) => writeFile(join(folder, name), text));
  }

  private async verify(folder: string, ladder: Ladder, job: JobContext): Promise<PackageModel> {
    job.progress({ phase: 'verify', percent: 0 });
    const model = await modelOf(folder, ladder);
    await verifyManifests(this.ffmpeg, folder, model, job);
    await verifySegments(this.ffmpeg, folder, model, job);
    return model;
  }
}

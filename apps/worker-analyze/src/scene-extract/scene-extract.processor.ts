import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sceneExtract, type VideoChange } from '@reelay/contracts';
import {
  MediaError,
  outputBaseName,
  produceOutput,
  shareOf,
  Trimmer,
  verifyOutput,
  type Ffmpeg,
  type MediaLibrary,
  type PictureSize,
} from '@reelay/media';
import { planStill, stillSize, webvtt } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { Analyser, seconds, type Film } from '../analysis/analyser.js';
import type { Analysis } from '../analysis/measure-reader.js';
import { scenesOf, type Scene } from '../analysis/scenes.plan.js';
import { numbered } from '../numbered.js';
import { pictureTime } from './scene-extract.plan.js';

/** In which the folders of pictures go. */
const PICTURES_FOLDER = 'thumbnails';
/** Beside the pictures: when each scene begins and ends, as players take it for chapters. */
const SCENES_FILE = 'scenes.vtt';

/** The shares of the progress at which the film is measured, and the pictures are there, where clips follow. */
const BEFORE_CLIPS = { analysed: 50, pictured: 65 };
/** The same where none do. */
const WITHOUT_CLIPS = { analysed: 75, pictured: 100 };

/** The pictures of scenes, in their place. */
interface ScenePictures {
  /** Relative to the library. */
  readonly folder: string;
  /** In the order of the scenes; null for one that has no picture that can be decoded. */
  readonly paths: readonly (string | null)[];
}

/** Finds the scenes of a video. */
export class SceneExtractProcessor implements JobProcessor<typeof sceneExtract> {
  readonly contract = sceneExtract;
  private readonly analyser: Analyser;
  private readonly trimmer: Trimmer;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    settings: { readonly threads?: number | undefined },
  ) {
    this.analyser = new Analyser(ffmpeg, library);
    this.trimmer = new Trimmer(ffmpeg, library, settings);
  }

  async process(order: Order<typeof sceneExtract>, job: JobContext): Promise<ProcessorResult<typeof sceneExtract>> {
    const { inputPath, threshold, clips, ...settings } = order.parameters;
    const { analysed } = clips ? BEFORE_CLIPS : WITHOUT_CLIPS;
    const film = await this.analyser.open(inputPath, job);
    const analysis = await this.analyser.analyse(film, threshold, job, shareOf(job, 0, analysed));
    const scenes = scenesOf(analysis, settings);
    for (const [index, { start, end, score }] of scenes.entries()) {
      job.log(`scene ${String(index + 1)}: ${seconds(start)} to ${seconds(end)}, cut ${String(score)}`);
    }
    const pictures = await this.takePictures(film, scenes, analysis, order, job);
    const cut = clips ? await this.cutOut(scenes, order, job) : [];
    const found = scenes.map((scene, index) => ({ ...scene, imagePath: pictures.paths[index] ?? null }));
    return {
      destinationPaths: [
        `${pictures.folder}/${SCENES_FILE}`,
        ...pictures.paths.filter((path) => path !== null),
        ...cut.map(({ path }) => path),
      ],
      result: {
        scenes: found.map((scene, index) => ({ ...scene, clipPath: cut[index]?.path ?? null })),
        imageFolder: pictures.folder,
        videos: [{ path: film.input.relative, media: film.media, scenes: found }, ...cut],
      },
    };
  }

  /** Takes a picture of each scene; those that cannot be decoded are left out. */
  private async takePictures(
    film: Film,
    scenes: readonly Scene[],
    { durationSeconds, pictures }: Analysis,
    order: Order<typeof sceneExtract>,
    job: JobContext,
  ): Promise<ScenePictures> {
    const { clips, imageWidth } = order.parameters;
    const { analysed, pictured } = clips ? BEFORE_CLIPS : WITHOUT_CLIPS;
    const nameOf = (index: number): string => `scene-${numbered(index, scenes.length)}.jpg`;
    const base = outputBaseName(film.input.relative);
    const output = await this.library.freeOutput(
      { directory: PICTURES_FOLDER, base, extension: 'scenes', main: SCENES_FILE },
      order,
    );
    const size = stillSize(film.video, imageWidth);
    const takeAll = async (folder: string): Promise<void> => {
      for (const [index, scene] of scenes.entries()) {
        const percent = analysed + ((pictured - analysed) * index) / scenes.length;
        job.progress({ phase: 'pictures', percent });
        const time = pictureTime(scene, durationSeconds / pictures);
        const taken = await this.takePicture(film, time, size, join(folder, nameOf(index)), job);
        if (!taken) job.log(`scene ${String(index + 1)} has no picture that can be decoded at ${seconds(time)}`);
      }
      const chapters = scenes.map(({ start, end }, index) => ({ start, end, text: `Scene ${String(index + 1)}` }));
      await writeFile(join(folder, SCENES_FILE), webvtt(chapters));
    };
    const { path, adopted } = await produceOutput(this.library, output, order, job, {
      make: takeAll,
      // Each picture was verified as it was taken.
      verify: () => Promise.resolve(),
    });
    job.progress({ phase: 'pictures', percent: pictured });
    if (adopted) job.log('an earlier attempt of this job had taken the pictures already');
    const names = await readdir(join(await this.library.rootPath(), path));
    const paths = scenes.map((_, index) => (names.includes(nameOf(index)) ? `${path}/${nameOf(index)}` : null));
    job.log(
      `pictures ${path}: ${String(paths.filter((each) => each !== null).length)} in ${String(size.width)}x${String(size.height)}`,
    );
    return { folder: path, paths };
  }

  /** False when there is nothing to be decoded at that time. */
  private async takePicture(
    { input }: Film,
    time: number,
    size: PictureSize,
    file: string,
    job: JobContext,
  ): Promise<boolean> {
    const { args, expect } = planStill(input.absolute, time, size, file);
    try {
      await this.ffmpeg.run(args, { signal: job.signal, pause: job.pause, durationSeconds: null });
      await verifyOutput(this.ffmpeg, file, expect, job);
      return true;
    } catch (error) {
      const isMissing = error instanceof MediaError && error.code === 'OUTPUT_INVALID' && error.facts.check === 'size';
      const isDamaged = error instanceof MediaError && error.code === 'INPUT_UNREADABLE';
      if (!isMissing && !isDamaged) throw error;
      await rm(file, { force: true });
      return false;
    }
  }

  /** Cuts each scene out. */
  private async cutOut(
    scenes: readonly Scene[],
    order: Order<typeof sceneExtract>,
    job: JobContext,
  ): Promise<(VideoChange & { path: string })[]> {
    const { inputPath, accurate } = order.parameters;
    const source = await this.trimmer.open(inputPath, job);
    const name = outputBaseName(source.input.relative);
    const { pictured } = BEFORE_CLIPS;
    const at = (index: number): number => pictured + ((100 - pictured) * index) / scenes.length;
    const changes: VideoChange[] = [];
    for (const [index, scene] of scenes.entries()) {
      // The last picture may end a little later than the film says.
      const end = Math.min(scene.end, source.media.durationSeconds ?? scene.end);
      const request = { start: scene.start, end, accurate, base: `${name}-scene-${numbered(index, scenes.length)}` };
      const share = shareOf(job, at(index), at(index + 1));
      const { path, media } = await this.trimmer.trim(source, request, order, job, share);
      changes.push({ path, media, valid: true, derivedFrom: source.input.relative });
    }
    return changes;
  }
}

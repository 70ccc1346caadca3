import { MOST_CHUNKS, segment } from '@reelay/contracts';
import { MediaError, type Ffmpeg, type MediaLibrary } from '@reelay/media';
import { listChunks } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { openFilm, readPictures } from './film.js';

/** Divides a film into chunks. */
export class SegmentProcessor implements JobProcessor<typeof segment> {
  readonly contract = segment;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process({ parameters }: Order<typeof segment>, job: JobContext): Promise<ProcessorResult<typeof segment>> {
    const { input, media, header } = await openFilm(this.ffmpeg, this.library, parameters.inputPath, job);
    job.progress({ phase: 'list', percent: 0 });
    const film = await readPictures(this.ffmpeg, input.absolute, header, job);
    const chunks = listChunks(film, { chunkSeconds: parameters.chunkSeconds, most: MOST_CHUNKS });
    if (chunks.length === 0) throw new MediaError('INPUT_UNREADABLE', 'the input has no picture that can be decoded');
    const frames = film.times.length;
    job.log(
      `${String(frames)} pictures, ${String(film.keys.length)} of them key pictures: ${String(chunks.length)} chunks`,
    );
    return {
      destinationPaths: [],
      result: {
        ...{ chunks, frames, hasAudio: media.audio !== null, media },
        videos: [{ path: input.relative, media }],
      },
    };
  }
}

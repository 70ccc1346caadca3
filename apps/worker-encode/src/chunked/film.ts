import {
  describeMedia,
  listPictures,
  MediaError,
  probe,
  readPictureHeader,
  type Ffmpeg,
  type LibraryInput,
  type MediaInfo,
  type MediaLibrary,
  type PictureHeader,
  type RunControl,
} from '@reelay/media';
import { filmPictures, type FilmPictures } from '@reelay/media/plan';
import type { JobContext } from '@reelay/worker-sdk';

/** Later than the end of any film, in seconds. */
const BEYOND_THE_END = 10_000_000;

/** A film that is encoded in chunks. */
export interface Film {
  readonly input: LibraryInput;
  readonly media: MediaInfo;
  readonly header: PictureHeader;
}

/** @throws {MediaError} INPUT_NOT_FOUND; INPUT_UNREADABLE, also for what has sound only */
export async function openFilm(
  { tools }: Ffmpeg,
  library: MediaLibrary,
  inputPath: string,
  job: JobContext,
): Promise<Film> {
  const input = await library.resolveInput(inputPath);
  const media = await probe(tools, input.absolute, job);
  job.log(`input ${input.relative}: ${describeMedia(media)}`);
  if (media.video === null) throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
  return { input, media, header: await readPictureHeader(tools, input.absolute, job) };
}

/**
 * Reads when the pictures of a file are shown, without decoding them.
 * @param span only around this part of the file, in seconds from its start
 * @throws {MediaError} as `probe` does
 */
export async function readPictures(
  { tools }: Ffmpeg,
  file: string,
  header: PictureHeader,
  control: RunControl,
  span: { readonly from: number; readonly to: number } = { from: 0, to: BEYOND_THE_END },
): Promise<FilmPictures> {
  return filmPictures(await listPictures(tools, file, span, header, control));
}

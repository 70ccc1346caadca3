import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rendition, renditionAudio, RENDITIONS_FILE, segmentShape } from '@reelay/contracts';
import { MediaError, type LibraryInput, type MediaLibrary } from '@reelay/media';
import { z } from 'zod';

/** What `encode_rendition` notes beside the folders of its tracks. */
const renditionSet = z.strictObject({
  version: z.literal(1),
  source: z.string().min(1),
  ...segmentShape,
  frames: z.int().min(0),
  renditions: z.array(rendition),
  audio: renditionAudio.nullable(),
});
export type RenditionSet = z.infer<typeof renditionSet>;

/** Bytes of such a note that are read: it holds some renditions. */
const MOST_BYTES = 100_000;

/**
 * Reads what a job of `encode_rendition` made.
 * @param path of its folder, or of the note in it, relative to the library
 * @returns the folder's absolute path as well
 * @throws {MediaError} INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function readRenditionSet(
  library: MediaLibrary,
  path: string,
): Promise<{ folder: string; relative: string; set: RenditionSet }> {
  const relative = path.replace(new RegExp(`/+(${RENDITIONS_FILE})?$`), '');
  const note = await library.resolveInput(`${relative}/${RENDITIONS_FILE}`);
  const parsed = renditionSet.safeParse(await readJson(note));
  if (!parsed.success) throw new MediaError('INPUT_UNREADABLE', `${path} was not made by encode_rendition`);
  return { folder: dirname(note.absolute), relative, set: parsed.data };
}

async function readJson({ absolute, sizeBytes }: LibraryInput): Promise<unknown> {
  if (sizeBytes > MOST_BYTES) return null;
  const handle = await open(absolute, 'r');
  try {
    return JSON.parse(await handle.readFile('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  } finally {
    await handle.close();
  }
}

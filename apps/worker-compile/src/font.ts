import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { MediaError, type MediaTools } from '@reelay/media';

const require = createRequire(import.meta.url);

/** DejaVu Sans comes with this service: titles look the same on every machine. */
const shippedFont = (): string => require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');

/**
 * The font file that titles are drawn with: the one that is set, else the one that is shipped.
 * @throws {MediaError} FEATURE_MISSING when the one that is set cannot be read
 */
export async function findFont(fontFile: string | undefined): Promise<string> {
  const file = fontFile ?? shippedFont();
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw new MediaError('FEATURE_MISSING', `the font of titles, FONT_FILE=${file}, cannot be read`, { cause });
  });
  return file;
}

/** Whether this ffmpeg can draw titles. */
export const canDrawTitles = (tools: MediaTools): boolean => tools.filters.has('drawtext');

/** @throws {MediaError} FEATURE_MISSING where titles cannot be drawn, saying what to set */
export function requireTitles(tools: MediaTools): void {
  if (canDrawTitles(tools)) return;
  throw new MediaError('FEATURE_MISSING', 'this ffmpeg has no drawtext for titles: set FFMPEG_PATH to one that has');
}

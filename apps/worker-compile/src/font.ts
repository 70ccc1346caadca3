import { access } from 'node:fs/promises';
import { MediaError, type MediaTools } from '@reelay/media';

/** Where systems keep a plain font: Debian, Fedora, Alpine, Arch. */
const KNOWN_FONTS = [
  '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  '/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf',
  '/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf',
  '/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf',
  '/usr/share/fonts/dejavu/DejaVuSans.ttf',
  '/usr/share/fonts/TTF/DejaVuSans.ttf',
];

/**
 * The font file that titles are drawn with: the one that is set, else the first known one that is there.
 * @returns null when there is none; then titles cannot be drawn, all else can
 */
export async function findFont(fontFile: string | undefined): Promise<string | null> {
  for (const file of fontFile === undefined ? KNOWN_FONTS : [fontFile]) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return null;
}

/**
 * The font, where titles can be drawn.
 * @throws {MediaError} FEATURE_MISSING, saying what to install or set
 */
export function fontForTitles(font: string | null, tools: MediaTools): string {
  if (!tools.filters.has('drawtext')) {
    throw new MediaError('FEATURE_MISSING', 'this ffmpeg has no drawtext for titles: set FFMPEG_PATH to one that has');
  }
  if (font !== null) return font;
  throw new MediaError('FEATURE_MISSING', 'there is no font for titles: install fonts-dejavu-core or set FONT_FILE');
}

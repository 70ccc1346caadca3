import type { PictureSize } from '@reelay/media';
import type { Box } from './vision-model.js';

/** How a picture lies in a model's input: whole, in the middle, with bars beside or above and below it. */
export interface Letterbox {
  readonly target: PictureSize;
  /** Where the picture is, in pixels of the target. */
  readonly picture: Box;
}

/** Fits a picture into a model's input without squashing it. */
export function letterbox(shown: PictureSize, target: PictureSize): Letterbox {
  const scale = Math.min(target.width / shown.width, target.height / shown.height);
  const width = Math.max(1, Math.min(target.width, Math.round(shown.width * scale)));
  const height = Math.max(1, Math.min(target.height, Math.round(shown.height * scale)));
  return {
    target,
    picture: {
      x: Math.floor((target.width - width) / 2),
      y: Math.floor((target.height - height) / 2),
      width,
      height,
    },
  };
}

/** Whether what was seen lies in the picture, by its middle: models see things in the bars as well. */
export function isInPicture(box: Box, { picture }: Letterbox): boolean {
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  return x >= picture.x && x <= picture.x + picture.width && y >= picture.y && y <= picture.y + picture.height;
}

/** The filters that make a model's input of a picture that is upright already. */
export function letterboxFilters({ target, picture }: Letterbox): string {
  // Grey bars: on test pictures and footage, this model sees less in them than in black or white ones.
  return [
    `scale=${String(picture.width)}:${String(picture.height)}:flags=bilinear`,
    `pad=${String(target.width)}:${String(target.height)}:${String(picture.x)}:${String(picture.y)}:color=gray`,
    'setsar=1',
    'format=rgb24',
  ].join(',');
}

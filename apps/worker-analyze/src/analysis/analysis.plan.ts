import { guardedInput, type MediaInfo, type VideoStreamInfo } from '@reelay/media';
import { filterValue } from '@reelay/media/plan';

/** The longest side of the pictures that are compared, in pixels: enough for cuts and motion, and quick. */
const COMPARED_SIDE = 160;

/** Times in seconds are printed with six digits, which is not enough for a film of hours: whole microseconds are exact. */
const MICROSECONDS = 'settb=1/1000000';

/**
 * The argv that measures a film in one pass. Figures of each picture come out of pipe 3, those of the sound out of
 * pipe 4. Colours are compared, not brightness alone: a cut from red to an equally bright green is a cut.
 * @param input absolute path
 * @param threshold from which change on, in percent, a picture begins a scene
 */
export function planAnalysis(input: string, { video, audio }: MediaInfo, threshold: number): string[] {
  const picture = [
    ...(video === null ? [] : smaller(video)),
    'format=rgb24',
    `scdet=threshold=${String(threshold)}`,
    MICROSECONDS,
    `metadata=mode=print:file=${filterValue('pipe:3')}`,
  ];
  const print = `ametadata=mode=print:key=lavfi.r128.M:file=${filterValue('pipe:4')}`;
  const sound = ['ebur128=metadata=1', `a${MICROSECONDS}`, print];
  return [
    // Whether a picture stands upright makes no difference to how much it changes.
    ...['-noautorotate', ...guardedInput(input), '-map', '0:V:0', '-vf', picture.join(',')],
    ...(audio === null ? [] : ['-map', '0:a:0', '-af', sound.join(',')]),
    ...['-sn', '-dn', '-f', 'null', '-'],
  ];
}

function smaller({ width, height }: VideoStreamInfo): string[] {
  const scale = COMPARED_SIDE / Math.max(width, height);
  if (scale >= 1) return [];
  const [across, down] = [width, height].map((side) => String(Math.max(2, Math.round(side * scale))));
  return [`scale=${String(across)}:${String(down)}:flags=area`];
}

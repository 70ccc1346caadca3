import type { PictureSize } from '@reelay/media';

/** The largest of a level (ITU-T H.264, table A-1): macroblocks a second and a picture, and kbit/s in High profile. */
interface Level {
  readonly name: string;
  readonly rate: number;
  readonly picture: number;
  readonly kbps: number;
}

/** What High profile may take more than the table says, which is made for Main. */
const HIGH = 1.25;

const LEVELS: readonly Level[] = [
  { name: '1.1', rate: 3_000, picture: 396, kbps: 192 * HIGH },
  { name: '1.2', rate: 6_000, picture: 396, kbps: 384 * HIGH },
  { name: '1.3', rate: 11_880, picture: 396, kbps: 768 * HIGH },
  { name: '2.1', rate: 19_800, picture: 792, kbps: 4_000 * HIGH },
  { name: '2.2', rate: 20_250, picture: 1_620, kbps: 4_000 * HIGH },
  { name: '3.0', rate: 40_500, picture: 1_620, kbps: 10_000 * HIGH },
  { name: '3.1', rate: 108_000, picture: 3_600, kbps: 14_000 * HIGH },
  { name: '3.2', rate: 216_000, picture: 5_120, kbps: 20_000 * HIGH },
  { name: '4.0', rate: 245_760, picture: 8_192, kbps: 20_000 * HIGH },
  { name: '4.1', rate: 245_760, picture: 8_192, kbps: 50_000 * HIGH },
  { name: '4.2', rate: 522_240, picture: 8_704, kbps: 50_000 * HIGH },
  { name: '5.0', rate: 589_824, picture: 22_080, kbps: 135_000 * HIGH },
  { name: '5.1', rate: 983_040, picture: 36_864, kbps: 240_000 * HIGH },
  { name: '5.2', rate: 2_073_600, picture: 36_864, kbps: 240_000 * HIGH },
  { name: '6.0', rate: 4_177_920, picture: 139_264, kbps: 240_000 * HIGH },
  { name: '6.1', rate: 8_355_840, picture: 139_264, kbps: 480_000 * HIGH },
];

/** Beyond all others. */
const HIGHEST = '6.2';

/** Side of a macroblock, in pixels. */
const BLOCK = 16;

/** The lowest level of H.264 that holds such pictures: players tell by it whether they can decode them. */
export function h264Level({ width, height }: PictureSize, fps: number, maxrateKbps: number): string {
  const across = Math.ceil(width / BLOCK);
  const down = Math.ceil(height / BLOCK);
  const fits = ({ rate, picture, kbps }: Level): boolean =>
    across * down <= picture &&
    across * down * fps <= rate &&
    // No side may be longer than this, however narrow the picture is.
    Math.max(across, down) <= Math.sqrt(picture * 8) &&
    maxrateKbps <= kbps;
  return LEVELS.find(fits)?.name ?? HIGHEST;
}

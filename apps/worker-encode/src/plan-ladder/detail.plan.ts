import { pipeOutput, type PictureSize } from '@reelay/media';
import { filterValue } from '@reelay/media/plan';

/** Pictures of a second of a sample that are compared: its detail changes no quicker, and more would take longer. */
const COMPARED_A_SECOND = 4;

/**
 * From these on, in the picture where it shows least, a size shows all. Studies of viewers call SSIM from 0.99 and PSNR
 * from 45 dB excellent; a step of the ladder is lost for good, so SSIM must be better than that. SSIM finds fine grain
 * that is lost, but hardly small letters on an even ground, of which the mean over the picture has little; PSNR finds
 * those. 360p of a film that was scaled up from 320x180 has 0.998 and 50 dB, 480p of footage 0.978 and 35 dB, and
 * 480p of small letters on black 0.9986 and 42 dB.
 */
const ALL_SSIM = 0.997;
const ALL_PSNR = 45;

/** Stands for pictures that are the same, whose PSNR is infinite. */
const SAME_PSNR = 100;

/** What a size can show of the film: how like the film its pictures are once they are as large again. */
export interface Detail {
  /** Of brightness; 1 for the same. */
  readonly ssim: number;
  /** Of brightness and colours, in dB; 100 for the same. */
  readonly psnr: number;
}

/** What compares pictures that were scaled down with the film. */
export interface DetailFilters {
  /** From the pictures of the film at `[film]`, and those of each rung at `[s0]`, `[s1]` and so on. */
  readonly chains: readonly string[];
  /** Where the compared pictures end, which nobody needs. */
  readonly ends: readonly string[];
}

/**
 * The filters that print what each of so many rungs shows of the film. Each has a pipe of its own, in their order.
 * @param own the size of the film's pictures
 */
export function detailFilters(rungs: number, own: PictureSize, fps: number): DetailFilters {
  const step = Math.max(1, Math.round(fps / COMPARED_A_SECOND));
  // By their number, so that the same pictures of all are taken.
  const compared =
    (step === 1 ? '' : `select=not(mod(n\\,${String(step)})),`) +
    `scale=${String(own.width)}:${String(own.height)},setsar=1,format=yuv420p`;
  const each = Array.from({ length: rungs }, (_, index) => String(index));
  const copies = each.map((rung) => `[f${rung}][g${rung}]`).join('');
  return {
    chains: [
      `[film]${compared},split=${String(2 * rungs)}${copies}`,
      ...each.flatMap((rung, index) => [
        `[s${rung}]${compared}[b${rung}]`,
        `[b${rung}][f${rung}]ssim=${PAIRED}[m${rung}]`,
        `[m${rung}][g${rung}]psnr=${PAIRED},metadata=mode=print:file=${filterValue(pipeOutput(index))}[d${rung}]`,
      ]),
    ],
    ends: each.map((rung) => `[d${rung}]`),
  };
}

/** Only pictures that both have are compared. */
const PAIRED = 'shortest=1:repeatlast=0';

/** What a rung's pipe said of the picture where it shows least; null when it said nothing. */
export function readDetail(printed: string): Detail | null {
  const [ssim, psnr] = [leastOf(printed, 'ssim.Y'), leastOf(printed, 'psnr.psnr_avg')];
  if (ssim === null || psnr === null) return null;
  // Down, so that what is not the same never looks like it.
  return { ssim: Math.floor(ssim * 10_000) / 10_000, psnr: Math.floor(Math.min(SAME_PSNR, psnr) * 10) / 10 };
}

/** Null as well where ffmpeg could not tell, as for pictures of a few points. */
function leastOf(printed: string, key: string): number | null {
  const values = [...printed.matchAll(/^lavfi\.([\w.]+)=(\S+)$/gm)]
    .filter(([, name]) => name === key)
    .map(([, , value]) => (value === 'inf' ? Infinity : Number(value)));
  if (values.length === 0 || values.some(Number.isNaN)) return null;
  return Math.min(...values);
}

/** Whether a larger size would show nothing more that anybody sees. */
export const showsAll = (detail: Detail | null): boolean =>
  detail !== null && detail.ssim >= ALL_SSIM && detail.psnr >= ALL_PSNR;

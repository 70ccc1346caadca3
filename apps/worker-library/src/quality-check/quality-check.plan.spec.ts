import { guardedInput, type MediaInfo, type VideoStreamInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { ComparisonReader, durationFault, planComparison, qualityFault } from './quality-check.plan.js';

const reference: VideoStreamInfo = {
  ...{ codec: 'h264', profile: null, pixelFormat: null, width: 1280, height: 720, displayAspectRatio: null },
  ...{ fps: 29.97, rotation: 0, bitrateKbps: null },
};
const plan = (more: Partial<Parameters<typeof planComparison>[0]> = {}): string =>
  planComparison({
    ...{ inputPath: '/m/a.mp4', referencePath: '/m/r.mp4', reference, everySeconds: null },
    ...{ logPath: '/w/f.log', vmafPath: null },
    ...more,
  }).join(' ');

describe('planComparison', () => {
  it('brings both to the rate and size of the reference, and compares frame by frame', () => {
    const common = 'setpts=PTS-STARTPTS,fps=29.97,scale=1280:720:flags=bicubic,setsar=1,format=yuv420p';
    expect(plan()).toBe(
      [
        ...guardedInput('/m/a.mp4'),
        ...guardedInput('/m/r.mp4'),
        '-filter_complex',
        `[0:V:0]${common}[m0];[1:V:0]${common},split=2[r0][r1];` +
          '[m0][r0]ssim=shortest=1:repeatlast=0[m1];[m1][r1]psnr=shortest=1:repeatlast=0[m2];' +
          '[m2]metadata=mode=print:file=/w/f.log[out]',
        '-map [out] -fps_mode passthrough -f null -',
      ].join(' '),
    );
  });

  it('takes the same frames of both where only some are compared', () => {
    expect(plan({ everySeconds: 2 }).match(/select=not\(mod\(n\\,60\)\)/g)).toHaveLength(2);
    expect(plan({ everySeconds: 0.04 })).not.toContain('select');
  });

  it('adds VMAF where there is one', () => {
    expect(plan({ vmafPath: '/w/v.json' })).toContain(
      'split=3[r0][r1][r2];[m0][r0]ssim=shortest=1:repeatlast=0[m1];[m1][r1]psnr=shortest=1:repeatlast=0[m2];' +
        '[m2][r2]libvmaf=shortest=1:repeatlast=0:log_fmt=json:log_path=/w/v.json[m3];[m3]metadata',
    );
  });

  it('is as high as wide for a reference that is turned, and has a rate for one without', () => {
    expect(plan({ reference: { ...reference, rotation: 90 } })).toContain('scale=720:1280');
    expect(plan({ reference: { ...reference, fps: null } })).toContain('fps=25');
  });

  it('lets no name of a folder become a part of the filters', () => {
    expect(plan({ logPath: "/w/a:b,c'd[e]" })).toContain(String.raw`file=/w/a\\:b\,c\\\'d\[e\][out]`);
  });
});

/** The log of frames at these seconds, each with its SSIM and PSNR. */
const logOf = (...frames: [seconds: number, ssim: number | string, psnr: number | string][]): string[] =>
  frames.flatMap(([seconds, ssim, psnr], n) => [
    `frame:${String(n)}    pts:${String(n)}       pts_time:${String(seconds)}`,
    'lavfi.ssim.Y=0.1',
    `lavfi.ssim.All=${String(ssim)}`,
    'lavfi.psnr.psnr.y=1',
    `lavfi.psnr.psnr_avg=${String(psnr)}`,
  ]);
const read = (lines: readonly string[], vmaf?: string) => {
  const reader = new ComparisonReader();
  for (const line of lines) reader.line(line);
  if (vmaf !== undefined) reader.readVmaf(vmaf);
  return reader.result();
};

describe('a log of figures', () => {
  it('gives the mean, the worst, and the worst of each second', () => {
    expect(read(logOf([0, 1, 40], [0.5, 0.8, 30], [1, 0.9, 35], [2.5, 0.7, 32]))).toEqual({
      frames: 4,
      comparedSeconds: 2.5,
      ssim: { mean: 0.85, min: 0.7, perSecondMin: [0.8, 0.9, 0.7] },
      psnr: { mean: 34.25, min: 30, perSecondMin: [30, 35, 32] },
      vmaf: null,
    });
  });

  it('takes frames that are the same for 100 dB, and a second without a frame for one like that before', () => {
    expect(read(logOf([0, 1, 'inf'], [3, 0.9, 38]))?.psnr).toEqual({
      mean: 69,
      min: 38,
      perSecondMin: [100, 100, 100, 38],
    });
  });

  it('is none without frames', () => {
    expect(read(['', 'noise'])).toBeNull();
  });

  it('has those of VMAF from its own log', () => {
    const vmaf = JSON.stringify({ frames: [90, 80].map((score, n) => ({ frameNum: n, metrics: { vmaf: score } })) });
    expect(read(logOf([0, 1, 40], [1, 1, 40]), vmaf)?.vmaf).toEqual({ mean: 85, min: 80, perSecondMin: [90, 80] });
  });
});

describe('what is not good enough', () => {
  const found = { ssim: { mean: 0.95, min: 0.5, perSecondMin: [] }, psnr: { mean: 35, min: 20, perSecondMin: [] } };

  it.each([
    [{}, null],
    [{ minSsim: 0.95, minPsnr: 35 }, null],
    [{ minSsim: 0.96 }, 'its SSIM is 0.95, and 0.96 is asked for'],
    [{ minPsnr: 36 }, 'its PSNR is 35 dB, and 36 dB is asked for'],
  ])('of %j: %s', (wanted, fault) => {
    expect(qualityFault(found, wanted)).toBe(fault);
  });

  it('lasts longer or shorter than its reference', () => {
    const media = (durationSeconds: number | null) => ({ durationSeconds }) as MediaInfo;
    expect(durationFault(media(10.15), media(10))).toBeNull();
    expect(durationFault(media(99.1), media(100))).toBeNull();
    expect(durationFault(media(null), media(100))).toBeNull();
    expect(durationFault(media(5), media(10))).toBe('it lasts 5.00 s, and its reference 10.00 s');
  });
});

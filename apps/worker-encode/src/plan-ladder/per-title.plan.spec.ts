import { guardedInput, type VideoStreamInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { readDetail, showsAll, type Detail } from './detail.plan.js';
import { ratesOf, type PlannedRung } from './ladder.plan.js';
import { chooseByTitle, planSample, samplePlaces, type Sampled } from './per-title.plan.js';

const video: VideoStreamInfo = {
  ...{ codec: 'h264', profile: 'High', pixelFormat: 'yuv420p', width: 1920, height: 1080 },
  ...{ displayAspectRatio: '16:9', fps: 30, rotation: 0, bitrateKbps: 1500 },
};

/** A rung as it is usual, or as it was asked for. */
function rung(height: number, kbps: number, isAsked = false, name = `${String(height)}p`): PlannedRung {
  const size = { width: (height * 16) / 9, height };
  return { name, ...size, ...ratesOf(size, 30, kbps), isAsked };
}
const usual = [rung(1080, 4500), rung(720, 2500), rung(360, 700)];

describe('samples', () => {
  it('are taken from all of the film, or are the whole of a short one', () => {
    expect(samplePlaces(60).map(({ start }) => start)).toEqual([6.5, 21.5, 36.5, 51.5]);
    expect(samplePlaces(5)).toEqual([{ start: 0, seconds: 5 }]);
    expect(samplePlaces(null)).toEqual([{ start: 0, seconds: 8 }]);
  });

  const plan = (more: Partial<VideoStreamInfo> = {}, fps = 30, threads?: number): string =>
    planSample(
      ...(['/media/in.mov', { start: 6.5, seconds: 2 }] as const),
      { rungs: [rung(720, 2500), rung(360, 700)], frameRate: String(fps), fps },
      ...([{ ...video, ...more }, '/tmp/w', threads] as const),
    ).join(' ');
  const encode = (output: number, file: string, threads = ''): string =>
    `-map [v${String(output)}] -c:v libx264 -preset veryfast -crf ${String(output % 2 === 0 ? 21 : 27)} ` +
    `-pix_fmt yuv420p ${threads}-f h264 file:/tmp/w/${file}.h264`;

  it('are encoded in every size and quality, and compared with the film in every size, from one decode', () => {
    const compared = 'select=not(mod(n\\,8)),scale=1920:1080,setsar=1,format=yuv420p';
    const paired = 'shortest=1:repeatlast=0';
    expect(plan({}, 30, 2)).toBe(
      [
        '-xerror -ss 6.5 -t 2',
        ...guardedInput('/media/in.mov'),
        '-filter_complex [0:V:0]fps=30:start_time=0,split=3[r0][r1][film];' +
          '[r0]scale=1280:720,setsar=1,split=3[v0][v1][s0];[r1]scale=640:360,setsar=1,split=3[v2][v3][s1];' +
          `[film]${compared},split=4[f0][g0][f1][g1];` +
          `[s0]${compared}[b0];[b0][f0]ssim=${paired}[m0];` +
          `[m0][g0]psnr=${paired},metadata=mode=print:file=pipe\\\\:3[d0];` +
          `[s1]${compared}[b1];[b1][f1]ssim=${paired}[m1];` +
          `[m1][g1]psnr=${paired},metadata=mode=print:file=pipe\\\\:4[d1]`,
        encode(0, '720p-21', '-threads 2 '),
        encode(1, '720p-27', '-threads 2 '),
        encode(2, '360p-21', '-threads 2 '),
        encode(3, '360p-27', '-threads 2 '),
        '-map [d0] -map [d1] -f null -',
      ].join(' '),
    );
  });

  it('are compared four times a second, as large as the film is when it stands upright', () => {
    const turned = plan({ rotation: 90, width: 1280, height: 720 }, 50);
    expect(turned.match(/select=not\(mod\(n\\,13\)\),scale=720:1280,/g)).toHaveLength(3);
    expect(plan({}, 5)).not.toContain('select');
  });
});

describe('what a size can show', () => {
  const lines = (...pictures: [ssim: string, psnr: string][]): string =>
    pictures
      .flatMap(([ssim, psnr], n) => [
        `frame:${String(n)}    pts:${String(n)}       pts_time:${String(n)}`,
        ...[`lavfi.ssim.Y=${ssim}`, 'lavfi.ssim.U=0.1', 'lavfi.ssim.All=0.2', 'lavfi.ssim.dB=3.1'],
        ...['lavfi.psnr.mse.y=1', 'lavfi.psnr.psnr.y=2', `lavfi.psnr.psnr_avg=${psnr}`],
      ])
      .join('\n') + '\n';

  it.each<[string, string, Detail | null]>([
    [
      'the worst of each measure',
      lines(['0.99', '50.29'], ['0.98', '51.5'], ['1.0', 'inf']),
      { ssim: 0.98, psnr: 50.2 },
    ],
    ['never rounded up', lines(['0.99699', '44.99']), { ssim: 0.9969, psnr: 44.9 }],
    ['all, of pictures that are the same', lines(['1.000000', 'inf']), { ssim: 1, psnr: 100 }],
    ['not known without pictures', '', null],
    ['not known where ffmpeg does not know', lines(['0.99', '50'], ['-nan', '50']), null],
  ])('is %s', (_, printed, wanted) => {
    expect(readDetail(printed)).toEqual(wanted);
  });

  it.each<[string, Detail | null, boolean]>([
    ['all of a film that was scaled up', { ssim: 0.9986, psnr: 52 }, true],
    ['not all of footage', { ssim: 0.9779, psnr: 35.3 }, false],
    ['not all of fine grain', { ssim: 0.9964, psnr: 54.6 }, false],
    ['not all of small letters on black', { ssim: 0.9985, psnr: 42.6 }, false],
    ['all at the limits', { ssim: 0.997, psnr: 45 }, true],
    ['not all when nobody knows', null, false],
  ])('is %s', (_, detail, all) => {
    expect(showsAll(detail)).toBe(all);
  });
});

describe('a choice by title', () => {
  const [all, some]: Detail[] = [
    { ssim: 0.998, psnr: 50 },
    { ssim: 0.98, psnr: 36 },
  ];
  const took = (detail: Detail | null | undefined, ...kbps: number[]): Sampled => ({ kbps, detail: detail ?? null });
  const decided = (rungs: PlannedRung[], sampled: Sampled[]): string[] =>
    chooseByTitle({ rungs, fps: 30 }, sampled).probed.map(
      ({ name, kept, reason }) => `${name} ${kept ? 'kept' : 'left out'}: ${reason}`,
    );

  it('has bitrates follow what the samples took, within limits, but not those that were asked for', () => {
    const rungs = [rung(1080, 4500), rung(720, 2500), rung(480, 1200), rung(360, 500, true)];
    const { rungs: kept, probed } = chooseByTitle({ rungs, fps: 30 }, [
      took(some, 100_000, 90_000),
      took(some, 2000, 1000),
      took(some, 10, 8),
      took(null, 9000, 8000),
    ]);
    // Two of six steps of crf from 2000 to 1000 are 1587.
    expect(probed.map(({ chosenKbps }) => chosenKbps)).toEqual([6750, 1590, 300, 500]);
    expect(probed[1]).toEqual({
      ...{ name: '720p', usualKbps: 2500, chosenKbps: 1590, kept: true, detail: some },
      measured: [
        { crf: 21, kbps: 2000 },
        { crf: 27, kbps: 1000 },
      ],
      reason: 'its samples take that much at crf 23',
    });
    expect(kept[1]).toMatchObject({ name: '720p', videoBitrateKbps: 1590, maxrateKbps: 1988, bufsizeKbps: 3976 });
    expect(probed[3]?.reason).toBe('its bitrate was asked for');
  });

  const sampledAs = 'kept: its samples take that much at crf 23';
  const asAsked = 'kept: its bitrate was asked for';
  // What a film takes in 1080p, 720p and 360p.
  const [large, middle, small] = [
    [1600, 800],
    [800, 400],
    [300, 150],
  ] as const;

  it.each<[string, PlannedRung[], Sampled[], string[]]>([
    [
      'keeps all sizes of footage',
      usual,
      [took(all, ...large), took(some, ...middle), took(some, ...small)],
      [`1080p ${sampledAs}`, `720p ${sampledAs}`, `360p ${sampledAs}`],
    ],
    [
      'leaves the largest out where the next one shows all',
      usual,
      [took(all, ...large), took(all, ...middle), took(some, ...small)],
      ['1080p left out: 720p shows as much of it', `720p ${sampledAs}`, `360p ${sampledAs}`],
    ],
    [
      'leaves one alone where the smallest shows all',
      usual,
      [took(all, ...large), took(all, ...middle), took(all, ...small)],
      ['1080p left out: 360p shows as much of it', '720p left out: 360p shows as much of it', `360p ${sampledAs}`],
    ],
    [
      'keeps all whose detail is not known',
      usual,
      [took(null), took(null), took(null)],
      [`1080p ${sampledAs}`, `720p ${sampledAs}`, `360p ${sampledAs}`],
    ],
    [
      'keeps those whose bitrate was asked for',
      [rung(1080, 4500, true), rung(720, 2500), rung(360, 700)],
      [took(all, ...large), took(all, ...middle), took(all, ...small)],
      [`1080p ${asAsked}`, '720p left out: 360p shows as much of it', `360p ${sampledAs}`],
    ],
    [
      'leaves a size out for a smaller one only, not for the same with another bitrate',
      [rung(720, 2500), rung(720, 900, true, '720p-900k')],
      [took(all, ...middle), took(all, ...middle)],
      [`720p ${sampledAs}`, `720p-900k ${asAsked}`],
    ],
    [
      'keeps a size where the smaller one was asked for with too few bits to show all',
      [rung(720, 2500), rung(360, 100, true)],
      [took(all, ...middle), took(all, ...small)],
      [`720p ${sampledAs}`, `360p ${asAsked}`],
    ],
    [
      'keeps a size where the smaller one would need more bits than it may have',
      [rung(720, 2500), rung(360, 700)],
      [took(all, 9000, 5000), took(all, 3000, 1500)],
      [`720p ${sampledAs}`, `360p ${sampledAs}`],
    ],
    [
      'leaves a size out that would take nearly as much as the next larger one',
      [rung(720, 2500), rung(640, 2100), rung(360, 700)],
      [took(all, ...middle), took(some, 700, 350), took(some, ...small)],
      [`720p ${sampledAs}`, '640p left out: it would take nearly as much as 720p', `360p ${sampledAs}`],
    ],
    [
      'compares bitrates of those that are kept only',
      [rung(1080, 4500), rung(1000, 4000), rung(900, 3500)],
      [took(all, ...large), took(all, 1500, 750), took(some, 1400, 700)],
      [
        '1080p left out: 1000p shows as much of it',
        `1000p ${sampledAs}`,
        '900p left out: it would take nearly as much as 1000p',
      ],
    ],
    [
      'keeps one that was asked for, however near',
      [rung(720, 1000, true), rung(640, 990, true)],
      [took(some, ...middle), took(some, ...middle)],
      [`720p ${asAsked}`, `640p ${asAsked}`],
    ],
  ])('%s', (_, rungs, sampled, wanted) => {
    expect(decided(rungs, sampled)).toEqual(wanted);
    const kept = wanted.filter((line) => line.includes(' kept: ')).map((line) => line.split(' ')[0]);
    expect(chooseByTitle({ rungs, fps: 30 }, sampled).rungs.map(({ name }) => name)).toEqual(kept);
  });
});

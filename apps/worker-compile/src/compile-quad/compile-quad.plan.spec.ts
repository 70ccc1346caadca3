import { compileQuad } from '@reelay/contracts';
import { guardedInput } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { planQuad, type QuadSource } from './compile-quad.plan.js';

const source = (name: string, durationSeconds: number, hasSound = true): QuadSource => ({
  path: `/media/${name}.mp4`,
  durationSeconds,
  media: {
    container: 'mov',
    durationSeconds,
    sizeBytes: 1,
    bitrateKbps: null,
    audio: hasSound ? { codec: 'aac', channels: 2, sampleRate: 48_000, bitrateKbps: null } : null,
    video: {
      codec: 'h264',
      profile: null,
      pixelFormat: null,
      width: 640,
      height: 360,
      displayAspectRatio: null,
      fps: 25,
      rotation: 0,
      bitrateKbps: null,
    },
  },
});
const sources = [source('a', 2), source('b', 4), source('c', 3, false), source('d', 5)];
const plan = (given: object) => {
  const parameters = compileQuad.parameters.parse({
    inputPaths: ['a', 'b', 'c', 'd'],
    width: 320,
    height: 180,
    fps: 25,
    ...given,
  });
  const { args, expect: expected } = planQuad(parameters, sources, '/out.mp4', 2);
  return { command: args.join(' '), expected };
};

const cell = (index: number, frames: number, more = ''): string =>
  `[${String(index)}:V:0]fps=25:eof_action=pass,tpad=stop=-1:stop_mode=clone,fps=25:start_time=0,` +
  `scale=160:90,pad=160:90:0:0:black,setsar=1,format=yuv420p,trim=end_frame=${String(frames)}${more}[v${String(index)}]`;
const sound = (index: number, gain: string, samples: number): string =>
  `[${String(index)}:a:0]aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,${gain}` +
  `apad,atrim=end_sample=${String(samples)}[a${String(index)}]`;
const soft = 'volume=-6.00dB,alimiter=limit=0.9:level=false,';
const stack = '[v0][v1][v2][v3]xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0[v]';
const inputs = (seconds: string): string =>
  sources.map(({ path }) => `-t ${seconds} ${guardedInput(path).join(' ')}`).join(' ');
const encoder = '-c:v libx264 -preset veryfast -crf 21 -profile:v high -g 50 -threads 2';
const muxer = '-movflags +faststart -f mp4 file:/out.mp4';

describe('the command of a grid', () => {
  it('ends with the shortest input, and mixes those that have sound', () => {
    const { command, expected } = plan({});
    expect(command).toBe(
      `${inputs('3.000000')} -filter_complex ${cell(0, 50)};${cell(1, 50)};${cell(2, 50)};` +
        `${cell(3, 50)};${stack};${sound(0, soft, 96_000)};${sound(1, soft, 96_000)};${sound(3, soft, 96_000)};` +
        `[a0][a1][a3]amix=inputs=3:normalize=0[a] -map [v] -map [a] -map_metadata -1 -frames:v 50 ${encoder} ` +
        `-c:a aac -b:a 192k ${muxer}`,
    );
    expect(expected).toMatchObject({ width: 320, height: 180, durationSeconds: 2, audioCodec: 'aac' });
  });

  it('ends with the longest input: the others turn black', () => {
    const { command, expected } = plan({ duration: 'longest', audio: 2 });
    const black = (frames: number): string => `,tpad=stop_mode=add:stop=${String(frames)}:color=black`;
    expect(command).toBe(
      `${inputs('6.000000')} -filter_complex ${cell(0, 50, black(75))};${cell(1, 100, black(25))};` +
        `${cell(2, 75, black(50))};${cell(3, 125)};${stack};${sound(1, '', 240_000)};` +
        `[a1]amix=inputs=1:normalize=0[a] -map [v] -map [a] -map_metadata -1 -frames:v 125 ${encoder} ` +
        `-c:a aac -b:a 192k ${muxer}`,
    );
    expect(expected.durationSeconds).toBe(5);
  });

  it.each([[{ audio: 'none' }], [{ audio: 3 }]])('has no sound with %j', (given) => {
    const { command, expected } = plan(given);
    expect(command).toContain(`${stack} -map [v] -an -map_metadata -1 -frames:v 50 ${encoder} ${muxer}`);
    expect(expected.audioCodec).toBeNull();
  });
});

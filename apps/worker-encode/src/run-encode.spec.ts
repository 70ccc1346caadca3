import { MediaError, type RunOptions, type RunResult } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { runEncode, type EncodeCommand } from './run-encode.js';

const onGpu: EncodeCommand = { args: ['-c:v', 'h264_nvenc'], encoder: 'h264_nvenc', devices: ['/dev/nvidia0'] };
const onCpu: EncodeCommand = { args: ['-c:v', 'libx264'], encoder: 'libx264', devices: [] };
const done: RunResult = { stderr: [], complaints: 0, mediaSeconds: 1, frames: 25 };
const noSession = new MediaError('ENCODER_CRASHED', 'no session left', {
  facts: { stderr: ['[h264_nvenc] OpenEncodeSessionEx failed: out of memory (10)'] },
});
const { signal } = new AbortController();

/** Runs an encode whose runs end as given, one after the other. */
async function encode(first: EncodeCommand, ends: (RunResult | Error)[]) {
  const log: string[] = [];
  const devices: unknown[] = [];
  const ffmpeg = {
    argv: (args: readonly string[]) => ['ffmpeg', ...args],
    run: (_: readonly string[], options: RunOptions) => {
      devices.push(options.devices);
      const end = ends.shift() ?? done;
      return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
    },
  };
  const encoded = runEncode(
    ffmpeg,
    first,
    () => onCpu,
    (line) => log.push(line),
    { signal, durationSeconds: 1 },
  );
  return {
    encoder: await encoded.then(
      ({ command }) => command.encoder,
      (error: unknown) => error,
    ),
    log,
    devices,
  };
}

describe('an encode on a GPU', () => {
  it('shows the run the device, and nothing of it to one on the CPU', async () => {
    expect(await encode(onGpu, [done])).toEqual({
      encoder: 'h264_nvenc',
      log: ['$ ffmpeg -c:v h264_nvenc'],
      devices: [['/dev/nvidia0']],
    });
    expect(await encode(onCpu, [done])).toMatchObject({ encoder: 'libx264', devices: [[]] });
  });

  it('is done by the CPU when the GPU fails, and says why', async () => {
    expect(await encode(onGpu, [noSession, done])).toEqual({
      encoder: 'libx264',
      log: [
        '$ ffmpeg -c:v h264_nvenc',
        'h264_nvenc failed, so the CPU encodes: no session left',
        '$ ffmpeg -c:v libx264',
      ],
      devices: [['/dev/nvidia0'], []],
    });
  });

  it('fails when the input is to blame', async () => {
    const damaged = new MediaError('INPUT_UNREADABLE', 'damaged', { facts: { stderr: ['[h264] no frame!'] } });
    expect(await encode(onGpu, [damaged])).toMatchObject({ encoder: damaged, devices: [['/dev/nvidia0']] });
  });

  it('is tried once only on the CPU', async () => {
    expect(await encode(onCpu, [noSession])).toMatchObject({ encoder: noSession, devices: [[]] });
  });
});

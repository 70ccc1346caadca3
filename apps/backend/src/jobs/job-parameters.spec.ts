import { BUILT_IN_PRESETS, createJobBody, type CreateJobBody } from '@reelay/contracts';
import type { NewJob } from '@reelay/persistence';
import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { DirectoryTypesService } from '../directory-types/directory-types.service.js';
import { ApiError, type RequestFault } from '../http/api-error.js';
import { PresetsService } from '../presets/presets.service.js';
import { JobParameters } from './job-parameters.js';

/** A database that knows the job types that workers announced, and no video. */
const databaseKnowing = (announced: Record<string, object>, settings: object = {}): DataSource =>
  ({
    getRepository: () => ({
      findOneBy: ({ name }: { name: string }) => Promise.resolve(announced[name] ?? null),
    }),
    query: (sql: string) => Promise.resolve(sql.includes('FROM settings') ? [{ value: settings }] : []),
  }) as unknown as DataSource;

const jobParameters = (database: DataSource): JobParameters =>
  new JobParameters(database, new PresetsService(database), new DirectoryTypesService(database));

const prepare = (body: Partial<CreateJobBody> & { type: string }, announced = {}): Promise<NewJob> =>
  jobParameters(databaseKnowing(announced)).prepare(createJobBody.parse(body));

/** What a body is refused for. */
async function refusalOf(
  body: Partial<CreateJobBody> & { type: string },
  announced = {},
): Promise<{ status: number; code: string; faults: readonly RequestFault[] }> {
  const error: unknown = await prepare(body, announced).catch((reason: unknown) => reason);
  if (!(error instanceof ApiError)) throw new Error('it was not refused');
  return { status: error.status, code: error.code, faults: error.facts.errors ?? [] };
}

const inputPath = 'inbox/a.mp4';

describe('a job of a type that Reelay ships', () => {
  it('gets what its type needs, and keeps its parameters as they were given', async () => {
    expect(await prepare({ type: 'reencode_streaming', params: { inputPath }, target: 'encoder-2' })).toEqual({
      type: 'reencode_streaming',
      params: { inputPath },
      priority: 5,
      resourceCategory: 'gpu_encode',
      vramRequired: 4000,
      maxRetries: 3,
      target: 'encoder-2',
    });
  });

  it('is refused with each fault, and where it is', async () => {
    const refusal = await refusalOf({ type: 'reencode_streaming', params: { inputPath: '../a', crf: 99, x: 1 } });
    expect(refusal).toMatchObject({ status: 422, code: 'INVALID_PARAMETERS' });
    expect(refusal.faults.map(({ path }) => path)).toEqual(['params.inputPath', 'params.crf', 'params']);
  });

  it('says both ways to name an input when there is none', async () => {
    const { faults } = await refusalOf({ type: 'validate' });
    expect(faults).toEqual([{ path: 'params.inputPath', message: 'give inputPath or videoId', code: 'invalid_type' }]);
  });

  it('is refused when it names a video that is not there', async () => {
    const videoId = '770e8400-e29b-41d4-a716-446655440002';
    const refusal = await refusalOf({ type: 'validate', params: { videoId } });
    expect(refusal).toMatchObject({ status: 422, code: 'VIDEO_NOT_FOUND' });
  });

  it('cannot choose its category, which would get round the limits', async () => {
    const type = 'reencode_streaming';
    expect(await refusalOf({ type, params: { inputPath }, resourceCategory: 'cpu' })).toMatchObject({
      status: 422,
      code: 'CATEGORY_MISMATCH',
    });
    expect(await prepare({ type, params: { inputPath }, resourceCategory: 'gpu_encode' })).toMatchObject({
      resourceCategory: 'gpu_encode',
    });
  });

  it('may raise the VRAM that its type needs, and not lower it', async () => {
    const type = 'reencode_streaming';
    expect(await prepare({ type, params: { inputPath }, vramRequired: 8000 })).toMatchObject({ vramRequired: 8000 });
    expect(await refusalOf({ type, params: { inputPath }, vramRequired: 3999 })).toMatchObject({
      status: 422,
      code: 'VRAM_TOO_LOW',
    });
  });
});

describe('a job of a type that a worker announced', () => {
  const speech = {
    category: 'gpu_ai',
    jobVramMb: 2000,
    parameters: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      required: ['source'],
      properties: { source: { type: 'string' }, language: { type: 'string', minLength: 2 } },
      additionalProperties: false,
    },
  };
  const announced = { speech_to_text: speech };

  it('is held to the schema that was announced', async () => {
    const params = { source: 'a.wav' };
    expect(await prepare({ type: 'speech_to_text', params }, announced)).toMatchObject({
      params,
      resourceCategory: 'gpu_ai',
      vramRequired: 2000,
    });
    const { code, faults } = await refusalOf({ type: 'speech_to_text', params: { language: 'x', loud: 1 } }, announced);
    expect(code).toBe('INVALID_PARAMETERS');
    expect(faults.map(({ path, code: fault }) => `${path} ${fault}`).sort()).toEqual([
      'params additionalProperties',
      'params required',
      'params.language minLength',
    ]);
  });

  it('is let through where the announced schema is none: the worker has the last word', async () => {
    const odd = { speech_to_text: { ...speech, parameters: { type: 'no such type' } } };
    expect(await prepare({ type: 'speech_to_text', params: { any: 1 } }, odd)).toMatchObject({ params: { any: 1 } });
  });
});

describe('the folder that a job names', () => {
  const database = databaseKnowing({}, { library: { directoryTypes: ['archive'] } });
  const ask = (type: string, params: object): Promise<NewJob> =>
    jobParameters(database).prepare(createJobBody.parse({ type, params }));

  it.each([
    ['scan', {}],
    ['scan', { directoryType: 'inbox' }],
    ['scan', { directoryType: 'archive' }],
    ['move_to_library', { inputPath, directoryType: 'archive' }],
    ['compile_random', { inputPaths: [inputPath, inputPath], directoryType: 'archive' }],
    // What another make's job type means by it, only its worker knows.
    ['foreign_index', { directoryType: 'etc' }],
  ])('is built in or set: %s takes %j', async (type, params) => {
    expect((await ask(type, params)).params).toEqual(params);
  });

  it.each([
    ['scan', {}],
    ['move_to_library', { inputPath }],
    ['compile_random', {}],
  ])('is refused by %s when nobody knows it, with those that are known', async (type, params) => {
    await expect(ask(type, { ...params, directoryType: 'etc' })).rejects.toMatchObject({
      ...{ status: 422, code: 'INVALID_PARAMETERS' },
      facts: {
        errors: [
          {
            ...{ path: 'params.directoryType', code: 'not_found' },
            message:
              'there is no directory type etc: use one of inbox, videos, playback, thumbnails, compilations, clips, ' +
              'public, packages, work, archive, or add it to library.directoryTypes in /api/media/settings',
          },
        ],
      },
    });
  });

  it('is refused as any parameter when it is no name', async () => {
    await expect(ask('scan', { directoryType: '../etc' })).rejects.toMatchObject({
      facts: { errors: [{ path: 'params.directoryType', code: 'invalid_format' }] },
    });
  });
});

describe('a transcode', () => {
  const { settings } = BUILT_IN_PRESETS.get('web-1080p')!;
  const transcode = (params: object) => ({ type: 'transcode', params: { inputPath, ...params } });

  it('carries the settings of its preset, with the version that they are of', async () => {
    expect((await prepare(transcode({}))).params).toEqual({ inputPath, preset: 'web-1080p@1', settings });
    const overrides = { video: { crf: 30 } };
    expect((await prepare(transcode({ preset: 'web-1080p@1', overrides }))).params).toEqual({
      ...{ inputPath, preset: 'web-1080p@1', overrides },
      settings: { ...settings, video: { ...settings.video, crf: 30 } },
    });
  });

  it('can be submitted again as it is shown', async () => {
    const { params } = await prepare(transcode({ overrides: { maxSeconds: 2 } }));
    expect((await prepare({ type: 'transcode', params })).params).toEqual(params);
  });

  it.each([
    [{ preset: 'ours' }, 'PRESET_NOT_FOUND', ['params.preset']],
    [{ preset: 'web-1080p@2' }, 'PRESET_NOT_FOUND', ['params.preset']],
    [{ preset: 'No Name' }, 'INVALID_PARAMETERS', ['params.preset']],
    [
      { overrides: { container: 'webm' } },
      'INVALID_PARAMETERS',
      ['params.overrides.video.codec', 'params.overrides.audio.codec'],
    ],
    [{ overrides: { video: { crf: 99 } } }, 'INVALID_PARAMETERS', ['params.overrides.video.crf']],
    [{ settings: { ...settings, maxSeconds: 1 } }, 'INVALID_PARAMETERS', ['params.settings']],
    [{ start: 3, end: 2 }, 'INVALID_PARAMETERS', ['params.end']],
  ])('is refused with %j', async (params, code, places) => {
    const refusal = await refusalOf(transcode(params));
    expect([refusal.status, refusal.code, refusal.faults.map(({ path }) => path)]).toEqual([422, code, places]);
  });
});

describe('the clips of a digest', () => {
  const digestJobId = '770e8400-e29b-41d4-a716-446655440002';
  const part = { score: 1, motion: 1, loudness: null };
  const digest = {
    type: 'digest_generate',
    status: 'completed',
    params: { inputPath },
    result: { segments: [{ start: 3, end: 7.5, ...part }] },
  };
  const clips = (found: object | null, params: object = {}): Promise<NewJob> => {
    const query = (sql: string): Promise<unknown[]> =>
      Promise.resolve(found && sql.includes('FROM jobs') ? [found] : []);
    const database = { query } as unknown as DataSource;
    return jobParameters(database).prepare(
      createJobBody.parse({ type: 'clip_generate', params: { digestJobId, ...params } }),
    );
  };
  const ranges = [{ start: 3, end: 7.5 }];

  it('are its segments, of its input', async () => {
    expect((await clips(digest)).params).toEqual({ digestJobId, ranges, inputPath });
    const elsewhere = { inputPath: 'videos/b.mp4' };
    expect((await clips(digest, elsewhere)).params).toEqual({ digestJobId, ranges, ...elsewhere });
  });

  it('are those that are given, where some are', async () => {
    const given = { inputPath, ranges: [{ start: 0, end: 1 }] };
    expect((await clips(null, given)).params).toEqual({ digestJobId, ...given });
  });

  it.each([
    [null, 'JOB_NOT_FOUND', 'there is no job'],
    [{ ...digest, type: 'trim' }, 'NO_DIGEST', 'is a trim, not a digest_generate'],
    [{ ...digest, status: 'running', result: null }, 'DIGEST_NOT_COMPLETED', 'the job is running'],
  ])('are refused for %j', async (found, code, message) => {
    await expect(clips(found)).rejects.toMatchObject({
      ...{ status: 422, code },
      facts: { errors: [{ path: 'params.digestJobId', message: expect.stringContaining(message) as unknown }] },
    });
  });
});

describe('what is known of an announced type', () => {
  /** Counts how often it is asked for a job type. */
  class CountingDatabase {
    reads = 0;

    constructor(private readonly read: (n: number) => Promise<unknown>) {}

    getRepository() {
      return { findOneBy: () => this.read(++this.reads) };
    }
  }
  const parametersOn = (database: CountingDatabase) => jobParameters(database as unknown as DataSource);
  const body = createJobBody.parse({ type: 'highlight', params: {} });

  it('is read once for a bulk, however many jobs it holds', async () => {
    const database = new CountingDatabase(() => Promise.resolve({ category: 'cpu', jobVramMb: 0, parameters: {} }));
    const parameters = parametersOn(database);
    await Promise.all(Array.from({ length: 1000 }, () => parameters.prepare(body)));
    expect(database.reads).toBe(1);
  });

  it('is read again after the store was away', async () => {
    const away = new Error('the store is away');
    const database = new CountingDatabase((n) => (n === 1 ? Promise.reject(away) : Promise.resolve(null)));
    const parameters = parametersOn(database);
    await expect(parameters.prepare(body)).rejects.toBe(away);
    expect(await parameters.prepare(body)).toMatchObject({ type: 'highlight' });
  });
});

describe('a job of a type that nobody knows', () => {
  it('is accepted: it waits for a worker', async () => {
    expect(await prepare({ type: 'highlight', params: { a: 1 } })).toMatchObject({
      resourceCategory: 'cpu',
      vramRequired: 0,
    });
    expect(await prepare({ type: 'highlight', resourceCategory: 'gpu_ai', vramRequired: 100 })).toMatchObject({
      resourceCategory: 'gpu_ai',
      vramRequired: 100,
    });
  });
});

import { BUILT_IN_TEMPLATES } from '@reelay/contracts';
import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { TemplateChecks } from './template-checks.js';

/** A database that knows no job type beside those that Reelay ships. */
const database = { query: () => Promise.resolve([]) } as unknown as DataSource;
const checks = new TemplateChecks(database);

const faultsOf = async (steps: object[]): Promise<string[]> => {
  const { errors } = await checks.check({ name: 'sample', steps });
  return errors.map(({ path, code }) => `${code} ${path}`);
};

describe('a built-in template', () => {
  it.each([...BUILT_IN_TEMPLATES])('%s is sound, and each of its job types is known', async (name, { definition }) => {
    expect(definition.name).toBe(name);
    expect(await checks.check(definition)).toEqual({ valid: true, errors: [], warnings: [] });
  });
});

describe('a value of a parameter', () => {
  it('is checked by the whole schema of its job type, also within lists and objects', async () => {
    const step = (job: string, parameters: object): object[] => [{ id: 'a', job, parameters }];
    const inputPath = 'library/a.mp4';
    expect(await faultsOf(step('reencode_streaming', { inputPath, crf: 99, preset: 'quick' }))).toEqual([
      'INVALID_PARAMETERS steps[0].parameters.crf',
      'INVALID_PARAMETERS steps[0].parameters.preset',
    ]);
    const overrides = { video: { codec: 'mpeg1', maxWidth: '${1 + 1}' } };
    expect(await faultsOf(step('transcode', { inputPath, overrides }))).toEqual([
      'INVALID_PARAMETERS steps[0].parameters.overrides.video.codec',
    ]);
    expect(await faultsOf(step('probe', { videoId: 'not an id' }))).toEqual([
      'INVALID_PARAMETERS steps[0].parameters.videoId',
    ]);
  });

  it('may be left out where it is filled in when the job is made', async () => {
    const random = { id: 'a', job: 'compile_random', parameters: { count: 3 } };
    const clips = { id: 'b', job: 'clip_generate', parameters: { digestJobId: '${workflow.id}' } };
    expect(await faultsOf([random, clips])).toEqual([]);
  });
});

describe('a template that has no right shape', () => {
  it.each([
    ['nothing', null, ['INVALID_TYPE ']],
    ['no steps', { name: 'a', steps: [] }, ['TOO_SMALL steps']],
    [
      'names that are none',
      { name: 'A b', steps: [{ id: '1', job: 'x y', onError: 'ignore', extra: 1 }] },
      [
        'INVALID_FORMAT name',
        'INVALID_FORMAT steps[0].id',
        'INVALID_FORMAT steps[0].job',
        'INVALID_VALUE steps[0].onError',
        'UNRECOGNIZED_KEYS steps[0]',
      ],
    ],
    [
      'more bytes than it may have',
      { name: 'a', steps: [{ id: 'a', job: 'b', parameters: { x: 'y'.repeat(300_000) } }] },
      ['TOO_LARGE '],
    ],
  ])('is told so: %s', async (_, source, faults) => {
    const { valid, errors } = await checks.check(source);
    expect(valid).toBe(false);
    expect(errors.map(({ path, code }) => `${code} ${path}`)).toEqual(faults);
  });
});

import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  defineJobType,
  parametersJsonSchema,
  RESOURCE_CATEGORIES,
  resultJsonSchema,
  type JobContract,
} from './define-job-type.js';
import { clipGenerate } from './clip-generate.js';
import { digestGenerate } from './digest-generate.js';
import { download } from './download.js';
import { highlightGenerate } from './highlight-generate.js';
import { moveToLibrary } from './move-to-library.js';
import { probe } from './probe.js';
import { ENCODER_SPEEDS } from '../presets.js';
import { reencodeStreaming } from './reencode-streaming.js';
import { JOB_CONTRACTS } from './registry.js';
import { sceneExtract } from './scene-extract.js';
import { tagGeneration } from './tag-generation.js';
import { thumbnailGenerate } from './thumbnail-generate.js';
import { validate } from './validate.js';

const inputPath = 'inbox/a.mp4';
const contracts = [...JOB_CONTRACTS.values()];

const inputPaths = ['inbox/a.mp4', 'inbox/b.mp4'];

const rendition = {
  ...{ name: '360p', width: 640, height: 360, level: '3.0' },
  ...{ videoBitrateKbps: 700, maxrateKbps: 900, bufsizeKbps: 1800 },
};

/** What a client must give, besides or instead of the input of most types. */
const LEAST: Readonly<Record<string, Record<string, unknown>>> = {
  clip_generate: { inputPath, ranges: [{ start: 1, end: 2 }] },
  compile_mega: { inputPaths },
  compile_quad: { inputPaths: [...inputPaths, ...inputPaths] },
  compile_random: { inputPaths },
  concat_chunks: { inputPath, parts: ['work/a.mp4'] },
  delete_output: { paths: ['work/a'] },
  download: { url: 'https://example.org/a.mp4' },
  encode_rendition: { inputPath, renditions: [rendition], frameRate: '25', gopFrames: 100 },
  move_to_library: { inputPath, directoryType: 'videos' },
  package_hls_dash: { parts: ['work/a'] },
  public_scan: {},
  quality_check: { inputPath, referencePath: 'videos/a.mp4' },
  scan: {},
  trim: { inputPath, start: 1, end: 2 },
  upload_copy: { inputPath, to: 'public/a.mp4' },
};
const leastOf = ({ type }: JobContract): Record<string, unknown> => LEAST[type] ?? { inputPath };
/** The job types that read files of the library. */
const onInput = contracts.filter((contract) => 'inputPath' in leastOf(contract) || 'inputPaths' in leastOf(contract));

/** The names of the parameters that a contract finds fault with. */
function faultsOf(schema: z.ZodType, parameters: Record<string, unknown>): string[] {
  return schema.safeParse(parameters).error?.issues.map(({ path }) => path.join('.')) ?? [];
}

describe('defineJobType', () => {
  it('refuses a name that cannot be a queue and routing key', () => {
    const { type: _, ...spec } = validate;
    expect(() => defineJobType('Validate.All', spec)).toThrow(TypeError);
    expect(() => defineJobType('Validate.All', spec)).toThrow('job type "Validate.All" must match');
  });
});

describe('JOB_CONTRACTS', () => {
  it('holds each job type under its own name', () => {
    expect([...JOB_CONTRACTS.keys()]).toEqual([
      'clip_generate',
      'compile_gif',
      'compile_mega',
      'compile_quad',
      'compile_random',
      'concat_chunks',
      'delete_output',
      'digest_generate',
      'download',
      'encode_chunk',
      'encode_rendition',
      'highlight_generate',
      'move_to_library',
      'package_hls_dash',
      'plan_ladder',
      'probe',
      'public_scan',
      'quality_check',
      'reencode_streaming',
      'scan',
      'scene_extract',
      'segment',
      'tag_generation',
      'thumbnail_generate',
      'transcode',
      'trim',
      'upload_copy',
      'validate',
    ]);
    for (const [name, { type }] of JOB_CONTRACTS) expect(type).toBe(name);
  });

  it.each(contracts)('$type says what it is, where it belongs and what it needs', (contract) => {
    expect(contract.label).not.toBe('');
    expect(contract.shortDescription).not.toBe('');
    expect(contract.description).not.toBe('');
    expect(RESOURCE_CATEGORIES).toContain(contract.category);
    expect(contract.vramMb).toBeGreaterThanOrEqual(0);
  });

  it.each(contracts)('$type refuses parameters that it does not know', (contract) => {
    expect(contract.parameters.safeParse(leastOf(contract)).success).toBe(true);
    expect(contract.parameters.safeParse({ ...leastOf(contract), crff: 23 }).success).toBe(false);
  });

  it.each(onInput)('$type needs an input within the library', (contract) => {
    const { parameters } = contract;
    const least = leastOf(contract);
    expect(faultsOf(parameters, {})).toEqual(Object.keys(least));
    if ('inputPath' in least) {
      expect(faultsOf(parameters, { ...least, inputPath: '../a.mp4' })).toEqual(['inputPath']);
      expect(faultsOf(parameters, { ...least, videoId: 'no-uuid' })).toEqual(['videoId']);
    } else {
      const inputPaths = ['../a.mp4', ...(least.inputPaths as string[]).slice(1)];
      expect(faultsOf(parameters, { ...least, inputPaths })).toEqual(['inputPaths.0']);
    }
  });

  it.each(contracts)('$type announces draft-07 of which only what it needs is required', (contract) => {
    const schema = parametersJsonSchema(contract);
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      ...(Object.keys(leastOf(contract)).length === 0 ? {} : { required: Object.keys(leastOf(contract)) }),
      additionalProperties: false,
    });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it.each(contracts)('$type describes each parameter', (contract) => {
    const { properties } = parametersJsonSchema(contract) as { properties: Record<string, { description?: string }> };
    for (const property of Object.values(properties)) expect(property.description).toBeTypeOf('string');
  });

  it.each(contracts)('$type has a result that JSON Schema can say', (contract) => {
    expect(resultJsonSchema(contract)).toMatchObject({ type: 'object' });
  });
});

describe('reencode_streaming', () => {
  const { parameters } = reencodeStreaming;

  it('has defaults', () => {
    expect(parameters.parse({ inputPath })).toEqual({
      inputPath,
      targetBitrate: 2000,
      preset: 'medium',
      crf: 23,
      force: false,
    });
  });

  it.each([{ crf: 0 }, { crf: 51 }, { targetBitrate: 100 }, { targetBitrate: 200_000 }, { force: true }])(
    'takes %j',
    (given) => {
      expect(faultsOf(parameters, { inputPath, ...given })).toEqual([]);
    },
  );

  it.each([
    { crf: -1 },
    { crf: 52 },
    { crf: 23.5 },
    { crf: '23' },
    { targetBitrate: 99 },
    { targetBitrate: 200_001 },
    { preset: 'placebo' },
    { preset: 'medium; rm -rf /' },
    { force: 'yes' },
    { outputPath: '/tmp/a.mp4' },
  ])('refuses %j', (given) => {
    expect(faultsOf(parameters, { inputPath, ...given })).toEqual(Object.keys(given));
  });

  it('knows every preset', () => {
    for (const preset of ENCODER_SPEEDS) expect(faultsOf(parameters, { inputPath, preset })).toEqual([]);
  });
});

describe('thumbnail_generate', () => {
  const { parameters } = thumbnailGenerate;

  it('takes a single picture, unless told otherwise', () => {
    expect(parameters.parse({ inputPath })).toEqual({ inputPath, kind: 'single' });
  });

  it.each([
    ['sprite', { count: 50, columns: 5, width: 640 }],
    ['sprite', { intervalSeconds: 0.5 }],
    ['preview', { segments: 3, segmentSeconds: 0.5, format: 'webp', width: 1280 }],
  ])('takes a %s of %j', (kind, given) => {
    expect(faultsOf(parameters, { inputPath, kind, ...given })).toEqual([]);
  });

  it.each([
    ['sprite', { timestamp: 1 }],
    ['sprite', { segments: 1 }],
    ['sprite', { width: 641 }],
    ['sprite', { count: 1001 }],
    ['preview', { count: 5 }],
    ['preview', { width: 1281 }],
    ['preview', { format: 'gif' }],
    ['single', { columns: 2 }],
  ])('refuses a %s of %j', (kind, given) => {
    expect(faultsOf(parameters, { inputPath, kind, ...given })).toEqual(Object.keys(given));
  });

  it('refuses a count of pictures beside their distance', () => {
    expect(faultsOf(parameters, { inputPath, kind: 'sprite', count: 5, intervalSeconds: 1 })).toEqual(['count']);
  });

  it.each([{ timestamp: 0 }, { timestamp: 12.5 }, { width: 16 }, { width: 7680 }])('takes %j', (given) => {
    expect(faultsOf(parameters, { inputPath, ...given })).toEqual([]);
  });

  it.each([{ timestamp: -1 }, { timestamp: 1_000_001 }, { timestamp: Number.NaN }, { width: 15 }, { width: 7681 }])(
    'refuses %j',
    (given) => {
      expect(faultsOf(parameters, { inputPath, ...given })).toEqual(Object.keys(given));
    },
  );
});

describe('tag_generation', () => {
  const { parameters } = tagGeneration;

  it('looks every two seconds, at 60 pictures at most', () => {
    expect(parameters.parse({ inputPath })).toEqual({
      inputPath,
      everySeconds: 2,
      maxFrames: 60,
      minConfidence: 0.4,
      maxTags: 20,
    });
  });

  it.each([
    { everySeconds: 0 },
    { everySeconds: Number.NaN },
    { maxFrames: 0 },
    { maxFrames: 1001 },
    { minConfidence: 0 },
    { minConfidence: 1.1 },
    { maxTags: 0 },
    { labels: [] },
    { labels: 'person' },
  ])('refuses %j', (given) => {
    expect(faultsOf(parameters, { inputPath, ...given })).toEqual(Object.keys(given));
  });
});

describe('validate', () => {
  it('reads headers only, unless it is told to decode', () => {
    expect(validate.parameters.parse({ inputPath })).toEqual({ inputPath, decode: false });
  });
});

describe('download', () => {
  const { parameters } = download;
  const url = 'https://example.org/a.mp4';
  const sha1 = (value: string) => ({ checksum: { algorithm: 'sha1', value } });

  it.each([
    { url: 'http://127.0.0.1:8080/x?y=z' },
    sha1('a'.repeat(40)),
    { headers: { Authorization: 'Bearer x', 'X-Key': '' } },
    { maxBytes: 1 },
    { outputPath: 'videos/a.mp4' },
  ])('takes %j', (given) => {
    expect(faultsOf(parameters, { url, ...given })).toEqual([]);
  });

  it.each([
    ['url', { url: 'ftp://example.org/a' }],
    ['url', { url: 'file:///etc/passwd' }],
    ['url', { url: 'data:video/mp4;base64,AAAA' }],
    ['url', { url: 'inbox/a.mp4' }],
    ['url', { url: `https://example.org/${'x'.repeat(5_000)}` }],
    ['checksum.value', sha1('a'.repeat(64))],
    ['checksum.value', sha1('z'.repeat(40))],
    ['checksum.algorithm', { checksum: { algorithm: 'crc32', value: 'aaaaaaaa' } }],
    ['headers.Host', { headers: { Host: 'other' } }],
    ['headers.Range', { headers: { Range: 'bytes=1-' } }],
    ['headers.a b', { headers: { 'a b': 'c' } }],
    ['headers.X', { headers: { X: 'a\r\nHost: b' } }],
    ['maxBytes', { maxBytes: 0 }],
    ['outputPath', { outputPath: '../a' }],
  ])('finds fault with %s in %j', (path, given) => {
    expect(faultsOf(parameters, { url, ...given })).toEqual([path]);
  });
});

describe('move_to_library', () => {
  const faults = (given: Record<string, unknown>) =>
    faultsOf(moveToLibrary.parameters, { inputPath, directoryType: 'videos', ...given });

  it.each([{ name: 'a film.mp4' }, { name: '映画.mkv' }, { directoryType: 'public' }, { directoryType: 'raw_4k-2' }])(
    'takes %j',
    (given) => {
      expect(faults(given)).toEqual([]);
    },
  );

  it.each([
    { name: '../a.mp4' },
    { name: 'a/b.mp4' },
    { name: 'a\\b.mp4' },
    { name: '..' },
    { name: '.hidden' },
    { name: '' },
    { name: 'file:a' },
    { name: 'a\n.mp4' },
    { name: 'é'.repeat(128) },
    { directoryType: '../videos' },
    { directoryType: 'videos/2024' },
    { directoryType: '.hidden' },
    { directoryType: 'Archive' },
    { directoryType: '' },
  ])('refuses %j', (given) => {
    expect([...new Set(faults(given))]).toEqual(Object.keys(given));
  });
});

describe('probe', () => {
  it('reads headers only, unless it is told to count frames', () => {
    expect(probe.parameters.parse({ inputPath })).toEqual({ inputPath, countFrames: false });
  });
});

describe('what looks into videos', () => {
  it('has defaults', () => {
    expect(sceneExtract.parameters.parse({ inputPath })).toEqual({
      ...{ inputPath, threshold: 10, minSceneSeconds: 1, maxScenes: 200, imageWidth: 640 },
      ...{ clips: false, accurate: false },
    });
    expect(digestGenerate.parameters.parse({ inputPath })).toEqual({
      ...{ inputPath, threshold: 10, targetLength: 60, includeHighlights: true, segmentSeconds: 4 },
    });
    expect(highlightGenerate.parameters.parse({ inputPath })).toEqual({
      ...{ inputPath, targetLength: 30, clipSeconds: 3, crossfadeSeconds: 0.5 },
    });
  });

  it('takes positions of clips as text, and refuses a clip that ends before it starts', () => {
    const ranges = [{ start: '0:05', end: 7.5 }];
    expect(clipGenerate.parameters.parse({ inputPath, ranges })).toMatchObject({ ranges: [{ start: 5, end: 7.5 }] });
    expect(faultsOf(clipGenerate.parameters, { inputPath, ranges: [{ start: 3, end: 2 }] })).toEqual(['ranges.0.end']);
    expect(faultsOf(clipGenerate.parameters, { inputPath, ranges: [] })).toEqual(['ranges']);
  });

  it('refuses crossfades that meet within a moment', () => {
    const given = { inputPath, clipSeconds: 2, crossfadeSeconds: 1.1 };
    expect(faultsOf(highlightGenerate.parameters, given)).toEqual(['crossfadeSeconds']);
  });
});

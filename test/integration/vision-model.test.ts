import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEnv } from '@reelay/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { env } from '../../apps/worker-analyze/dist/config.js';
import { repoRoot } from '../../tools/lib/paths.mjs';

const models = join(
  dirname(createRequire(join(repoRoot, 'apps/worker-analyze/package.json')).resolve('@vladmandic/human')),
  '../models',
);
const whole = {
  name: 'mine',
  model: 'centernet.json',
  labels: ['person', 'bicycle'],
  input: { width: 512, height: 512 },
  output: { format: 'boxes', tensor: 'tower_0/detections' },
};
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-model-'));
  await copyFile(join(models, 'centernet.json'), join(folder, 'centernet.json'));
  await writeFile(join(folder, 'centernet.bin'), '');
  await copyFile(join(models, 'antispoof.json'), join(folder, 'without-weights.json'));
  await writeFile(join(folder, 'empty.txt'), '\n');
  await writeFile(join(folder, 'labels.txt'), 'person\r\nbicycle\r\n\r\n');
});
afterAll(() => rm(folder, { recursive: true }));

/** What the worker's settings say of the model when it starts with this description. */
async function start(description: unknown, named = folder) {
  const text = typeof description === 'string' ? description : JSON.stringify(description);
  await writeFile(join(folder, 'vision-model.json'), text);
  return parseEnv(env, { MEDIA_ROOT: folder, VISION_MODEL: named }).VISION_MODEL;
}

it('a worker starts with a model that is described in a folder or a file', async () => {
  const expected = { ...whole, input: { ...whole.input, scale: 1, offset: 0 }, output: { unit: 'pixel' } };
  const { model: _, ...rest } = expected;
  expect(await start(whole)).toMatchObject({ ...rest, modelPath: join(folder, 'centernet.json') });
  expect(await start(whole, join(folder, 'vision-model.json'))).toMatchObject({ name: 'mine' });
  expect(await start({ ...whole, labels: 'labels.txt' })).toMatchObject({ labels: ['person', 'bicycle'] });
});

it('a worker starts with the model of its package when none is named', () => {
  const { VISION_MODEL: model } = parseEnv(env, { MEDIA_ROOT: folder });
  expect(model.name).toBe('centernet-coco');
  expect(model.labels).toHaveLength(80);
  expect(new Set(model.labels).size).toBe(80);
});

it.each([
  ['is not JSON', '{', 'VISION_MODEL: the description is not JSON'],
  ['says too little', { name: 'mine' }, 'output: '],
  ['says what is not known', { ...whole, labelz: [] }, 'labelz'],
  ['has no labels', { ...whole, labels: [] }, 'labels: '],
  ['names a file without labels', { ...whole, labels: 'empty.txt' }, 'the file with the labels'],
  ['names labels that are not there', { ...whole, labels: 'no.txt' }, 'the file with the labels cannot be read'],
  ['names a model that is not there', { ...whole, model: 'no.json' }, 'the model cannot be read'],
  ['names a model that is none', { ...whole, model: 'vision-model.json' }, 'no TensorFlow.js graph model'],
  ['names a model without its weights', { ...whole, model: 'without-weights.json' }, 'weights that the model names'],
  [
    'names an output that the model does not have',
    { ...whole, output: { ...whole.output, tensor: 'boxes' } },
    'output.tensor: the model has no output of this name',
  ],
  ['asks for an odd format', { ...whole, output: { format: 'masks', tensor: 'x' } }, 'output.format'],
])('a worker does not start with a description that %s, and says so', async (_, description, message) => {
  await expect(start(description)).rejects.toThrow(message);
});

it('a worker does not start with a model whose path leads nowhere, and does not print it', async () => {
  const failure = await start(whole, join(folder, 'secret-place')).catch((error: unknown) => error);
  expect((failure as Error).message).toContain('VISION_MODEL: the description cannot be read');
  expect((failure as Error).message).not.toContain('secret-place');
});

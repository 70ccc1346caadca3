import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { COCO_LABELS } from './coco-labels.js';
import { DESCRIPTION_FILE, graphModel, modelDescription, type ModelFiles } from './model-description.js';

/** Thrown at start when a model cannot be used; its message says what of it is missing or unfit. */
export class ModelUnfitError extends Error {
  readonly code = 'MODEL_UNFIT';
  constructor(message: string) {
    super(message);
    this.name = 'ModelUnfitError';
  }
}

/**
 * The model that is used when none was named: CenterNet on MobileNetV2, trained on COCO. It comes with
 * the package `@vladmandic/human`, of which nothing else is used.
 * @throws {ModelUnfitError} when the package is not there, or not whole
 */
export function defaultModel(): ModelFiles {
  return checked({
    name: 'centernet-coco',
    labels: COCO_LABELS,
    modelPath: join(dirname(packageMain()), '../models/centernet.json'),
    input: { width: 512, height: 512, scale: 1, offset: 0 },
    output: { format: 'boxes', tensor: 'tower_0/detections', unit: 'pixel' },
  });
}

/**
 * Reads the description of a model: a JSON file, or a folder with one named `vision-model.json`.
 * @throws {ModelUnfitError}
 */
export function readModel(path: string): ModelFiles {
  const absolute = resolve(path);
  const file = statSync(absolute, { throwIfNoEntry: false })?.isDirectory()
    ? join(absolute, DESCRIPTION_FILE)
    : absolute;
  const described = modelDescription.safeParse(readJson(file, 'the description'));
  if (!described.success) throw new ModelUnfitError(`the description: ${faultsOf(described.error)}`);
  const { model, labels, ...rest } = described.data;
  const folder = dirname(file);
  return checked({
    ...rest,
    modelPath: resolve(folder, model),
    labels: typeof labels === 'string' ? readLabels(resolve(folder, labels)) : labels,
  });
}

function packageMain(): string {
  try {
    return createRequire(import.meta.url).resolve('@vladmandic/human');
  } catch {
    throw new ModelUnfitError('the package @vladmandic/human, which holds the default model, is not installed');
  }
}

/** The model and its weights are read when the first job needs them; what can be told before is told at start. */
function checked(files: ModelFiles): ModelFiles {
  const graph = graphModel.safeParse(readJson(files.modelPath, 'the model'));
  if (!graph.success) throw new ModelUnfitError(`the model is no TensorFlow.js graph model: ${faultsOf(graph.error)}`);
  const missing = graph.data.weightsManifest
    .flatMap(({ paths }) => paths)
    .find((name) => !existsSync(join(dirname(files.modelPath), name)));
  if (missing !== undefined) throw new ModelUnfitError('a file with weights that the model names is missing');
  const { tensor } = files.output;
  if (!graph.data.modelTopology.node.some(({ name }) => name === tensor.replace(/:\d+$/, ''))) {
    throw new ModelUnfitError('output.tensor: the model has no output of this name');
  }
  return files;
}

function readLabels(file: string): string[] {
  const labels = readText(file, 'the file with the labels')
    .split('\n')
    .map((line) => line.trim());
  while (labels.at(-1) === '') labels.pop();
  const parsed = modelDescription.shape.labels.safeParse(labels);
  if (!parsed.success) throw new ModelUnfitError(`the file with the labels: ${faultsOf(parsed.error)}`);
  return labels;
}

function readJson(file: string, what: string): unknown {
  const text = readText(file, what);
  try {
    return JSON.parse(text);
  } catch {
    throw new ModelUnfitError(`${what} is not JSON`);
  }
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ModelUnfitError(`${what} cannot be read`);
  }
}

const faultsOf = (error: { issues: readonly { path: PropertyKey[]; message: string }[] }): string =>
  error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'it'}: ${message}`).join('; ');

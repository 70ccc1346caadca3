import { z } from 'zod';

/** Largest side of a model's input, in pixels; one of that size takes 50 MB as numbers. */
const LARGEST_SIDE = 2048;

/** The name of a tag; the library's records hold no longer one. */
const label = z.string().trim().min(1).max(100);

/**
 * Describes a vision model, in a file of its own beside the model. The model is a TensorFlow.js graph
 * model: a JSON file, and the files with its weights beside it.
 */
export const modelDescription = z.strictObject({
  name: label.describe('Stands beside the tags that it made'),
  model: z.string().min(1).describe("The model's JSON file, relative to the description"),
  labels: z
    .union([z.array(label).min(1).max(100_000), z.string().min(1)])
    .describe('What it can name, in the order of its numbers: a list, or a file with a name on each line'),
  input: z.strictObject({
    width: z.int().min(16).max(LARGEST_SIDE),
    height: z.int().min(16).max(LARGEST_SIDE),
    scale: z.number().positive().default(1).describe('Each colour, 0 to 255, is multiplied by this'),
    offset: z.number().default(0).describe('Then this is added to it'),
  }),
  output: z.discriminatedUnion('format', [
    z.strictObject({
      format: z.literal('boxes').describe('A row for each thing: left, top, right, bottom, confidence, number'),
      tensor: z.string().min(1).describe("The output's name"),
      unit: z.enum(['pixel', 'share']).default('pixel').describe('Of the edges: pixels of the input, or 0 to 1'),
    }),
    z.strictObject({
      format: z.literal('scores').describe('The confidence of each label, for the whole picture'),
      tensor: z.string().min(1).describe("The output's name"),
    }),
  ]),
});
type ModelDescription = z.output<typeof modelDescription>;

/** A model whose files are known to be there. */
export interface ModelFiles extends Pick<ModelDescription, 'name' | 'input' | 'output'> {
  readonly labels: readonly string[];
  /** Absolute path. */
  readonly modelPath: string;
}

/** The file with the description, where a folder is named for a model. */
export const DESCRIPTION_FILE = 'vision-model.json';

/** What Reelay reads of a graph model's JSON file. */
export const graphModel = z.object({
  modelTopology: z.object({ node: z.array(z.looseObject({ name: z.string() })) }).loose(),
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(z.string().min(1)).min(1),
        weights: z.array(z.looseObject({ name: z.string(), shape: z.array(z.int()), dtype: z.string() })),
      }),
    )
    .min(1),
  signature: z.record(z.string(), z.unknown()).optional(),
});

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModelSync } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { decodeOutput } from './decode-output.js';
import { graphModel, type ModelFiles } from './model-description.js';
import type { Detection } from './vision-model.js';

/**
 * Loads a model; what it gives looks at one picture, and holds up its thread while it does.
 * It runs on WebAssembly with SIMD where the processor has it, which is more than twice as quick. More
 * threads are of no use: TensorFlow.js does not run any in Node.js.
 */
export async function loadModel(files: ModelFiles): Promise<(rgb: Uint8Array) => Detection[]> {
  const programs = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  // From the package: else it would be fetched.
  setWasmPaths(join(programs, 'dist/'));
  if (!(await tf.setBackend('wasm'))) throw new Error('WebAssembly is not there');
  const model = loadGraphModelSync(await readGraph(files.modelPath));
  const { input, output } = files;
  const shape: [number, number, number, number] = [1, input.height, input.width, 3];
  return (rgb) => {
    const colours = toNumbers(rgb, input);
    const values = tf.tidy(() => {
      const result = model.execute(tf.tensor4d(colours, shape), output.tensor) as tf.Tensor;
      return [...result.dataSync()];
    });
    return decodeOutput(values, files);
  };
}

/** A loop: `Float32Array.from` takes half as long as the model itself. */
function toNumbers(rgb: Uint8Array, { scale, offset }: ModelFiles['input']): Float32Array {
  const numbers = new Float32Array(rgb.length);
  for (let i = 0; i < rgb.length; i++) numbers[i] = (rgb[i] ?? 0) * scale + offset;
  return numbers;
}

/** The model's files as one, in the form in which the library takes it without fetching anything. */
async function readGraph(path: string): Promise<tf.io.IOHandlerSync> {
  const { modelTopology, weightsManifest, signature } = graphModel.parse(JSON.parse(await readFile(path, 'utf8')));
  const names = weightsManifest.flatMap(({ paths }) => paths);
  const weights = await Promise.all(names.map((name) => readFile(join(dirname(path), name))));
  return tf.io.fromMemorySync({
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights) as tf.io.WeightsManifestEntry[],
    weightData: new Uint8Array(Buffer.concat(weights)).buffer,
    ...(signature === undefined ? {} : { signature }),
  });
}

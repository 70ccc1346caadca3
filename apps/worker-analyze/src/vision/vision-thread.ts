import { parentPort, workerData } from 'node:worker_threads';
import type { ModelFiles } from './model-description.js';
import { loadModel } from './load-model.js';
import type { LookAnswer, LookRequest } from './thread-protocol.js';

// The entry of the thread in which a model looks at pictures; `ThreadedVisionModel` starts it.
const model = loadModel(workerData as ModelFiles);

parentPort?.on('message', ({ id, rgb }: LookRequest) => {
  void model
    .then((look): LookAnswer => ({ id, detections: look(rgb) }))
    .catch((error: unknown): LookAnswer => ({ id, fault: error instanceof Error ? error.message : String(error) }))
    .then((answer) => parentPort?.postMessage(answer));
});

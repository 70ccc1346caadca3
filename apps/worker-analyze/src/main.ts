import { runWorker } from '@reelay/worker-sdk';
import worker from './worker.js';

await runWorker(worker);

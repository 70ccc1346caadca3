export * from './answers.js';
export * from './announcement.js';
export * from './errors.js';
export * from './outcome.js';
export * from './processor.js';
export * from './run-worker.js';

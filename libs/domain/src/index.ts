export * from './attempt.js';
export * from './plan-dispatch.js';
export * from './retry.js';
export * from './transitions.js';

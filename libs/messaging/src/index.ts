export * from './batch.js';
export * from './browse.js';
export * from './connection.js';
export * from './consumer.js';
export * from './decode.js';
export * from './errors.js';
export * from './publisher.js';
export * from './topology.js';

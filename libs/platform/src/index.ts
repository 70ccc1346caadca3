export * from './address-guard.js';
export * from './env.js';
export * from './guarded-agents.js';
export * from './logger.js';
export * from './shutdown.js';

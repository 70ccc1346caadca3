import { defineConfig } from 'vitest/config';
import { ablated } from './test/support/ablations.mjs';

/** Real processes are started and killed in these: a slow machine may take its time. */
const SLOW_MS = 120_000;

/** Set by the tests of the tests: code of the product is changed as it is loaded. */
const ablation = process.env.REELAY_ABLATION;
const plugins = ablation
  ? [{ name: 'ablation', transform: (code: string, id: string) => ablated(ablation, id, code) }]
  : [];

/** Tests of real processes, on a broker and a database that they share. */
const real = { globalSetup: ['test/support/global-setup.ts'], testTimeout: SLOW_MS, hookTimeout: SLOW_MS };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts', 'test/contract/**/*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        plugins,
        test: {
          ...real,
          name: 'system',
          include: ['test/{integration,e2e}/**/*.test.ts'],
          // They wait for each other's processor now and then, and mostly for brokers and clocks.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins,
        test: {
          ...real,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          // What is killed and frozen here must not be slowed down by others as well.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

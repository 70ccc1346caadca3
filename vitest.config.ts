import { defineConfig } from 'vitest/config';
import { ablated } from './test/support/ablations.mjs';

/** Real processes are started and killed in these: a slow machine may take its time. */
const SLOW_MS = 120_000;

/** Set by the tests of the tests: code of the product is changed as it is loaded. */
const ablation = process.env.REELAY_ABLATION;
const plugins = ablation
  ? [{ name: 'ablation', transform: (code: string, id: string) => ablated(ablation, id, code) }]
  : [];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts', 'test/contract/**/*.test.ts'],
        },
      },
      {
        plugins,
        test: {
          name: 'system',
          include: ['test/{integration,faults,e2e}/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: SLOW_MS,
          hookTimeout: SLOW_MS,
          fileParallelism: false,
        },
      },
    ],
  },
});

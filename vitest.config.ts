import { defineConfig } from 'vitest/config';

/** Real processes are started and killed in these: a slow machine may take its time. */
const SLOW_MS = 120_000;

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

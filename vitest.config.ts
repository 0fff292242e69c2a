/**
 * How the suite runs: files in their own processes, two at a time, because tests start real HAProxy, PostgreSQL and Chromium.
 *
 * The timeouts are deadlines for a slow, shared machine, not expectations; a test that waits polls for its condition.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{bench,captcha,cli,contract,control,core,edge,kit,store,tests,tools,web}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 20_000,
    globalSetup: ['tests/harness/whole-run.ts'],
  },
});

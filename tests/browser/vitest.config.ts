import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['*.spec.ts'],
    // A file has a hub, a database and a browser of its own.
    maxWorkers: Number(process.env['BROWSER_TESTS_AT_ONCE'] ?? 2),
    testTimeout: 90_000,
    hookTimeout: 180_000,
    reporters: ['verbose'],
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { environment: 'node', include: ['screenshots.ts'], testTimeout: 600_000, hookTimeout: 180_000 },
});

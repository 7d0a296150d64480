import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Below whatever prefix the hub is told: addresses are relative to the `<base>` that it writes.
  base: './',
  plugins: [react()],
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': process.env['CLUSTERMASTER_URL'] ?? 'http://127.0.0.1:8080' } },
  test: {
    environment: 'jsdom',
    environmentOptions: { jsdom: { url: 'http://localhost/' } },
    setupFiles: ['test/setup.ts'],
    include: ['src/**/tests.{ts,tsx}', 'src/**/*.test.{ts,tsx}'],
    css: false,
    pool: 'threads',
    server: { deps: { inline: [/@patternfly/] } },
  },
});

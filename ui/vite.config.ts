import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const isTest = process.env['VITEST'] !== undefined;

export default defineConfig({
  plugins: [
    svelte(),
    // Its watcher would keep vitest from ending; `npm test` words the messages beforehand.
    isTest
      ? []
      : paraglideVitePlugin({
          project: './project.inlang',
          outdir: './src/paraglide',
          // The language is a setting of the page (src/state/settings.svelte.ts), nothing else decides.
          strategy: ['globalVariable', 'baseLocale'],
        }),
  ],
  clearScreen: false,
  server: { port: 1420, strictPort: true, host: '127.0.0.1' },
  build: { target: 'safari16', sourcemap: false, modulePreload: false },
  // Under vitest the browser's half of Svelte is wanted, not the server's.
  resolve: isTest ? { conditions: ['browser'] } : {},
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    testTimeout: 30_000,
    setupFiles: ['src/test/setup.ts'],
  },
});
